"""The Effects port on the inbox of a service: an item for each effect, changed only by
conditional updates.

So the role of a function needs one action, on the items whose keys begin with the function's name.
"""

from datetime import timedelta

from oort.aws.clients import Clients
from oort.aws.dynamodb import condition_failures
from oort.aws.dynamodb.condition_failures import FAILED
from oort.aws.failures import Rejected, ask
from oort.model import limits
from oort.model.items import All, Condition, Equals, Item, SetTo
from oort.model.operations import Lease
from oort.ports.clock import Clock
from oort.rules.cloud import cloud_names
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import InboxTable
from oort.rules.messaging import effects as rules
from oort.rules.tables import attributes, expressions
from oort.rules.tables.expressions import Expression


class Effects:
    """Effects of a service."""

    def __init__(self, clients: Clients, *, location: Location, service: str, clock: Clock) -> None:
        self._clients = clients
        self._table = location.inbox(service)
        self._clock = clock

    def claim(self, lease: Lease, *, length: timedelta) -> bytes | None:
        """See `ports.effects`."""
        rules.check(lease)
        now = self._clock.now()
        expression = expressions.lease(
            key=InboxTable.ID,
            holder=lease.holder,
            until=(now + length).timestamp(),
            expires=self._expiry(),
            now=now.timestamp(),
        )
        current = self._changed(lease, expression)
        if current is None:
            return None
        result, ends = current.get(InboxTable.RESULT), current.get(InboxTable.UNTIL, 0)
        if isinstance(result, str):
            return result.encode()
        assert isinstance(ends, int | float)  # only we write there
        raise rules.in_progress(lease, after=timedelta(seconds=max(0.0, ends - now.timestamp())))

    def finish(self, lease: Lease, result: bytes) -> bool:
        """See `ports.effects`."""
        rules.check_result(result)
        changes = (
            SetTo((InboxTable.RESULT,), result.decode()),
            SetTo((InboxTable.EXPIRES,), self._expiry()),
        )
        expression = expressions.update(changes, _is_holder(lease), key=InboxTable.ID)
        return self._changed(lease, expression) is None

    def release(self, lease: Lease) -> None:
        """See `ports.effects`."""
        pending = All((_is_holder(lease), Equals((InboxTable.RESULT,), None)))
        self._changed(
            lease, expressions.update((SetTo((InboxTable.UNTIL,), 0),), pending, key=InboxTable.ID)
        )

    def _expiry(self) -> int:
        """Expiry time for DynamoDB's TTL, in whole seconds."""
        return int((self._clock.now() + limits.MARK_RETENTION).timestamp())

    def _changed(self, lease: Lease, expression: Expression) -> Item | None:
        """Update the item. None if the condition holds, otherwise the current item."""
        key = cloud_names.effect_row(lease.function, lease.message, lease.name)
        request: dict[str, object] = {
            "TableName": self._table,
            "Key": {InboxTable.ID: attributes.attribute(key)},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **expressions.parameters(expression),
        }
        doing = f"noting the effect {lease.name} of {lease.function}"
        try:
            ask(
                self._clients.dynamodb.update_item, request, doing=doing, expect=frozenset({FAILED})
            )
        except Rejected as error:
            return attributes.item(condition_failures.item(error) or {})
        return None


def _is_holder(lease: Lease) -> Condition:
    return Equals((InboxTable.HOLDER,), lease.holder)
