"""Conversion between typed values and their stored or sent forms: the door of a process.

Whatever a handler writes, sends, publishes, calls or answers is held against its declared type
here, before it leaves. What does not fit raises InvalidValue, an error of the handler.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded, Unreadable
from oort.model.items import Item, Key, KeyPart, PartForm, Value
from oort.model.problems import Problem
from oort.rules.tables import keys
from oort.rules.types import numbers

if TYPE_CHECKING:
    from oort.rules.types.values import Values

T = TypeVar("T")


def plain(value: object, kind: object) -> Value:
    """Return a value of the type in the types of JSON, as a table stores it.

    Aware times get their form in keys, so that `equals`, `between` and indexes compare equal texts.
    Decimals are numbers. Raises InvalidValue for a value that does not fit the type or cannot be
    stored.
    """
    result: Value = _stored(_plain(value, kind, keep=(datetime, Decimal), most=limits.ITEM_BYTES))
    # The broker checks the numbers again; here the traceback shows the line of the handler.
    numbers.check(result)
    return result


def texts(value: object) -> Value:
    """Return a value as earlier versions stored it, with Decimals as texts."""
    result: Value = _stored(_plain(value, Any, keep=(datetime,)))
    return result


def item(value: object, kind: type, *, attributes: frozenset[str]) -> Item:
    """Return a value of the type as an item.

    `attributes` belong to keys and indexes; they get their sortable form.
    """
    result = plain(value, kind)
    if not isinstance(result, dict):
        raise InvalidValue(
            f"{type(value).__name__} is not an object.", "A table stores Structs and dataclasses."
        )
    for name in attributes:
        part_value = getattr(value, name, None)
        if part_value is not None:
            result[name] = part(part_value, kind, name)
    return result


def key(value: object, kind: type, *, names: Sequence[str]) -> Key:
    """Return the typed key of an item: a value, or a tuple of two for a table with a sort key."""
    parts = len(names)
    values: tuple[object, ...] = (value,)
    if parts > 1:
        values = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
    if len(values) != parts:
        raise InvalidValue(
            f"{value!r} is not a key of this table.", f"The key is a tuple of {parts} values."
        )
    return tuple(part(each, kind, name) for each, name in zip(values, names, strict=True))


def part(value: object, kind: type, name: str) -> KeyPart:
    """Return a value of a field of an item as part of a key.

    Raises InvalidValue for a value that cannot be this part.
    """
    return keys.formed(value, _part_form(kind, name))


def typed(value: Item, kind: type[T], *, where: str) -> T:
    """Return the item as the table's type. Raises Unreadable if the stored item does not fit."""
    try:
        result: T = _values(kind).convert(value)
        return result
    except (msgspec.ValidationError, Problem) as error:  # a problem of `__post_init__` is no reply
        raise Unreadable(
            f"An item of {where} does not fit {kind.__name__}: {error}.",
            "Give new fields a default, or write an upgrade: upgrades=[…].",
        ) from error


def body(value: object, kind: object) -> bytes:
    """Return a message of the type as JSON without duplicate members in an object.

    Raises LimitExceeded above 256 KiB.
    """
    result = _plain(value, kind, most=limits.MESSAGE_BYTES)
    try:
        encoded = msgspec.json.encode(result)
    except ValueError:
        numbers.check_message(result)  # says which value
        raise
    if len(encoded) > limits.MESSAGE_BYTES:  # first, since it costs less than the values
        raise LimitExceeded(
            f"{type(value).__name__} has {len(encoded):,} bytes; "
            f"a message holds {limits.MESSAGE_BYTES:,}.",
            "Store the data in a table or a bucket and send its key.",
        )
    numbers.check_message(result)
    return encoded


def written(value: object, kind: object) -> bytes:
    """Return a value of the type as JSON. Raises InvalidValue if it does not fit."""
    try:
        return _values(kind).write(value)
    except _ERRORS as error:
        raise _misfit(value, kind, error) from error


def read(data: bytes, kind: object) -> object:
    """Return JSON as the type. Raises msgspec's errors, UnicodeDecodeError or RecursionError."""
    return _values(kind).read(data)


def converted(value: object, kind: object) -> object:
    """Return a value in the types of JSON as the type. Raises msgspec's ValidationError."""
    return _values(kind).convert(value)


def readable(kind: object) -> None:
    """Raise TypeError for a type that JSON cannot have."""
    _values(kind)


def is_json(kind: object) -> bool:
    """Return True if JSON can have the values of the type."""
    from oort.rules.types import reading

    return not reading.problem(kind)


def compared(value: object, kind: object) -> None:
    """Raise InvalidValue for a value that a condition cannot compare with values of the type."""
    from oort.rules.types import instances, reading  # for conditions only

    shape = reading.compiled(kind)
    if value is not None and (misfit := instances.misfit(shape, value)) is not None:
        raise _misfit(value, kind, msgspec.ValidationError(misfit.message))


def held(value: object, kind: object) -> None:
    """Raise InvalidValue for a value that does not fit the type."""
    if isinstance(kind, type) and not isinstance(value, kind):
        actual, declared = _titles(value, kind)
        raise InvalidValue(f"{actual} is not {declared}.", _INSTEAD)
    _plain(value, kind)


def reasons(value: object, kind: object, error: Exception) -> list[str]:
    """Return why a value does not fit the type, each reason with its place."""
    from oort.rules.types import judges, models, validation  # for mistakes only

    if judges.NOT_FINITE in str(error):  # JSON would have null there
        return [str(error)]
    try:
        raw = msgspec.json.decode(msgspec.json.encode(models.builtins(value)))
        violations = validation.violations(validation.compiled(kind), raw)
    except _ERRORS:
        violations = []
    return [f"{each.pointer or '/'}: {each.detail}" for each in violations] or [str(error)]


def title(kind: object) -> str:
    """Return the name of a type, for people."""
    return getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)


# The types of times and Decimals, and of what can hold them.
_CHANGED = frozenset({datetime, Decimal, dict, list, tuple})
_INSTEAD = (
    "This value was not written or sent; earlier writes of the handler stay. "
    "Make the value fit the declared type, or change the type."
)
_ERRORS = (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError, Problem)


def _plain(
    value: object, kind: object, *, keep: tuple[type, ...] = (), most: int = sys.maxsize
) -> Value:
    try:
        return _values(kind).plain(value, keep=keep, most=most)
    except _ERRORS as error:
        raise _misfit(value, kind, error) from error


def _misfit(value: object, kind: object, error: Exception) -> InvalidValue:
    why = "; ".join(reasons(value, kind, error))
    actual, declared = _titles(value, kind)
    return InvalidValue(f"{actual} does not fit {declared}: {why}.", _INSTEAD)


def _titles(value: object, kind: object) -> tuple[str, str]:
    """Return the names of both types, with their modules if two classes have one name."""
    from oort.rules.types import instances  # for mistakes only

    actual = type(value)
    return instances.name(actual, beside=kind), instances.name(kind, beside=actual)


def _values(kind: object) -> "Values[Any]":
    try:
        return _kept(kind)
    except TypeError:  # some types cannot be hashed
        return _compiled(kind)


def _compiled(kind: Any) -> "Values[Any]":
    from oort.rules.types.values import compiled  # at the first value, not at a cold start

    return compiled(kind)


# A handler may write `list[int]` anew in each call.
_kept = lru_cache(maxsize=1000)(_compiled)


@lru_cache(maxsize=1000)
def _part_form(kind: type, name: str) -> PartForm:
    from oort.rules.types.reading import part_form  # at the first key, not at a cold start

    return part_form(kind, name)


def _stored(value: Any) -> Any:
    """Return the value with its times as text and its Decimals as numbers of tables.

    Lists and objects are changed in place. A time without a zone is not a point in time and keeps
    its written form.
    """
    if isinstance(value, Decimal):
        return numbers.narrowed(value)
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else keys.part(value)
    if isinstance(value, tuple):
        return [_stored(inner) for inner in cast(tuple[Value, ...], value)]
    if isinstance(value, dict | list):
        places = cast(dict[Any, Any], value)  # a list is changed in the same way
        for place, inner in places.items() if isinstance(value, dict) else enumerate(places):
            if type(inner) in _CHANGED:
                places[place] = _stored(inner)
    return cast(Any, value)
