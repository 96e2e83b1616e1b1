"""Tables: items by key, conditional writes, index queries."""

from typing import Protocol

from oort.model.items import Item, Key
from oort.model.operations import (
    DeleteItem,
    GetItems,
    Listed,
    PutItem,
    QueryIndex,
    ScanTable,
    UpdateItem,
)


class Tables(Protocol):
    """A durable store of items.

    - `get` is strongly consistent. A query of a primary index is too; any other index is eventually consistent.
    - A write that returns is durable. A write whose condition fails raises ConditionFailed and changes nothing.
    - Sort order is UTF-8 bytes for text and value for numbers. An item without the index's attributes is not in it.
    - Numbers keep their value and not their kind: 2.0 may come back as 2, and is the same key.
    - An item that is there throughout a paginated scan or query is returned exactly once; others at most once.
    - Items are at most 400 KB (LimitExceeded); empty or over-long keys raise InvalidValue; a cursor that was not issued
      for the same query raises InvalidCursor; an unknown table is a KeyError.
    """

    def get(self, table: str, key: Key) -> Item | None:
        """The item, or None."""

    def get_many(self, operation: GetItems) -> Listed:
        """The items that are there, in the order of the keys, each once. More than 100 keys: LimitExceeded."""

    def put(self, operation: PutItem) -> None:
        """Write the item whole. `if_absent`: ConditionFailed if there is one."""

    def update(self, operation: UpdateItem) -> Item:
        """Apply the changes in order and return the new item. Absent: start from `initial`, or raise NoSuchItem."""

    def delete(self, operation: DeleteItem) -> None:
        """Remove the item. Absent: nothing to do, unless `when` is given; then ConditionFailed."""

    def query(self, operation: QueryIndex) -> Listed:
        """At most `limit` items of one partition in sort order; `next` goes on after the last. It is None at the end; where
        a page ends at 1 MB, the one after it may turn out to be empty."""

    def scan(self, operation: ScanTable) -> Listed:
        """At most `limit` items; `next` goes on after the last."""
