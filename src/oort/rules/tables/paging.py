"""Pages of queries and scans: valid ranges, the identity of a query, and positions of cursors."""

from oort.model import limits
from oort.model.errors import InvalidCursor, InvalidUse
from oort.model.items import Item, Key
from oort.model.operations import QueryIndex
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import cursors, keys


def check_limit(limit: int) -> None:
    """Raise InvalidUse unless a page may have `limit` items."""
    if not 1 <= limit <= limits.PAGE_ITEMS:
        raise InvalidUse(
            f"A page of {limit} items is not possible.", f"Ask for 1 to {limits.PAGE_ITEMS}."
        )


def check_range(operation: QueryIndex, table: TableModel, index: IndexModel) -> None:
    """Raise InvalidUse or InvalidValue unless the index has the requested range."""
    edges = (operation.at_least, operation.below)
    ranged = edges != (None, None)
    if index.sort is None and (ranged or operation.starts_with is not None):
        raise InvalidUse(
            f"{index.name} of {table.name} has no sort attribute.", "Leave out the range."
        )
    if ranged and operation.starts_with is not None:
        raise InvalidUse(
            "A query takes a range or a prefix, not both.",
            "Leave out starts_with, or at_least and below.",
        )
    for edge in (*edges, operation.starts_with):
        keys.check((operation.partition, *(() if edge is None else (edge,))))


def query_name(operation: QueryIndex, table: TableModel, index: IndexModel) -> tuple[str, ...]:
    """Return the identity of a query, for its cursors.

    The limit and the filter are not part of the identity.
    """
    edges = (operation.at_least, operation.below)
    partition = keys.ordered(operation.partition).hex()
    return (
        table.name,
        index.name,
        partition,
        repr((edges, operation.starts_with)),
        str(operation.reverse),
    )


def scan_name(table: TableModel) -> tuple[str, ...]:
    """Return the identity of a scan, for its cursors."""
    return (table.name,)


def width(index: IndexModel) -> int:
    """Return the number of parts in a key of the index."""
    return 1 if index.sort is None else 2


def position(item: Item, table: TableModel, index: IndexModel) -> Key | None:
    """Return the position of an item in an index: its key there.

    In a secondary index its own key follows.
    """
    if index.primary:
        return keys.of(item, table)
    return (*(keys.of(item, index) or ()), *(keys.of(item, table) or ()))


def resumed(operation: QueryIndex, table: TableModel, index: IndexModel) -> Key | None:
    """Return the position to continue after. InvalidCursor for a cursor of another query."""
    if operation.after is None:
        return None
    parts = width(index) + (0 if index.primary else len(table.key))
    return _read(operation.after, query=query_name(operation, table, index), parts=parts)


def scanned(after: str, table: TableModel) -> Key:
    """Return the key that a scan continues after. InvalidCursor for a cursor of another query."""
    return _read(after, query=scan_name(table), parts=len(table.key))


def _read(cursor: str, *, query: tuple[str, ...], parts: int) -> Key:
    last = cursors.read(cursor, query=query)
    if len(last) != parts:  # only a forged one
        raise InvalidCursor("The cursor was not issued here.", "Start again without a cursor.")
    return last
