"""The actions of a transaction on DynamoDB: one for each write, and one for the inbox mark."""

from dataclasses import dataclass
from datetime import datetime

from oort.aws.dynamodb import outbox, updates
from oort.aws.dynamodb.updates import Known
from oort.aws.sqs import message_text
from oort.model import limits
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
from oort.model.sources import Source
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
    """One write that may be made: of which table and item, and how many bytes it counts at least."""

    write: Write
    model: TableModel
    at: Address
    size: int
    row: Attributes | None = None

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.model.name


class Places:
    """Where the actions of one service's transactions go."""

    def __init__(self, platform: PlatformModel, location: Location, service: str) -> None:
        self._tables = {table.name: table for table in platform.tables}
        self._queues = {queue.name for queue in platform.queues}
        self._location = location
        self._outbox = TableModel(
            f"{service}.{OUTBOX}", service, *OutboxTable.KEY, None, (), _NOWHERE
        )
        self._inbox = location.inbox(service)

    def action(self, write: Write, *, now: datetime) -> Action:
        """The action of a write. Raises what can be refused without asking DynamoDB."""
        if isinstance(write, SendMessage | PublishEvent):
            return self._message(write, now)
        table = self._tables[write.table]
        if isinstance(write, PutItem):
            found = rules.judged(table, write.item)
            return Action(write, table, found.at, found.size)
        if isinstance(write, UpdateItem):
            updates.check(table, write)
        return Action(write, table, rules.located(table, write.key), 0)

    def item(self, action: Action, known: Known) -> dict[str, object]:
        """What DynamoDB gets for it, as far as its item is known."""
        write, table = action.write, action.model
        if action.row is not None:
            return {"Put": {"TableName": self._location.table(table.name), "Item": action.row}}
        if isinstance(write, PutItem):
            stored = attributes.attributes(write.item, indexed=attributes.indexed(table))
            asked = expressions.put(write.when, key=table.partition, if_absent=write.if_absent)
            return {"Put": {"Item": stored, **self._said(table, asked)}}
        assert isinstance(write, UpdateItem | DeleteItem | CheckItem)
        key = attributes.key(table, write.key)
        if isinstance(write, UpdateItem):
            return {
                "Update": {"Key": key, **self._said(table, updates.expression(table, write, known))}
            }
        if isinstance(write, DeleteItem):
            return {
                "Delete": {
                    "Key": key,
                    **self._said(table, expressions.delete(write.when, key=table.partition)),
                }
            }
        return {
            "ConditionCheck": {
                "Key": key,
                **self._said(table, expressions.check(write.when, key=table.partition)),
            }
        }

    def mark(self, mark: Mark, *, now: datetime) -> dict[str, object]:
        """The inbox mark, which fails if it is there already."""
        expires = int((now + limits.MARK_RETENTION).timestamp())
        key = mark_row(mark.function, mark.message)
        item = attributes.attributes(
            {InboxTable.ID: key, InboxTable.EXPIRES: expires}, indexed=frozenset()
        )
        asked = expressions.claim(
            key=InboxTable.ID, expires=InboxTable.EXPIRES, now=int(now.timestamp())
        )
        return {"Put": {"TableName": self._inbox, "Item": item, **expressions.parameters(asked)}}

    def _said(self, table: TableModel, asked: Expression) -> dict[str, object]:
        said = expressions.parameters(asked)
        returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if asked.condition else {}
        return {"TableName": self._location.table(table.name), **said, **returned}

    def _message(self, write: SendMessage | PublishEvent, now: datetime) -> Action:
        if isinstance(write, SendMessage):
            if write.queue not in self._queues:
                raise KeyError(write.queue)
            messages.delay(write.delay)
        row = outbox.row(write, message_text.sealed(write.message), now=now)
        key = keys.of(row, self._outbox)
        assert key is not None
        stored = attributes.attributes(row, indexed=frozenset())
        return Action(
            write, self._outbox, rules.located(self._outbox, key), rules.item_size(row), stored
        )
