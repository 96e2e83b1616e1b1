"""One page of a query or a scan of DynamoDB: what is asked for, and when it is full."""

from collections.abc import Callable

from oort.aws.client_types import PageAnswer
from oort.model.items import Condition, Item, Key, KeyPart, Value
from oort.model.operations import Listed, QueryIndex
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import attributes, conditions, cursors, expressions, keys
from oort.rules.tables.attributes import Attributes


def query(operation: QueryIndex, index: IndexModel, *, name: str) -> dict[str, object]:
    """The request of a query but for its start and limit. Only the table itself can be read consistently."""
    asked = expressions.window(
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
        **expressions.parameters(asked),
    }


def start(
    after: Key | None, table: TableModel, index: IndexModel, partition: KeyPart
) -> Attributes | None:
    """The key to go on after: in a secondary index, that of the index and that of the table."""
    if after is None:
        return None
    names = (
        table.key
        if index.primary
        else (index.partition, *(() if index.sort is None else (index.sort,)), *table.key)
    )
    key = dict(zip(names, after, strict=True))
    key[index.partition] = partition  # never what a cursor says
    return {name: attributes.attribute(part) for name, part in key.items()}


def is_empty(operation: QueryIndex) -> bool:
    """Whether the range holds nothing. DynamoDB refuses one whose ends are the wrong way round."""
    low, high = operation.at_least, operation.below
    return low is not None and high is not None and keys.ordered(low) >= keys.ordered(high)


def is_behind(operation: QueryIndex, sort: Value) -> bool:
    """Whether an item that was read lies at the upper end, which is not asked for."""
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
    """A page. One item more than the limit is asked for, so that the last page knows that it is the last."""
    found: list[Item] = []
    while True:
        most = limit + 1 - len(found)
        answer = ask({} if start is None else {"ExclusiveStartKey": start}, most)
        items = [attributes.item(one) for one in answer.get("Items", ())]
        found += filter(keep, items)
        start = answer.get("LastEvaluatedKey")
        cut = len(items) < most  # at 1 MB, and not at the limit
        if not start or len(found) > limit or (found and cut):
            break
    more = len(found) > limit or bool(start)
    page = found[:limit]
    last = position(page[-1]) if page and more else None
    shown = page if where is None else [item for item in page if conditions.holds(where, item)]
    return Listed(shown, None if last is None else cursors.issue(last, query=name))
