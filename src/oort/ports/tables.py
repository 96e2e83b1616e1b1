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

    - `get` is strongly consistent. A query of a primary index is too; any other index is eventually
      consistent.
    - A write that returns is durable. A write with a failed condition raises ConditionFailed and
      changes no item.
    - Sort order is UTF-8 bytes for text and value for numbers. An item without an index's
      attributes is not in the index.
    - Numbers are decimal, with 38 digits and no rounding. They keep their value and not their type:
      2.0 may come back as 2, and is the same key. Trailing zeros are not kept. A sum that has more
      digits raises InvalidValue.
    - An item that exists throughout a paginated scan or query is returned exactly once; others at
      most once.
    - Items are at most 400 KB (LimitExceeded). Empty or too long keys raise InvalidValue. A cursor
      of another query raises InvalidCursor. An unknown table is a KeyError.
    """

    def get(self, table: str, key: Key) -> Item | None:
        """Return the item, or None."""

    def get_many(self, operation: GetItems) -> Listed:
        """Return the existing items, in the order of the keys, each once.

        More than 100 keys: LimitExceeded.
        """

    def put(self, operation: PutItem) -> None:
        """Write the complete item.

        With `if_absent`: ConditionFailed if there is an item already.
        """

    def update(self, operation: UpdateItem) -> Item:
        """Apply the changes in order and return the new item.

        Without an item: start from `initial`, or raise NoSuchItem.
        """

    def delete(self, operation: DeleteItem) -> None:
        """Delete the item. Without an item: no effect, or ConditionFailed if `when` is present."""

    def query(self, operation: QueryIndex) -> Listed:
        """Return at most `limit` items of one partition in sort order.

        `next` continues after the last item, and is None at the end. After a page that ends at 1
        MB, the next page may be empty.
        """

    def scan(self, operation: ScanTable) -> Listed:
        """Return at most `limit` items; `next` continues after the last."""
