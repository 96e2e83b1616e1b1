"""The IAM statements of a whole function, and of a relay: exact actions on exact ARNs, from grants and triggers.

Synthesis writes them into the role of the function, one role for each. An ARN may hold `${…}` for CloudFormation.
"""

from collections.abc import Iterator, Mapping

from oort.model.functions import FunctionModel, Grant
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind
from oort.rules.cloud.cloud_names import INBOX, OUTBOX, UNDELIVERED, Location, mark_row
from oort.rules.grants import events, queues, selection
from oort.rules.grants.statement import Grantee, Statement, only_rows
from oort.rules.grants.tables import PUT

# The actions that may stand with the resource `*`, and why.
_NO_XRAY = (
    "X-Ray has no resources that a policy could name; "
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
)
UNSCOPED: Mapping[str, str] = {
    "xray:PutTraceSegments": _NO_XRAY,
    "xray:PutTelemetryRecords": _NO_XRAY,
}
_CONSUME = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
)


def granted(
    function: FunctionModel, *, platform: PlatformModel, location: Location, key: str
) -> tuple[Statement, ...]:
    """Everything that a function may do. `key` is the ARN of the platform's KMS key.

    InvalidProgram if it calls what nobody on the platform answers.
    """
    grantee = Grantee(function, platform, location)
    statements = list(_running(location.log_group(function.name), location))
    for grant in function.grants:
        statements += selection.statements(grant, grantee)
    statements += events.encrypting(
        [grant.resource for grant in function.grants if grant.kind is Kind.EVENT], key
    )
    if rows := [row for grant in function.grants if (row := selection.outbox_rows(grant))]:
        statements.append(
            only_rows("Outbox", PUT, location.table_arn(f"{function.service}.{OUTBOX}"), rows)
        )
    return (*statements, *_consuming(function, location))


def relaying(
    service: ServiceModel, *, location: Location, log_group: str, stream: str, key: str
) -> tuple[Statement, ...]:
    """Everything that the relay of a service may do: read the outbox's stream, and send what its functions may send."""
    grants = sorted({(grant.kind, grant.resource) for grant in outgoing(service)})
    outbox = f"{service.name}.{OUTBOX}"
    undelivered = location.queue_arn(f"{service.name}.{UNDELIVERED}")
    return (
        *_running(log_group, location),
        Statement(
            "Read",
            ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
            (stream,),
        ),
        # Lambda asks for it when it makes the mapping; a table's streams are listed, so no single one can be named.
        Statement("ListStreams", ("dynamodb:ListStreams",), (location.stream_arns(outbox),)),
        Statement("Forget", ("dynamodb:DeleteItem",), (location.table_arn(outbox),)),
        Statement("Undelivered", ("sqs:SendMessage",), (undelivered,)),
        *queues.relaying([name for kind, name in grants if kind is Kind.QUEUE], location),
        *events.relaying([name for kind, name in grants if kind is Kind.EVENT], location, key=key),
    )


def outgoing(service: ServiceModel) -> tuple[Grant, ...]:
    """What the functions of a service may send and publish: with any of it the service has an outbox and a relay."""
    return tuple(
        grant
        for function in service.functions
        for grant in function.grants
        if selection.outbox_rows(grant)
    )


def _consuming(function: FunctionModel, location: Location) -> Iterator[Statement]:
    if function.queue is not None:
        yield Statement("Consume", _CONSUME, (location.queue_arn(function.queue),))
        yield Statement("Park", ("sqs:SendMessage",), (location.parked_arn(function.queue),))
        yield only_rows(
            "Inbox",
            PUT,
            location.table_arn(f"{function.service}.{INBOX}"),
            [mark_row(function.name, "*")],
        )


def _running(log_group: str, location: Location) -> Iterator[Statement]:
    """What every function needs to run at all: its own log, and traces."""
    logs = f"{location.log_group_arn(log_group)}:*"  # the streams of the group
    yield Statement("Log", ("logs:CreateLogStream", "logs:PutLogEvents"), (logs,))
    yield Statement("Trace", tuple(UNSCOPED), ("*",))
