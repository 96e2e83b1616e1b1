"""Reads and conditional writes of an item inside a session. Tables and transactions share them.

`prepared` finds every mistake that shows without the store, before the work is
queued for the writer.
"""

from dataclasses import dataclass
from typing import Protocol

from oort.engine.rows import indexes
from oort.engine.rows.encoding import decoded, encoded
from oort.engine.rows.indexes import Moment
from oort.engine.store.session import Row, Session, Value
from oort.model.errors import ConditionFailed, NoSuchItem
from oort.model.items import Condition, Item
from oort.model.operations import CheckItem, DeleteItem, PutItem, UpdateItem
from oort.model.resources import TableModel
from oort.rules.tables import conditions
from oort.rules.tables.items import Address, judged, key_changed, located


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid item with its address, its bytes, and its size as limits count it."""

    item: Item
    at: Address
    value: bytes
    size: int


def prepared(table: TableModel, item: Item) -> Prepared:
    """Return the item ready to be stored.

    InvalidValue or LimitExceeded if it must not be stored.
    """
    accepted = judged(table, item)
    return Prepared(item, accepted.at, encoded(item), accepted.size)


_FIND = "SELECT value FROM items WHERE tbl = ? AND pk = ? AND sk = ?"


class Rows(Protocol):
    """A source of rows: a session, or the store itself."""

    def row(self, sql: str, *values: Value) -> Row | None:
        """Return the first row, or None."""


def get(source: Rows, table: TableModel, at: Address) -> Item | None:
    """Return the item, or None."""
    value = stored(source, table.name, at)
    return None if value is None else decoded(value)


def stored(source: Rows, table: str, at: Address) -> bytes | None:
    """Return the bytes of the item, or None."""
    row = source.row(_FIND, table, *at)
    return None if row is None else row[0]


def put(
    session: Session, table: TableModel, operation: PutItem, item: Prepared, *, moment: Moment
) -> None:
    """Write the item if its conditions hold."""
    conditional = operation.if_absent or operation.when is not None
    # Without conditions and indexes, the write does not depend on the old item.
    old = get(session, table, item.at) if conditional or indexes.secondary(table) else None
    if operation.if_absent and old is not None:
        raise ConditionFailed(f"There is such an item in {table.name} already.")
    _require(table, operation.when, old)
    _store(session, table, item, moment, old=old)


def update(
    session: Session, table: TableModel, operation: UpdateItem, *, moment: Moment
) -> Prepared:
    """Apply the changes to the item or to `initial`. Return the stored item."""
    at = located(table, operation.key)
    old = get(session, table, at)
    start = operation.initial if old is None else old
    if start is None:
        raise NoSuchItem(f"There is no such item in {table.name}.")
    _require(table, operation.when, old)
    new = prepared(table, conditions.changed(start, operation.changes))
    if new.at != at:
        raise key_changed(table)
    _store(session, table, new, moment, old=old)
    return new


def delete(session: Session, table: TableModel, operation: DeleteItem, *, moment: Moment) -> None:
    """Delete the item if its condition holds."""
    at = located(table, operation.key)
    old = get(session, table, at)
    if old is None:
        if operation.when is not None:
            raise ConditionFailed(f"There is no such item in {table.name}.")
        return
    _require(table, operation.when, old)
    session.run("DELETE FROM items WHERE tbl = ? AND pk = ? AND sk = ?", table.name, *at)
    indexes.follow(session, table, at, moment, old=old, new=None)


def check(session: Session, table: TableModel, operation: CheckItem) -> None:
    """Raise ConditionFailed unless the condition holds."""
    _require(table, operation.when, get(session, table, located(table, operation.key)))


def _store(
    session: Session, table: TableModel, item: Prepared, moment: Moment, *, old: Item | None
) -> None:
    session.run("INSERT OR REPLACE INTO items VALUES(?, ?, ?, ?)", table.name, *item.at, item.value)
    indexes.follow(session, table, item.at, moment, old=old, new=item.item)


def _require(table: TableModel, condition: Condition | None, item: Item | None) -> None:
    if condition is not None and not conditions.holds(condition, item):
        raise ConditionFailed(f"The condition of a write to {table.name} does not hold.")
