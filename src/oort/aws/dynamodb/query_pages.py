"""A page of a query or a scan of DynamoDB: its request, and the condition that ends it."""

from collections.abc import Callable

from oort.aws.client_types import PageAnswer
from oort.model.items import Condition, Item, Key, KeyPart, Value
from oort.model.operations import Listed, QueryIndex
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import attributes, conditions, cursors, expressions, keys
from oort.rules.tables.attributes import Attributes


def query(operation: QueryIndex, index: IndexModel, *, name: str) -> dict[str, object]:
    """Return the request of a query, without its start and limit.

    Only the table itself, not a secondary index, can be read consistently.
    """
    window = expressions.window(
        index,
        operation.partition,
        at_least=operation.at_least,
        below=operation.below,
        starts_with=operation.starts_with,
    )
    where: dict[str, object] = (
        {"ConsistentRead": True} if index.primary else {"IndexName": index.name}
    )
    return {
        "TableName": name,
        "ScanIndexForward": not operation.reverse,
        **where,
        **expressions.parameters(window),
    }


def start(
    after: Key | None, table: TableModel, index: IndexModel, partition: KeyPart
) -> Attributes | None:
    """Return the exclusive start key: for a secondary index, the key of the index and
    the key of the table.
    """
    if after is None:
        return None
    names = (
        table.key
        if index.primary
        else (index.partition, *(() if index.sort is None else (index.sort,)), *table.key)
    )
    key = dict(zip(names, after, strict=True))
    key[index.partition] = partition  # never the cursor's
    return {name: attributes.attribute(part) for name, part in key.items()}


def is_empty(operation: QueryIndex) -> bool:
    """True if the range is empty.

    DynamoDB refuses a range whose lower end is not below its upper end.
    """
    low, high = operation.at_least, operation.below
    return low is not None and high is not None and keys.ordered(low) >= keys.ordered(high)


def is_at_upper_end(operation: QueryIndex, sort: Value) -> bool:
    """True if a read item lies at the upper end, which is not part of the range."""
    part = keys.comparable(sort)
    return (
        operation.below is not None
        and part is not None
        and keys.ordered(part) == keys.ordered(operation.below)
    )


def read(
    ask: Callable[[dict[str, object], int], PageAnswer],
    *,
    limit: int,
    start: Attributes | None,
    keep: Callable[[Item], bool],
    position: Callable[[Item], Key | None],
    name: tuple[str, ...],
    where: Condition | None,
) -> Listed:
    """Read a page.

    The request asks for one item more than the limit, so that the last page is recognized.
    """
    items: list[Item] = []
    while True:
        most = limit + 1 - len(items)
        answer = ask({} if start is None else {"ExclusiveStartKey": start}, most)
        fresh = [attributes.item(stored) for stored in answer.get("Items", ())]
        items += filter(keep, fresh)
        start = answer.get("LastEvaluatedKey")
        cut = len(fresh) < most  # DynamoDB ended the page at 1 MB, not at the limit
        if not start or len(items) > limit or (items and cut):
            break
    more = len(items) > limit or bool(start)
    page = items[:limit]
    last = position(page[-1]) if page and more else None
    matching = page if where is None else [item for item in page if conditions.holds(where, item)]
    return Listed(matching, None if last is None else cursors.issue(last, query=name))
