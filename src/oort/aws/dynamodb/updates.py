"""Updates on DynamoDB: the first attempt, and the next attempt after a failure.

Tables and transactions share them. A request to DynamoDB cannot say "change the item, or else
create it from this", treats a null as a present value, and cannot add to a Decimal of an earlier
version, which is a text. So the first attempt assumes that the
item exists. Each failure returns the item, and the next attempt is made for this item.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from oort.aws.dynamodb import condition_failures
from oort.model.errors import NoSuchItem
from oort.model.items import AddTo, AppendTo, Change, Path, SetTo, Value
from oort.model.operations import UpdateItem
from oort.model.resources import TableModel
from oort.rules.tables import attributes, conditions, expressions, keys
from oort.rules.tables import items as rules
from oort.rules.tables.attributes import Attributes
from oort.rules.tables.expressions import Expression, Held
from oort.rules.types import numbers


@dataclass(frozen=True, slots=True)
class ItemState:
    """The state of an item as earlier attempts found it: absent, or with nulls and
    texts at paths that are added to.
    """

    absent: bool = False
    held: Held = field(default_factory=dict[Path, str | None])


def check(table: TableModel, operation: UpdateItem) -> None:
    """Raise InvalidUse or InvalidValue for mistakes that show without the item."""
    rules.located(table, operation.key)
    conditions.check_distinct(operation.changes)
    rules.check_names(change.path[0] for change in operation.changes)
    for change in operation.changes:
        for value in _values(change):
            numbers.check(value, at=".".join(change.path))
        if isinstance(change, AppendTo):
            conditions.check_room(change)
        if isinstance(change, SetTo) and len(change.path) == 1:
            _check_index_keys(table, change.path[0], change.value)
    _without_key(table, operation)


def expression(table: TableModel, operation: UpdateItem, state: ItemState) -> Expression:
    """Return the expression of the next attempt, for the known state of the item.

    InvalidValue or LimitExceeded if a new item must not be stored.
    """
    indexed = attributes.indexed(table)
    if not state.absent:
        changes = _without_key(table, operation)
        return expressions.update(
            changes, operation.when, key=table.partition, indexed=indexed, held=state.held
        )
    assert operation.initial is not None
    item = conditions.changed(operation.initial, operation.changes)
    if rules.judged(table, item).at != rules.located(table, operation.key):
        raise rules.key_changed(table)
    return expressions.creation(item, key=table.key, indexed=indexed)


def after_failed_condition(
    table: TableModel,
    operation: UpdateItem,
    state: ItemState,
    stored: Attributes | None,
    *,
    position: int = 0,
) -> ItemState:
    """Return the state for the next attempt after ConditionalCheckFailed returned `stored`.

    NoSuchItem or ConditionFailed if no attempt can succeed.
    """
    if state.absent:
        return ItemState()  # another writer has created it
    if stored is None and operation.initial is None:
        raise NoSuchItem(f"There is no such item in {table.name}.", position=position)
    item = None if stored is None else attributes.item(stored)
    if operation.when is not None and not conditions.holds(operation.when, item):
        raise condition_failures.condition(table.name, position=position)
    if item is not None:
        conditions.changed(item, operation.changes)  # raises if the new item would not fit its type
    return ItemState(absent=True) if stored is None else ItemState(held=_held(operation, stored))


def after_invalid(table: TableModel, operation: UpdateItem, stored: Attributes | None) -> ItemState:
    """Return the state for the next attempt after ValidationException, where `stored` is the item.

    Raises the error of the update, if the update is a mistake for this item.
    """
    if stored is None:
        return ItemState()
    rules.judged(table, conditions.changed(attributes.item(stored), operation.changes))
    return ItemState(held=_held(operation, stored))


def _values(change: Change) -> Iterator[Value]:
    if isinstance(change, SetTo):
        yield change.value
    elif isinstance(change, AddTo):
        yield change.amount
    elif isinstance(change, AppendTo):
        yield change.values


def _check_index_keys(table: TableModel, name: str, value: Value) -> None:
    """Check values that become keys of an index: DynamoDB refuses the write if they are invalid."""
    part = keys.comparable(value)
    for index in table.indexes:
        if part is not None and name == index.partition:
            keys.check((part,))
        elif part is not None and name == index.sort:
            keys.check(("-", part))


def _without_key(table: TableModel, operation: UpdateItem) -> tuple[Change, ...]:
    """Changes without the changes of key members, which DynamoDB refuses even if
    they keep the value.
    """
    of_key = tuple(change for change in operation.changes if change.path[0] in table.key)
    if not of_key:
        return operation.changes
    key = keys.of(
        conditions.changed(dict(zip(table.key, operation.key, strict=True)), of_key), table
    )
    if key is None or rules.located(table, key) != rules.located(table, operation.key):
        raise rules.key_changed(table)
    return tuple(change for change in operation.changes if change not in of_key)


def _held(operation: UpdateItem, stored: Attributes) -> Held:
    """Return the nulls and the texts that a change adds to, by their paths.

    A null in an index key does not count: its attribute is absent.
    """
    item: Value = {name: attributes.value(value) for name, value in stored.items()}
    adding = (change for change in operation.changes if isinstance(change, AddTo | AppendTo))
    held = {change.path: _at(item, change.path) for change in adding}
    return {path: value for path, value in held.items() if value is None or isinstance(value, str)}


def _at(value: Value, path: Path) -> Value:
    """Return the value at the path; 0 if there is none."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return 0
        value = value[name]
    return value
