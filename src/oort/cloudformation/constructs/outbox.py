"""What makes a transaction and its messages one: the outbox, the relay that empties it, and the inbox of what was applied."""

from collections.abc import Iterator
from datetime import timedelta

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.functions import Runnable, runnable
from oort.cloudformation.constructs.tables import stored
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.resources import Fate, Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model.problems import Json
from oort.rules.cloud import cloud_names
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from oort.rules.grants import roles

_RELAY_TIME = timedelta(seconds=60)
_BATCH = 100
# A stream keeps a record 24 hours. One hour before, what still fails is handed to the undelivered, and the row stays in the
# outbox. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
_GIVE_UP = timedelta(hours=23)


def outbox(scope: Scope) -> Iterator[Resource]:
    """The outbox and the relay, if a function may send or publish."""
    if not roles.outgoing(scope.service):
        return
    name = f"{scope.service.name}.{cloud_names.OUTBOX}"
    stream: dict[str, Json] = {"StreamSpecification": {"StreamViewType": OutboxTable.STREAM_VIEW}}
    # Kept as the service's own tables are: it may hold what has not been sent.
    types = dict.fromkeys(OutboxTable.KEY, "S")
    yield stored(
        "Outbox", name=name, key=OutboxTable.KEY, types=types, location=scope.location, more=stream
    )
    yield from _relay(scope)


def inbox(scope: Scope) -> Iterator[Resource]:
    """The inbox, if a function consumes. It may go with its stack: a mark means nothing without the queue."""
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
        on_delete=Fate.DELETE,
        on_replace=Fate.DELETE,
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
    yield from runnable(
        Runnable(name, description, _RELAY_TIME, allowed, lambda kind: f"Relay{kind}"), scope
    )
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
