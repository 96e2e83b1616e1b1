"""Alarms of CloudWatch on Oort's own metrics, for each service.

Alarms for each function would cost more than the functions.
"""

from collections.abc import Iterator

from oort.cloudformation.resources import Resource
from oort.cloudformation.scope import Scope
from oort.rules.cloud.deployed import Metrics


def alarms(scope: Scope) -> Iterator[Resource]:
    """Yield the alarm on newly parked messages, if the service has a consumer.

    The metric counts the first message of each event and version that a consumer cannot read.
    """
    if not any(function.queue for function in scope.service.functions):
        return
    location, service = scope.location, scope.service.name
    dimensions = Metrics.dimensions(
        platform=location.platform, stage=location.stage, service=service
    )
    yield Resource(
        "ParkedAlarm",
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": f"{location.service_stack(service)}-parked",
            "AlarmDescription": (
                "A consumer parked what it cannot read; `oort events parked` shows it."
            ),
            "Namespace": Metrics.NAMESPACE,
            "MetricName": Metrics.NEWLY_PARKED,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",  # the metric is written only for what is new
        },
    )
