"""Conditions, changes and ranges as DynamoDB's expressions. They mean what `rules.conditions` does; the adapters send them.

Names and values never stand in the text itself: words like `#0` and `:0` stand for them, so nothing has to be escaped and no
reserved word can get in the way.
"""

from dataclasses import dataclass, field

from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.items import (
    AddTo,
    All,
    AppendTo,
    Between,
    Change,
    Condition,
    Equals,
    Item,
    KeyPart,
    Path,
    Remove,
    SetTo,
    Value,
)
from oort.rules.cloud.deployed import InboxTable
from oort.rules.tables import attributes, keys
from oort.rules.tables.attributes import Attributes
from oort.rules.types import numbers

# No attribute has this name, so that removing it changes nothing: a transaction's update needs an expression.
_NOBODY = "~"


@dataclass(frozen=True, slots=True)
class Expression:
    """What one request says, and what its words stand for. An empty text is not sent."""

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
    """The words of one expression."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Attributes = {}
        self._known: dict[str, str] = {}

    def path(self, path: Path) -> str:
        """The text that leads to an attribute."""
        return ".".join(self._name(name) for name in path)

    def value(self, value: Value) -> str:
        """The word for a value."""
        word = f":{len(self.values)}"
        self.values[word] = attributes.attribute(value)
        return word

    def finished(self, *, condition: str = "", update: str = "", key: str = "") -> Expression:
        """The expression of these texts."""
        return Expression(condition, update, key, self.names, self.values)

    def _name(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = f"#{len(self._known)}"
            self.names[self._known[name]] = name
        return self._known[name]


def put(when: Condition | None, *, key: str, if_absent: bool = False) -> Expression:
    """What a put asks of the item that it replaces. `key` is the attribute that every item has."""
    words = _Words()
    absent = f"attribute_not_exists({words.path((key,))})" if if_absent else ""
    return words.finished(condition=_both(absent, _held(words, when, key)))


def delete(when: Condition | None, *, key: str) -> Expression:
    """What a delete asks: with a condition, also that the item is there."""
    words = _Words()
    return words.finished(
        condition="" if when is None else _both(_there(words, key), _held(words, when, key))
    )


def check(when: Condition, *, key: str) -> Expression:
    """A condition alone, which DynamoDB wants to have a text."""
    words = _Words()
    return words.finished(condition=_held(words, when, key) or _always(words, key))


def update(
    changes: tuple[Change, ...],
    when: Condition | None,
    *,
    key: str,
    indexed: frozenset[str] = frozenset(),
    nulls: frozenset[Path] = frozenset(),
) -> Expression:
    """Changes to an item that is there. At the paths of `nulls` there is a null, which counts as missing.

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
            sets.append(f"{words.path(change.path)} = {_new(words, change, nulls)}")
    text = _update(words, sets, removals)
    kept = [_is_null(words, change.path) for change in changes if change.path in nulls]
    return words.finished(
        update=text, condition=_both(_there(words, key), _held(words, when, key), *kept)
    )


def creation(
    item: Item, *, key: tuple[str, ...], indexed: frozenset[str] = frozenset()
) -> Expression:
    """A whole new item as an update, for a role that may update but not put. Fails if there is one."""
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
    """An update that always fails and answers with the item: a way to see it with the permission to update alone."""
    words = _Words()
    return words.finished(update=_update(words, [], []), condition=_never(words, key))


def claim(*, key: str, expires: str, now: int) -> Expression:
    """Whether a mark may be made: there is none, or it has expired, though DynamoDB has not taken it away yet."""
    words = _Words()
    return words.finished(
        condition=f"attribute_not_exists({words.path((key,))}) OR {words.path((expires,))} <= {words.value(now)}"
    )


def lease(*, key: str, holder: str, until: float, expires: int, now: float) -> Expression:
    """An update that gives the lease of an effect to the holder, until then, if it is free or the holder's own.

    There is a result once the effect has happened.
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
    """Which part of an index a query reads. With both ends it includes `below`, which the reader must leave out.

    DynamoDB takes one comparison of the sort key, and none that has its lower end and not its upper.
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


def _new(words: _Words, change: SetTo | AddTo | AppendTo | Remove, nulls: frozenset[Path]) -> str:
    """The new value of a change that leaves one."""
    assert not isinstance(change, Remove)
    path = words.path(change.path)
    if isinstance(change, SetTo):
        return words.value(change.value)
    fresh = change.path in nulls
    if isinstance(change, AddTo):
        return (
            words.value(change.amount)
            if fresh
            else f"if_not_exists({path}, {words.value(0)}) + {words.value(change.amount)}"
        )
    added = words.value(change.values)
    return added if fresh else f"list_append(if_not_exists({path}, {words.value([])}), {added})"


def _update(words: _Words, sets: list[str], removals: list[str]) -> str:
    if not sets and not removals:
        removals = [words.path((_NOBODY,))]
    parts = [
        f"SET {', '.join(sets)}" if sets else "",
        f"REMOVE {', '.join(removals)}" if removals else "",
    ]
    return " ".join(part for part in parts if part)


def _held(words: _Words, condition: Condition | None, key: str) -> str:
    """The text of a condition; empty if it always holds."""
    if condition is None:
        return ""
    if isinstance(condition, All):
        return _both(*(_held(words, part, key) for part in condition.parts))
    if isinstance(condition, Equals):
        return _equals(words, condition, key)
    return _between(words, condition, key)


def _equals(words: _Words, condition: Equals, key: str) -> str:
    if condition.value is None:
        return f"(attribute_not_exists({words.path(condition.path)}) OR {_is_null(words, condition.path)})"
    try:
        numbers.check(condition.value)
    except (InvalidValue, LimitExceeded):
        return _never(words, key)  # what cannot be stored is nowhere
    return f"{words.path(condition.path)} = {words.value(condition.value)}"


def _between(words: _Words, condition: Between, key: str) -> str:
    """DynamoDB refuses ends of two kinds, and a lower end above the upper; here the one above has no meaning, and the other none."""
    low, high = condition.low, condition.high
    if keys.ordered(low) > keys.ordered(high):
        return _never(words, key)
    path = words.path(condition.path)
    if isinstance(low, str) != isinstance(high, str):  # text stands behind every number
        return f"{path} >= {words.value(low)}"
    return f"{path} BETWEEN {words.value(low)} AND {words.value(high)}"


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
