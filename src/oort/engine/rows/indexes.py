"""Secondary indexes inside a session: each write updates their entries, and queries
read pages from them.

Tests may let an index lag. Until the end of the lag its queries return the earlier state of an item
with all its content, as DynamoDB's copies do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from oort.engine.rows.encoding import decoded, encoded
from oort.engine.store.session import Session, Value
from oort.model.items import Item
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import keys
from oort.rules.tables.items import Address

# The position of an item in a partition: (sort,), or (sort, *address) in an index.
Position: TypeAlias = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a write, and the time from which secondary indexes show it."""

    now: float
    shown: float


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a partition: sort keys from `low` up to but without `high`, beyond `after`."""

    partition: bytes
    low: bytes
    high: bytes | None
    after: Position | None
    reverse: bool


def address(item: Item, keyed: keys.Keyed) -> Address | None:
    """Return the address of an item in a table or an index; None if the item has no key there."""
    key = keys.of(item, keyed)
    return (
        None
        if key is None
        else (keys.ordered(key[0]), keys.ordered(key[1]) if len(key) > 1 else b"")
    )


def secondary(table: TableModel) -> tuple[IndexModel, ...]:
    """Return the indexes with entries of their own."""
    return tuple(index for index in table.indexes if not index.primary)


def follow(
    session: Session,
    table: TableModel,
    at: Address,
    moment: Moment,
    *,
    old: Item | None,
    new: Item | None,
) -> None:
    """Update the entries of an item from its old to its new state."""
    indexes = secondary(table)
    if not indexes:
        return
    for index in indexes:
        before, after = _entry(table, index, old), _entry(table, index, new)
        if before == after:
            continue
        if before is not None:
            session.run(_FORGET, _label(table, index), *before, *at)
        if after is not None:
            session.run(
                "INSERT OR REPLACE INTO entries VALUES(?, ?, ?, ?, ?)",
                _label(table, index),
                *after,
                *at,
            )
    if moment.shown > moment.now:
        session.run("DELETE FROM lagging WHERE shown <= ?", moment.now)
        earlier = None if old is None else encoded(old)
        session.run(
            "INSERT INTO lagging(tbl, pk, sk, shown, value) VALUES(?, ?, ?, ?, ?)",
            table.name,
            *at,
            moment.shown,
            earlier,
        )


def values(
    session: Session, table: TableModel, index: IndexModel, window: Window, *, now: float
) -> Iterator[bytes]:
    """Yield the encoded items of a window of a secondary index, in order, without a limit."""
    stale = _stale(session, table, now=now)
    if stale:
        yield from _lagging(session, table, index, window, stale)
        return
    columns = ("e.isk", "e.pk", "e.sk")
    where, bound = bounds(window, columns)
    direction = "DESC" if window.reverse else "ASC"
    # CROSS JOIN makes the entries the outer loop, whatever their estimated number.
    order = ", ".join(f"{column} {direction}" for column in columns)
    sql = f"{_ENTRIES} AND {where} ORDER BY {order}"
    for value, *_ in session.each(sql, table.name, _label(table, index), window.partition, *bound):
        yield value


def bounds(window: Window, columns: tuple[str, ...]) -> tuple[str, tuple[bytes, ...]]:
    """Return the SQL condition of a window and its values.

    `columns` are the columns of the order, sort key first. SQLite seeks to one bound a side and
    filters by the others, so a cursor inside the window replaces the bound on its side. Otherwise
    a page would cost as much as all pages before it.
    """
    parts: list[str] = []
    bound: list[bytes] = []
    after, reverse = window.after, window.reverse
    if after is not None:
        beyond = "<" if reverse else ">"
        parts.append(f"({', '.join(columns)}) {beyond} ({', '.join('?' * len(columns))})")
        bound.extend(after)
    if after is None or reverse or after[0] < window.low:
        parts.append(f"{columns[0]} >= ?")
        bound.append(window.low)
    if window.high is not None and (after is None or not reverse or after[0] >= window.high):
        parts.append(f"{columns[0]} < ?")
        bound.append(window.high)
    return " AND ".join(parts), tuple(bound)


def build(session: Session, platform: PlatformModel) -> int:
    """Build the entries of new and changed indexes and drop the entries of removed indexes.

    Returns the number of changed indexes.
    """
    declared = {
        _label(table, index): (table, index)
        for table in platform.tables
        for index in secondary(table)
    }
    stored = {
        idx: (partition, sort) for idx, partition, sort in session.rows("SELECT * FROM definitions")
    }
    fresh = [
        idx
        for idx, (_, index) in declared.items()
        if stored.get(idx) != (index.partition, index.sort)
    ]
    gone = [idx for idx in stored if idx not in declared]
    for idx in (*fresh, *gone):
        session.run("DELETE FROM entries WHERE idx = ?", idx)
        session.run("DELETE FROM definitions WHERE idx = ?", idx)
    for idx in fresh:
        _build(session, idx, *declared[idx])
    return len(fresh) + len(gone)


def _build(session: Session, idx: str, table: TableModel, index: IndexModel) -> None:
    session.run("INSERT INTO definitions VALUES(?, ?, ?)", idx, index.partition, index.sort)
    for pk, sk, value in session.each("SELECT pk, sk, value FROM items WHERE tbl = ?", table.name):
        entry = _entry(table, index, decoded(value))
        if entry is not None:
            session.run("INSERT OR REPLACE INTO entries VALUES(?, ?, ?, ?, ?)", idx, *entry, pk, sk)


_ENTRIES = (
    "SELECT i.value, e.isk, e.pk, e.sk FROM entries e CROSS JOIN items i "
    "ON i.tbl = ? AND i.pk = e.pk AND i.sk = e.sk WHERE e.idx = ? AND e.ipk = ?"
)
_FORGET = "DELETE FROM entries WHERE idx = ? AND ipk = ? AND isk = ? AND pk = ? AND sk = ?"


def _label(table: TableModel, index: IndexModel) -> str:
    return f"{table.name}/{index.name}"


def _entry(table: TableModel, index: IndexModel, item: Item | None) -> Address | None:
    """Return the address of an item in an index; None if it is not in the index.

    Earlier versions stored Decimals as texts. DynamoDB leaves a text out of an index of numbers.
    """
    if item is None or any(
        name in table.numeric and isinstance(item.get(name), str)
        for name in (index.partition, index.sort)
    ):
        return None
    return address(item, index)


def _stale(session: Session, table: TableModel, *, now: float) -> dict[Address, bytes | None]:
    """Items that index queries still see in an earlier state, with the state before
    the first unseen write.
    """
    stale: dict[Address, bytes | None] = {}
    rows = session.rows(
        "SELECT pk, sk, value FROM lagging WHERE tbl = ? AND shown > ? ORDER BY seq",
        table.name,
        now,
    )
    for pk, sk, value in rows:
        stale.setdefault((pk, sk), value)
    return stale


def _lagging(
    session: Session,
    table: TableModel,
    index: IndexModel,
    window: Window,
    stale: dict[Address, bytes | None],
) -> Iterator[bytes]:
    """Items of the window in their state before unseen writes.

    Reads the partition as a whole, since the partitions of tests are small.
    """
    rows: list[tuple[Position, bytes]] = []
    current: tuple[Value, ...] = (table.name, _label(table, index), window.partition)
    for value, isk, pk, sk in session.rows(_ENTRIES, *current):
        if (pk, sk) not in stale:
            rows.append(((isk, pk, sk), value))
    for at, value in stale.items():
        entry = None if value is None else _entry(table, index, decoded(value))
        if value is not None and entry is not None and entry[0] == window.partition:
            rows.append(((entry[1], *at), value))
    for position, value in sorted(rows, reverse=window.reverse):
        if _inside(position, window):
            yield value


def _inside(position: Position, window: Window) -> bool:
    if position[0] < window.low or (window.high is not None and position[0] >= window.high):
        return False
    if window.after is None:
        return True
    return position < window.after if window.reverse else position > window.after
