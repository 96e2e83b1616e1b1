"""Updates on DynamoDB: how one begins, and what a try that failed says about the next. Tables and transactions share them.

DynamoDB cannot say "change it, or else create it from this" in one request, and takes a null for a value that is there. So
the first try is for an item that exists, and each failed one brings the item, from which the next is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from oort.aws.dynamodb import condition_failures
from oort.model.errors import NoSuchItem
from oort.model.items import AddTo, AppendTo, Change, Path, SetTo, Value
from oort.model.operations import UpdateItem
from oort.model.resources import TableModel
from oort.rules.tables import attributes, conditions, expressions, keys
from oort.rules.tables import items as rules
from oort.rules.tables.attributes import Attributes
from oort.rules.tables.expressions import Expression
from oort.rules.types import numbers


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier tries have shown: there is no item, or there are nulls where something is to be added."""

    absent: bool = False
    nulls: frozenset[Path] = frozenset()


def check(table: TableModel, operation: UpdateItem) -> None:
    """Raise what can be raised without the item: InvalidUse or InvalidValue."""
    rules.located(table, operation.key)
    conditions.check_distinct(operation.changes)
    rules.check_names(change.path[0] for change in operation.changes)
    for change in operation.changes:
        for value in _values(change):
            numbers.check(value, at=".".join(change.path))
        if isinstance(change, SetTo) and len(change.path) == 1:
            _check_index_keys(table, change.path[0], change.value)
    _without_key(table, operation)


def expression(table: TableModel, operation: UpdateItem, known: Known) -> Expression:
    """The try that fits what is known. Raises InvalidValue or LimitExceeded if a new item must not be stored."""
    indexed = attributes.indexed(table)
    if not known.absent:
        changes = _without_key(table, operation)
        return expressions.update(
            changes, operation.when, key=table.partition, indexed=indexed, nulls=known.nulls
        )
    assert operation.initial is not None
    item = conditions.changed(operation.initial, operation.changes)
    if rules.judged(table, item).at != rules.located(table, operation.key):
        raise rules.key_changed(table)
    return expressions.creation(item, key=table.key, indexed=indexed)


def learned(
    table: TableModel,
    operation: UpdateItem,
    known: Known,
    found: Attributes | None,
    *,
    position: int = 0,
) -> Known:
    """What the next try must know after one whose condition failed with this item. NoSuchItem or ConditionFailed if none."""
    if known.absent:
        return Known()  # somebody was faster and made it
    if found is None and operation.initial is None:
        raise NoSuchItem(f"There is no such item in {table.name}.", position=position)
    item = None if found is None else attributes.item(found)
    if operation.when is not None and not conditions.holds(operation.when, item):
        raise condition_failures.condition(table.name, position=position)
    return Known(absent=True) if found is None else Known(nulls=_nulls(operation, found))


def misfit(table: TableModel, operation: UpdateItem, found: Attributes | None) -> Known:
    """What the next try must know after one that DynamoDB could not apply to this item. Raises why, if it is a mistake."""
    if found is None:
        return Known()
    rules.judged(table, conditions.changed(attributes.item(found), operation.changes))
    return Known(nulls=_nulls(operation, found))


def _values(change: Change) -> Iterator[Value]:
    if isinstance(change, SetTo):
        yield change.value
    elif isinstance(change, AddTo):
        yield change.amount
    elif isinstance(change, AppendTo):
        yield change.values


def _check_index_keys(table: TableModel, name: str, value: Value) -> None:
    """What would be the key of an index must be one: DynamoDB refuses the whole write otherwise."""
    part = keys.comparable(value)
    for index in table.indexes:
        if part is not None and name == index.partition:
            keys.check((part,))
        elif part is not None and name == index.sort:
            keys.check(("-", part))


def _without_key(table: TableModel, operation: UpdateItem) -> tuple[Change, ...]:
    """The changes without those of the key, which DynamoDB refuses also where they change nothing."""
    own = tuple(change for change in operation.changes if change.path[0] in table.key)
    if not own:
        return operation.changes
    key = keys.of(conditions.changed(dict(zip(table.key, operation.key, strict=True)), own), table)
    if key is None or rules.located(table, key) != rules.located(table, operation.key):
        raise rules.key_changed(table)
    return tuple(change for change in operation.changes if change not in own)


def _nulls(operation: UpdateItem, found: Attributes) -> frozenset[Path]:
    """Where something is to be added to a null. The marks of nulls in index keys are no such: there the attribute is absent."""
    item: Value = {name: attributes.value(value) for name, value in found.items()}
    adding = (change.path for change in operation.changes if isinstance(change, AddTo | AppendTo))
    return frozenset(path for path in adding if _is_null(item, path))


def _is_null(value: Value, path: Path) -> bool:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return value is None
