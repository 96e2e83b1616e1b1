"""Log groups: they exist before what writes to them, so that they end when the stage says and go with the stack."""

from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage


def log_group(logical: str, *, name: str, stage: Stage) -> Resource:
    """A log group. CloudWatch encrypts it with keys of its own; nothing in it should be worth a dearer one."""
    return Resource(
        logical, "AWS::Logs::LogGroup", {"LogGroupName": name, "RetentionInDays": stage.log_days}
    )
