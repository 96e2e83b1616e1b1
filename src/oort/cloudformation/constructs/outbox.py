"""The outbox of a service, the relay that sends its messages, and the inbox with the marks of
applied messages.
"""

from collections.abc import Iterator
from datetime import timedelta

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.functions import LambdaFunction, lambda_function
from oort.cloudformation.constructs.tables import stored
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.resources import RemovalPolicy, Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model.problems import Json
from oort.rules.cloud import cloud_names
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from oort.rules.grants import roles

_RELAY_TIME = timedelta(seconds=60)
_BATCH = 100
# A stream keeps a record for 24 hours. One hour before its end, a record that still fails goes to
# the queue of undelivered messages, and its row stays in the outbox.
# https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
_GIVE_UP = timedelta(hours=23)


def outbox(scope: Scope) -> Iterator[Resource]:
    """Yield the outbox and the relay, if a function may send or publish."""
    if not roles.outgoing(scope.service):
        return
    name = f"{scope.service.name}.{cloud_names.OUTBOX}"
    stream: dict[str, Json] = {"StreamSpecification": {"StreamViewType": OutboxTable.STREAM_VIEW}}
    # Retained like the service's tables: the outbox may hold messages that are not sent yet.
    types = dict.fromkeys(OutboxTable.KEY, "S")
    yield stored(
        "Outbox", name=name, key=OutboxTable.KEY, types=types, location=scope.location, more=stream
    )
    yield from _relay(scope)


def inbox(scope: Scope) -> Iterator[Resource]:
    """Yield the inbox, if a function consumes a queue.

    The inbox is deleted with its stack: without the queue, marks have no use.
    """
    if not any(function.queue for function in scope.service.functions):
        return
    expiry: dict[str, Json] = {
        "TimeToLiveSpecification": {"AttributeName": InboxTable.EXPIRES, "Enabled": True}
    }
    yield stored(
        "Inbox",
        name=f"{scope.service.name}.{cloud_names.INBOX}",
        key=InboxTable.KEY,
        types=dict.fromkeys(InboxTable.KEY, "S"),
        location=scope.location,
        more=expiry,
        on_delete=RemovalPolicy.DELETE,
        on_replace=RemovalPolicy.DELETE,
    )


def _relay(scope: Scope) -> Iterator[Resource]:
    name = f"{scope.service.name}.{cloud_names.RELAY}"
    allowed = roles.relaying(
        scope.service,
        location=scope.location,
        log_group=scope.location.log_group(name),
        stream="${Outbox.StreamArn}",
        key=ssm_parameters.KEY.value,
    )
    description = (
        f"Moves what {scope.service.name} sends and publishes from its outbox to queues and topics."
    )
    definition = LambdaFunction(
        name, description, _RELAY_TIME, allowed, lambda kind: f"Relay{kind}"
    )
    yield from lambda_function(definition, scope)
    yield Resource(
        "RelayMapping",
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionName": ref("RelayLive"),
            "EventSourceArn": attribute("Outbox", "StreamArn"),
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": _BATCH,
            "FilterCriteria": {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": whole_seconds(_GIVE_UP),
            "DestinationConfig": {"OnFailure": {"Destination": attribute("Undelivered", "Arn")}},
        },
    )
