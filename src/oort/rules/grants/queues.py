"""Grants on work queues."""

from collections.abc import Iterator, Sequence

from oort.model.functions import Grant
from oort.rules.cloud.cloud_names import Location, outbox_row
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee, Statement, named

EDGE = EdgeKind.SENDS
_SEND = ("sqs:SendMessage",)


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Sending to the queue."""
    yield Statement(named(grant), _SEND, (grantee.location.queue_arn(grant.resource),))


def outbox_rows(grant: Grant) -> str:
    """The rows of the outbox that it may write."""
    return outbox_row(OutboxTable.SEND, grant.resource, "*")


def relaying(queues: Sequence[str], location: Location) -> Iterator[Statement]:
    """The relay's right to send to these queues."""
    if queues:
        yield Statement("Send", _SEND, tuple(map(location.queue_arn, queues)))
