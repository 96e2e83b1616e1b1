"""Grants on events."""

from collections.abc import Iterator, Sequence

from oort.model.functions import Grant
from oort.rules.cloud.cloud_names import Location, outbox_row
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Condition, Grantee, Statement, named

EDGE = EdgeKind.PUBLISHES
_PUBLISH = ("sns:Publish",)


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Publishing to the topic."""
    yield Statement(named(grant), _PUBLISH, (grantee.location.topic_arn(grant.resource),))


def encrypting(events: Sequence[str], key: str) -> Iterator[Statement]:
    """A publisher encrypts for the topic, and through SNS only.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if events:
        through = Condition("StringEquals", "kms:ViaService", ("sns.${AWS::Region}.amazonaws.com",))
        yield Statement("Encrypt", ("kms:Decrypt", "kms:GenerateDataKey"), (key,), (through,))


def outbox_rows(grant: Grant) -> str:
    """The rows of the outbox that it may write."""
    return outbox_row(OutboxTable.PUBLISH, grant.resource, "*")


def relaying(events: Sequence[str], location: Location, *, key: str) -> Iterator[Statement]:
    """The relay's right to publish these events."""
    if events:
        yield Statement("Publish", _PUBLISH, tuple(map(location.topic_arn, events)))
    yield from encrypting(events, key)
