"""The Tables port on the store. `rules` judge conditions, sizes, numbers and keys, as for AWS."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from oort.engine.rows import forms, indexes, items
from oort.engine.rows.encoding import decoded
from oort.engine.rows.indexes import Moment, Window
from oort.engine.rows.planned import Planned, done
from oort.engine.rows.times import unix
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.errors import LimitExceeded
from oort.model.items import Condition, Item, Key
from oort.model.operations import (
    DeleteItem,
    Found,
    GetItem,
    GetItems,
    Listed,
    PutItem,
    QueryIndex,
    ScanTable,
    UpdateItem,
)
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel, TableModel
from oort.ports.clock import Clock
from oort.rules.tables import conditions, cursors, keys, paging
from oort.rules.tables.items import Address, located

# DynamoDB ends a page when it has read 1 MB, whatever the limit is. So a page may be
# shorter than its limit.
PAGE_BYTES = limits.MIB


def no_lag() -> timedelta:
    """Return no delay: secondary indexes show every write at once."""
    return timedelta(0)


class Tables:
    """Tables on a store.

    `lag` returns the delay of secondary indexes for a write; tests seed it.
    """

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        lag: Callable[[], timedelta] = no_lag,
    ) -> None:
        self._store = store
        self.adopt(platform)
        self._clock = clock
        self._lag = lag

    def adopt(self, platform: PlatformModel) -> None:
        """Use the tables of this model from now on. A write that waits uses them, too."""
        self._platform = platform
        self._tables = {table.name: table for table in platform.tables}

    def get(self, table: str, key: Key) -> Item | None:
        """See `ports.tables`."""
        model = self._tables[table]
        return items.get(self._store, model, located(model, key))

    def stored(self, operation: GetItem) -> bytes | None:
        """Return the bytes of an item as they are stored, see `rows.encoding`; None without the item."""
        at = located(self._tables[operation.table], operation.key)
        return items.stored(self._store, operation.table, at)

    def get_many(self, operation: GetItems) -> Listed:
        """See `ports.tables`."""
        if len(operation.keys) > limits.BATCH_GET:
            raise LimitExceeded(
                f"{len(operation.keys)} keys are too many;"
                f" at most {limits.BATCH_GET} are read at once."
            )
        model = self._tables[operation.table]
        addresses = dict.fromkeys(located(model, key) for key in operation.keys)
        stored = self._store.read(
            lambda session: [items.get(session, model, at) for at in addresses]
        )
        return Listed([item for item in stored if item is not None], None)

    def put(self, operation: PutItem) -> None:
        """See `ports.tables`."""
        self._store.write(self._putting(operation))

    def update(self, operation: UpdateItem) -> Item:
        """See `ports.tables`."""
        return self._store.write(self._updating(operation))

    def delete(self, operation: DeleteItem) -> None:
        """See `ports.tables`."""
        self._store.write(self._deleting(operation))

    def planned(self, operation: PutItem | UpdateItem | DeleteItem) -> Planned[Any]:
        """Return the operation as a write that is ready for the store."""
        match operation:
            case PutItem():
                return Planned(self._putting(operation), done)
            case UpdateItem():
                return Planned(self._updating(operation), Found)
            case DeleteItem():
                return Planned(self._deleting(operation), done)

    def _putting(self, operation: PutItem) -> Callable[[Session], None]:
        table, moment = self._tables[operation.table], self.moment()
        item = items.prepared(table, operation.item)
        return lambda session: items.put(
            session, self._tables[table.name], operation, item, moment=moment
        )

    def _updating(self, operation: UpdateItem) -> Callable[[Session], Item]:
        table, moment = self._tables[operation.table], self.moment()
        return lambda session: (
            items.update(session, self._tables[table.name], operation, moment=moment).item
        )

    def _deleting(self, operation: DeleteItem) -> Callable[[Session], None]:
        table, moment = self._tables[operation.table], self.moment()
        return lambda session: items.delete(
            session, self._tables[table.name], operation, moment=moment
        )

    def query(self, operation: QueryIndex) -> Listed:
        """See `ports.tables`. A page also ends when it holds 1 MB."""
        paging.check_limit(operation.limit)
        table = self._tables[operation.table]
        index = table.index(operation.index)
        window, name = _window(operation, table, index), paging.query_name(operation, table, index)
        now = unix(self._clock.now())

        def work(session: Session) -> Listed:
            if index.primary:
                values = _primary(session, table, window)
            else:
                values = indexes.values(session, table, index, window, now=now)
            return _page(
                values,
                limit=operation.limit,
                place=lambda item: paging.position(item, table, index),
                query=name,
                where=operation.where,
            )

        return self._store.read(work)

    def scan(self, operation: ScanTable) -> Listed:
        """See `ports.tables`. A page also ends when it holds 1 MB."""
        paging.check_limit(operation.limit)
        table = self._tables[operation.table]
        name = paging.scan_name(table)
        after = (b"", b"") if operation.after is None else _scanned(operation.after, table)

        def work(session: Session) -> Listed:
            values = (value for (value,) in session.each(_SCAN, table.name, *after))
            return _page(
                values,
                limit=operation.limit,
                place=lambda item: keys.of(item, table),
                query=name,
                where=operation.where,
            )

        return self._store.read(work)

    def prepare(self) -> int:
        """Make the stored index entries fit the program, once at start-up.

        Return the number of changed indexes. Raises StateUnusable if the program would misread
        the stored items.
        """

        return self._store.write(self._prepared)

    def exchange(self, platform: PlatformModel, *, adopt: Callable[[], None]) -> int:
        """Make the stored index entries fit another model, and call `adopt`, in one step.

        No write comes in between. See `prepare`.
        """

        def work(session: Session) -> int:
            forms.record(session, platform)
            changed = indexes.build(session, platform)
            adopt()
            return changed

        return self._store.write(work)

    def _prepared(self, session: Session) -> int:
        forms.record(session, self._platform)
        return indexes.build(session, self._platform)

    def check(self) -> None:
        """Raise StateUnusable if the program would misread the stored items."""
        self._store.read(lambda session: forms.check(session, self._platform))

    def moment(self) -> Moment:
        """Return the moment of a write that begins now."""
        now = self._clock.now()
        return Moment(unix(now), unix(now, after=self._lag()))


# No stored key is empty: b"" lies before them all.
_SCAN = "SELECT value FROM items WHERE tbl = ? AND (pk, sk) > (?, ?) ORDER BY pk, sk"


def _window(operation: QueryIndex, table: TableModel, index: IndexModel) -> Window:
    """Window of the index that the query selects."""
    paging.check_range(operation, table, index)
    partition = keys.ordered(operation.partition)
    low, high = (
        None if edge is None else keys.ordered(edge)
        for edge in (operation.at_least, operation.below)
    )
    if operation.starts_with is not None:
        low = keys.ordered(operation.starts_with)
        high = low + b"\xff"  # no byte of UTF-8 text is as high
    last = paging.resumed(operation, table, index)
    after = None if last is None else _after(last, index)
    return Window(partition, low or b"", high, after, operation.reverse)


def _after(last: Key, index: IndexModel) -> tuple[bytes, ...]:
    """Position of the cursor in the partition.

    The partition comes from the query, never from the cursor.
    """
    ordered = [keys.ordered(part) for part in last]
    sort = ordered[1] if index.sort is not None else b""
    table_key = ordered[paging.width(index) :]
    return (
        (sort,)
        if index.primary
        else (sort, table_key[0], table_key[1] if len(table_key) > 1 else b"")
    )


def _scanned(cursor: str, table: TableModel) -> Address:
    last = [keys.ordered(part) for part in paging.scanned(cursor, table)]
    return last[0], last[1] if len(last) > 1 else b""


def _primary(session: Session, table: TableModel, window: Window) -> Iterable[bytes]:
    where, bound = indexes.bounds(window, ("sk",))
    direction = "DESC" if window.reverse else "ASC"
    order = f"ORDER BY sk {direction}"
    sql = f"SELECT value FROM items WHERE tbl = ? AND pk = ? AND {where} {order}"  # noqa: S608
    return (value for (value,) in session.each(sql, table.name, window.partition, *bound))


def _page(
    values: Iterable[bytes],
    *,
    limit: int,
    place: Callable[[Item], Key | None],
    query: tuple[str, ...],
    where: Condition | None,
) -> Listed:
    matching: list[Item] = []
    seen = size = 0
    item: Item = {}
    for value in values:
        if seen == limit or size > PAGE_BYTES:
            last = place(item)
            assert last is not None  # the page was read by that key
            return Listed(matching, cursors.issue(last, query=query))
        item = decoded(value)
        seen, size = seen + 1, size + len(value)
        if where is None or conditions.holds(where, item):
            matching.append(item)
    return Listed(matching, None)
