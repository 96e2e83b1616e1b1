"""Evaluation of conditions and changes on items. The engine evaluates; AWS gets expressions."""

from contextlib import suppress
from decimal import Decimal
from itertools import combinations

from oort.model import limits
from oort.model.errors import InvalidUse, InvalidValue
from oort.model.items import (
    AddTo,
    All,
    AppendTo,
    Between,
    Bounds,
    Change,
    Condition,
    Equals,
    Item,
    Number,
    Path,
    SetTo,
    Value,
)
from oort.rules.tables import keys
from oort.rules.types import numbers


def holds(condition: Condition, item: Item | None) -> bool:
    """True if the condition holds; an absent item has no attributes.

    >>> holds(Equals(("state",), "started"), {"state": "started"})
    True
    """
    if isinstance(condition, All):
        return all(holds(part, item) for part in condition.parts)
    value = _read(item or {}, condition.path)
    if isinstance(condition, Equals):
        return _same(value, condition.value) or (
            condition.before is not None and _same(value, condition.before)
        )
    return _between(condition, value)


def changed(item: Item, changes: tuple[Change, ...]) -> Item:
    """Return the item after the changes; the original is not changed.

    Raises InvalidValue if a change does not fit. Raises InvalidUse if two changes overlap: DynamoDB
    refuses overlapping paths.

    >>> changed({"n": 1}, (AddTo(("n",), 2),))
    {'n': 3}
    """
    check_distinct(changes)
    result = dict(item)
    for change in changes:
        parent = _parent(result, change.path)
        name = change.path[-1]
        if isinstance(change, SetTo):
            parent[name] = change.value
        elif isinstance(change, AddTo):
            parent[name] = _storable(_within(total(parent.get(name), change), change), change)
        elif isinstance(change, AppendTo):
            parent[name] = _appended(parent.get(name), change)
        else:
            parent.pop(name, None)
    return result


def check_distinct(changes: tuple[Change, ...]) -> None:
    """Raise InvalidUse if two changes overlap."""
    for outer, inner in combinations(sorted(change.path for change in changes), 2):
        if inner[: len(outer)] == outer:
            where = f"{'.'.join(outer)} and {'.'.join(inner)}"
            raise InvalidUse(
                f"Two changes of one update overlap: {where}.",
                "Make one change of them, or two updates.",
            )


def check_room(change: AppendTo, length: int = 0) -> None:
    """Raise InvalidValue if a list of this length has no room for the values."""
    if change.most is not None and length + len(change.values) > change.most:
        raise InvalidValue(
            f"{'.'.join(change.path)} would have more than {change.most} elements, as its type allows.",
            "Nothing was written. Remove elements first, or change the type.",
        )


def _read(item: Item, path: Path) -> Value:
    value: Value = item
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _same(left: Value, right: Value) -> bool:
    """True if DynamoDB sees equal values: true is not 1, and a number is its decimal number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if (
        isinstance(left, int | float | Decimal)
        and isinstance(right, int | float | Decimal)
        and type(left) is not type(right)
    ):
        return keys.ordered(left) == keys.ordered(right)
    return left == right


def _between(condition: Between, value: Value) -> bool:
    stored = keys.comparable(value)
    if stored is None or isinstance(stored, str) != isinstance(condition.low, str):
        return False
    return keys.ordered(condition.low) <= keys.ordered(stored) <= keys.ordered(condition.high)


def _parent(item: Item, path: Path) -> dict[str, Value]:
    """Return the map of the path's last name, and copy every map on the way to it."""
    here = item
    for name in path[:-1]:
        inner = here.get(name)
        if not isinstance(inner, dict):
            raise InvalidValue(
                f"{'.'.join(path)} cannot be changed: {name} is not there.",
                f"Set {name} as a whole first.",
            )
        here[name] = inner = dict(inner)
        here = inner
    return here


def fits(number: Number, bounds: Bounds | None) -> bool:
    """True if the number is within the bounds.

    >>> fits(0, Bounds(ge=0)), fits(0, Bounds(gt=0))
    (True, False)
    """
    if bounds is None:
        return True
    exact = numbers.exact(number)
    return (
        (bounds.ge is None or exact >= numbers.exact(bounds.ge))
        and (bounds.gt is None or exact > numbers.exact(bounds.gt))
        and (bounds.le is None or exact <= numbers.exact(bounds.le))
        and (bounds.lt is None or exact < numbers.exact(bounds.lt))
    )


def _within(number: Number, change: AddTo) -> Number:
    if not fits(number, change.within):
        raise InvalidValue(
            f"{'.'.join(change.path)} would be {number}, out of the bounds of its type.",
            "Nothing was written. Add a condition with when=, or change the type.",
        )
    return number


def _storable(number: Number, change: AddTo) -> Number:
    try:
        numbers.check(number)
    except InvalidValue as error:
        raise InvalidValue(
            f"{'.'.join(change.path)} would be {number}, which no table can hold with all its digits.",
            f"Nothing was written. Add an amount with fewer digits: {limits.NUMBER_DIGITS} are possible.",
        ) from error
    return number


def total(value: Value, change: AddTo) -> Number:
    """Return the sum of the value and the amount of the change.

    InvalidValue if the value is not a number.
    """
    if value is None:
        return change.amount
    if change.texts and isinstance(value, str):
        with suppress(ArithmeticError):
            value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValue(
            f"{'.'.join(change.path)} is not a number.",
            "add() needs a number; set() replaces the value.",
        )
    return numbers.added(value, change.amount)


def _appended(value: Value, change: AppendTo) -> list[Value]:
    if value is None:
        value = []
    if not isinstance(value, list):
        raise InvalidValue(
            f"{'.'.join(change.path)} is not a list.",
            "append() needs a list; set() replaces the value.",
        )
    check_room(change, len(value))
    return [*value, *change.values]
