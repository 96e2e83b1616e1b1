"""Conditions, changes and ranges as DynamoDB expressions, for the adapters of AWS.

The expressions have the meaning of `rules.tables.conditions`. Placeholders such as `#0` and `:0`
stand for names and values, so that no text needs escapes and no reserved word is a problem.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context
from types import MappingProxyType
from typing import TypeAlias

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
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
    KeyPart,
    Number,
    Path,
    Remove,
    SetTo,
    Value,
)
from oort.rules.cloud.deployed import InboxTable
from oort.rules.tables import attributes, conditions, keys
from oort.rules.tables.attributes import Attributes
from oort.rules.types import numbers

# A transaction's update needs an expression. No attribute has this name, so that its removal is no
# change.
_ABSENT = "~"
_EXACT = Context(prec=limits.NUMBER_DIGITS)
# Paths of nulls, which count as missing, and of texts, which are Decimals of earlier versions.
Held: TypeAlias = Mapping[Path, str | None]
_NOTHING: Held = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expression:
    """The expressions of a request, with their placeholders. An empty expression is not sent."""

    condition: str = ""
    update: str = ""
    key: str = ""
    names: dict[str, str] = field(default_factory=dict)
    values: Attributes = field(default_factory=dict)


def parameters(expression: Expression) -> dict[str, object]:
    """The parameters of a request that holds the expression. DynamoDB refuses empty ones."""
    named: dict[str, object] = {
        "ConditionExpression": expression.condition,
        "UpdateExpression": expression.update,
        "KeyConditionExpression": expression.key,
        "ExpressionAttributeNames": expression.names,
        "ExpressionAttributeValues": expression.values,
    }
    sent = {name: value for name, value in named.items() if value}
    return sent if expression.condition or expression.update or expression.key else {}


class _Words:
    """The placeholders of an expression."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Attributes = {}
        self._known: dict[str, str] = {}

    def path(self, path: Path) -> str:
        """Return the path of an attribute, with a placeholder for each name."""
        return ".".join(self._name(name) for name in path)

    def value(self, value: Value) -> str:
        """Return the placeholder of a value."""
        word = f":{len(self.values)}"
        self.values[word] = attributes.attribute(value)
        return word

    def difference(self, left: Number, right: Number) -> str:
        """Return the placeholder of the difference of two numbers, exact to 38 digits."""
        word = f":{len(self.values)}"
        self.values[word] = {"N": str(_EXACT.subtract(numbers.exact(left), numbers.exact(right)))}
        return word

    def finished(self, *, condition: str = "", update: str = "", key: str = "") -> Expression:
        """Return the expression, with the placeholders of its text."""
        return Expression(condition, update, key, self.names, self.values)

    def _name(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = f"#{len(self._known)}"
            self.names[self._known[name]] = name
        return self._known[name]


def put(when: Condition | None, *, key: str, if_absent: bool = False) -> Expression:
    """Return the condition of a put on the replaced item.

    `key` is an attribute that every item has.
    """
    words = _Words()
    absent = f"attribute_not_exists({words.path((key,))})" if if_absent else ""
    return words.finished(condition=_both(absent, _holding(words, when, key)))


def delete(when: Condition | None, *, key: str) -> Expression:
    """Return the condition of a delete. With a condition, the item must exist too."""
    words = _Words()
    return words.finished(
        condition="" if when is None else _both(_there(words, key), _holding(words, when, key))
    )


def check(when: Condition, *, key: str) -> Expression:
    """Return a condition that is checked alone. DynamoDB requires that its text is not empty."""
    words = _Words()
    return words.finished(condition=_holding(words, when, key) or _always(words, key))


def update(
    changes: tuple[Change, ...],
    when: Condition | None,
    *,
    key: str,
    indexed: frozenset[str] = frozenset(),
    held: Held = _NOTHING,
) -> Expression:
    """Return changes to an existing item. `held` are values that DynamoDB cannot add to.

    >>> expression = update((AddTo(("n",), 1),), None, key="id")
    >>> expression.update, expression.condition
    ('SET #0 = if_not_exists(#0, :0) + :1', 'attribute_exists(#1)')
    """
    words = _Words()
    sets: list[str] = []
    removals: list[str] = []
    for change in changes:
        name = change.path[0]
        marked = len(change.path) == 1 and name in indexed
        becomes_null = marked and isinstance(change, SetTo) and change.value is None
        if becomes_null:
            sets.append(f"{words.path((attributes.mark(name),))} = {words.value(None)}")
        elif marked:
            removals.append(words.path((attributes.mark(name),)))
        if becomes_null or isinstance(change, Remove):
            removals.append(words.path(change.path))
        else:
            sets.append(f"{words.path(change.path)} = {_new(words, change, held)}")
    text = _update(words, sets, removals)
    kept = [
        _still(words, change.path, held[change.path])
        if change.path in held
        else _fitting(words, change)
        for change in changes
    ]
    return words.finished(
        update=text, condition=_both(_there(words, key), _holding(words, when, key), *kept)
    )


def creation(
    item: Item, *, key: tuple[str, ...], indexed: frozenset[str] = frozenset()
) -> Expression:
    """Return a new item as an update, for a role that may update but not put.

    Fails if there is an item.
    """
    words = _Words()
    stored = attributes.attributes(item, indexed=indexed)
    sets: list[str] = []
    for name, value in stored.items():
        if name not in key:
            sets.append(f"{words.path((name,))} = {words.value(attributes.value(value))}")
    return words.finished(
        update=_update(words, sets, []), condition=f"attribute_not_exists({words.path((key[0],))})"
    )


def look(*, key: str) -> Expression:
    """Return an update that always fails and returns the item, for a role that may only update."""
    words = _Words()
    return words.finished(update=_update(words, [], []), condition=_never(words, key))


def claim(*, key: str, expires: str, now: int) -> Expression:
    """Return the condition for a new mark: there is none, or the mark has expired.

    DynamoDB deletes expired marks with a delay.
    """
    words = _Words()
    return words.finished(
        condition=f"attribute_not_exists({words.path((key,))}) "
        f"OR {words.path((expires,))} <= {words.value(now)}"
    )


def lease(*, key: str, holder: str, until: float, expires: int, now: float) -> Expression:
    """Return an update that leases an effect until `until`, if no other holder has the lease.

    An effect that has happened has a result, and then the update fails.
    """
    words = _Words()
    names = (InboxTable.HOLDER, InboxTable.UNTIL, InboxTable.EXPIRES)
    owner, ends, gone = (words.path((name,)) for name in names)
    me, moment, result = words.value(holder), words.value(now), words.path((InboxTable.RESULT,))
    sets = [f"{owner} = {me}", f"{ends} = {words.value(until)}", f"{gone} = {words.value(expires)}"]
    free = f"attribute_not_exists({result}) AND ({ends} <= {moment} OR {owner} = {me})"
    return words.finished(
        update=_update(words, sets, [result]),
        condition=f"attribute_not_exists({words.path((key,))}) OR {gone} <= {moment} OR ({free})",
    )


def window(
    keyed: keys.Keyed,
    partition: KeyPart,
    *,
    at_least: KeyPart | None = None,
    below: KeyPart | None = None,
    starts_with: str | None = None,
) -> Expression:
    """Return the range of an index that a query reads.

    With both ends `below` is included; the reader must skip it.

    DynamoDB takes one comparison of the sort key, and none with an inclusive lower and an exclusive
    upper end.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
    """
    words = _Words()
    text = f"{words.path((keyed.partition,))} = {words.value(partition)}"
    if keyed.sort is None or (at_least is None and below is None and starts_with is None):
        return words.finished(key=text)
    sort = words.path((keyed.sort,))
    if starts_with is not None:
        part = f"begins_with({sort}, {words.value(starts_with)})"
    elif at_least is not None and below is not None:
        part = f"{sort} BETWEEN {words.value(at_least)} AND {words.value(below)}"
    elif at_least is not None:
        part = f"{sort} >= {words.value(at_least)}"
    else:
        part = f"{sort} < {words.value(below)}"
    return words.finished(key=f"{text} AND {part}")


def _new(words: _Words, change: SetTo | AddTo | AppendTo | Remove, held: Held) -> str:
    """Return the new value of a change that is not a removal."""
    assert not isinstance(change, Remove)
    path = words.path(change.path)
    if isinstance(change, SetTo):
        return words.value(change.value)
    fresh = change.path in held
    if isinstance(change, AddTo):
        return (
            words.value(conditions.total(held[change.path], change))
            if fresh
            else f"if_not_exists({path}, {words.value(0)}) + {words.value(change.amount)}"
        )
    added = words.value(change.values)
    return added if fresh else f"list_append(if_not_exists({path}, {words.value([])}), {added})"


def _fitting(words: _Words, change: Change) -> str:
    """Return the condition under which the changed attribute fits its type; empty if it always does."""
    path = words.path(change.path) if isinstance(change, AddTo | AppendTo) else ""
    if isinstance(change, AppendTo) and change.most is not None:
        # Also true for a missing list and for a null, which counts as missing.
        return f"attribute_not_exists({path}[{change.most - len(change.values)}])"
    bounds = change.within if isinstance(change, AddTo) else None
    if not isinstance(change, AddTo) or bounds is None or bounds == Bounds():
        return ""
    sides = ((">=", bounds.ge), (">", bounds.gt), ("<=", bounds.le), ("<", bounds.lt))
    fitting = " AND ".join(
        f"{path} {sign} {words.difference(bound, change.amount)}"
        for sign, bound in sides
        if bound is not None
    )
    if conditions.fits(change.amount, bounds):  # a missing number counts as 0
        return f"(attribute_not_exists({path}) OR ({fitting}))"
    return f"({fitting})"


def _update(words: _Words, sets: list[str], removals: list[str]) -> str:
    if not sets and not removals:
        removals = [words.path((_ABSENT,))]
    parts = [
        f"SET {', '.join(sets)}" if sets else "",
        f"REMOVE {', '.join(removals)}" if removals else "",
    ]
    return " ".join(part for part in parts if part)


def _holding(words: _Words, condition: Condition | None, key: str) -> str:
    """The text of a condition; empty if it always holds."""
    if condition is None:
        return ""
    if isinstance(condition, All):
        return _both(*(_holding(words, part, key) for part in condition.parts))
    if isinstance(condition, Equals):
        return _equals(words, condition, key)
    return _between(words, condition, key)


def _equals(words: _Words, condition: Equals, key: str) -> str:
    same = _exactly(words, condition, key)
    if condition.before is None:
        return same
    return f"({same} OR {words.path(condition.path)} = {words.value(condition.before)})"


def _exactly(words: _Words, condition: Equals, key: str) -> str:
    if condition.value is None:
        missing = f"attribute_not_exists({words.path(condition.path)})"
        return f"({missing} OR {_is_null(words, condition.path)})"
    try:
        numbers.check(condition.value)
    except (InvalidValue, LimitExceeded):
        return _never(words, key)  # no item holds a value that cannot be stored
    return f"{words.path(condition.path)} = {words.value(condition.value)}"


def _between(words: _Words, condition: Between, key: str) -> str:
    """Return the text of a range. DynamoDB refuses ends of two types, and ends in the wrong order.

    Ends in the wrong order are never met. With ends of two types only the lower end counts.
    """
    low, high = condition.low, condition.high
    if keys.ordered(low) > keys.ordered(high):
        return _never(words, key)
    path = words.path(condition.path)
    if isinstance(low, str) != isinstance(high, str):  # text is above every number
        return f"{path} >= {words.value(low)}"
    return f"{path} BETWEEN {words.value(low)} AND {words.value(high)}"


def _still(words: _Words, path: Path, held: str | None) -> str:
    """Return the condition that the path still holds a value."""
    return _is_null(words, path) if held is None else f"{words.path(path)} = {words.value(held)}"


def _is_null(words: _Words, path: Path) -> str:
    return f"attribute_type({words.path(path)}, {words.value('NULL')})"


def _there(words: _Words, key: str) -> str:
    return f"attribute_exists({words.path((key,))})"


def _never(words: _Words, key: str) -> str:
    name = words.path((key,))
    return f"(attribute_exists({name}) AND attribute_not_exists({name}))"


def _always(words: _Words, key: str) -> str:
    name = words.path((key,))
    return f"(attribute_exists({name}) OR attribute_not_exists({name}))"


def _both(*parts: str) -> str:
    return " AND ".join(part for part in parts if part)
