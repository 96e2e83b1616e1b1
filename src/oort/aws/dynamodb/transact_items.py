"""Entries of TransactWriteItems: an entry for each write, and for the inbox mark."""

from dataclasses import dataclass
from datetime import datetime

from oort.aws.dynamodb import outbox, updates
from oort.aws.dynamodb.updates import ItemState
from oort.aws.sqs import sending
from oort.model import limits
from oort.model.errors import Source
from oort.model.operations import (
    CheckItem,
    DeleteItem,
    Mark,
    PublishEvent,
    PutItem,
    SendMessage,
    UpdateItem,
    Write,
)
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel
from oort.rules.cloud.cloud_names import OUTBOX, Location, mark_row
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from oort.rules.messaging import messages
from oort.rules.tables import attributes, expressions, keys
from oort.rules.tables import items as rules
from oort.rules.tables.attributes import Attributes
from oort.rules.tables.expressions import Expression
from oort.rules.tables.items import Address

_NOWHERE = Source(__file__, 1)


@dataclass(frozen=True, slots=True)
class Action:
    """A valid write, with its table, its address and the lower bound of its size in bytes."""

    write: Write
    model: TableModel
    at: Address
    size: int
    row: Attributes | None = None

    @property
    def table(self) -> str:
        """The name of the table."""
        return self.model.name


class TransactItems:
    """Builder for the entries of a service's transactions."""

    def __init__(self, platform: PlatformModel, location: Location, service: str) -> None:
        self._tables = {table.name: table for table in platform.tables}
        self._queues = {queue.name for queue in platform.queues}
        self._location = location
        self._outbox = TableModel(
            f"{service}.{OUTBOX}", service, *OutboxTable.KEY, None, (), _NOWHERE
        )
        self._inbox = location.inbox(service)

    def action(self, write: Write, *, now: datetime) -> Action:
        """Return the action of a write.

        Raises every error that can be found without DynamoDB.
        """
        if isinstance(write, SendMessage | PublishEvent):
            return self._message(write, now)
        table = self._tables[write.table]
        if isinstance(write, PutItem):
            judged = rules.judged(table, write.item)
            return Action(write, table, judged.at, judged.size)
        if isinstance(write, UpdateItem):
            updates.check(table, write)
        return Action(write, table, rules.located(table, write.key), 0)

    def item(self, action: Action, state: ItemState) -> dict[str, object]:
        """Return the entry of an action, for the state of its item as far as known."""
        write, table = action.write, action.model
        if action.row is not None:
            return {"Put": {"TableName": self._location.table(table.name), "Item": action.row}}
        if isinstance(write, PutItem):
            stored = attributes.attributes(write.item, indexed=attributes.indexed(table))
            expression = expressions.put(write.when, key=table.partition, if_absent=write.if_absent)
            return {"Put": {"Item": stored, **self._parameters(table, expression)}}
        assert isinstance(write, UpdateItem | DeleteItem | CheckItem)
        key = attributes.key(table, write.key)
        if isinstance(write, UpdateItem):
            return {
                "Update": {
                    "Key": key,
                    **self._parameters(table, updates.expression(table, write, state)),
                }
            }
        if isinstance(write, DeleteItem):
            return {
                "Delete": {
                    "Key": key,
                    **self._parameters(table, expressions.delete(write.when, key=table.partition)),
                }
            }
        return {
            "ConditionCheck": {
                "Key": key,
                **self._parameters(table, expressions.check(write.when, key=table.partition)),
            }
        }

    def mark(self, mark: Mark, *, now: datetime) -> dict[str, object]:
        """Return the entry of the inbox mark, which fails if the mark exists."""
        expires = int((now + limits.MARK_RETENTION).timestamp())
        key = mark_row(mark.function, mark.message)
        item = attributes.attributes(
            {InboxTable.ID: key, InboxTable.EXPIRES: expires}, indexed=frozenset()
        )
        expression = expressions.claim(
            key=InboxTable.ID, expires=InboxTable.EXPIRES, now=int(now.timestamp())
        )
        return {
            "Put": {
                "TableName": self._inbox,
                "Item": item,
                **expressions.parameters(expression),
            }
        }

    def _parameters(self, table: TableModel, expression: Expression) -> dict[str, object]:
        parameters = expressions.parameters(expression)
        returned = (
            {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if expression.condition else {}
        )
        return {"TableName": self._location.table(table.name), **parameters, **returned}

    def _message(self, write: SendMessage | PublishEvent, now: datetime) -> Action:
        if isinstance(write, SendMessage):
            if write.queue not in self._queues:
                raise KeyError(write.queue)
            messages.delay(write.delay)
        row = outbox.row(write, sending.sealed(write.message), now=now)
        key = keys.of(row, self._outbox)
        assert key is not None
        stored = attributes.attributes(row, indexed=frozenset())
        return Action(
            write, self._outbox, rules.located(self._outbox, key), rules.item_size(row), stored
        )
