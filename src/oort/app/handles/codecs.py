"""Conversion between typed values and their stored or sent forms.

Keys and numbers are checked before they are stored.
"""

from datetime import datetime
from typing import TypeVar, cast

import msgspec

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded, Unreadable
from oort.model.items import Item, Key, Value
from oort.rules.tables import keys
from oort.rules.types import models, numbers

T = TypeVar("T")


def plain(value: object) -> Value:
    """Return the value in the types of JSON.

    Aware times get their form in keys, so that `equals`, `between` and indexes compare equal texts.
    Raises InvalidValue for a value that cannot be stored.
    """
    result = _timed(_builtins(value, keep=(datetime,)))
    # The broker checks the numbers again; here the traceback shows the line of the handler.
    numbers.check(result)
    return result


def item(value: object, *, attributes: frozenset[str]) -> Item:
    """Return the value as an item.

    `attributes` belong to keys and indexes; they get their sortable form.
    """
    result = plain(value)
    if not isinstance(result, dict):
        raise InvalidValue(
            f"{type(value).__name__} is not an object.", "A table stores Structs and dataclasses."
        )
    for name in attributes:
        part_value = getattr(value, name, None)
        if part_value is not None:
            result[name] = keys.part(part_value)
    return result


def key(value: object, *, parts: int) -> Key:
    """Return a typed key: a value, or a tuple of two values for a table with a sort key."""
    values: tuple[object, ...] = (value,)
    if parts > 1:
        values = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
    if len(values) != parts:
        raise InvalidValue(
            f"{value!r} is not a key of this table.", f"The key is a tuple of {parts} values."
        )
    return tuple(keys.part(part) for part in values)


def typed(value: Item, kind: type[T], *, where: str) -> T:
    """Return the item as the table's type. Raises Unreadable if the stored item does not fit."""
    try:
        return msgspec.convert(value, kind, str_keys=True, dec_hook=models.load)
    except msgspec.ValidationError as error:
        raise Unreadable(
            f"An item of {where} does not fit {kind.__name__}: {error}",
            "Give new fields a default, or migrate the stored items.",
        ) from error


def body(value: object) -> bytes:
    """Return a message as JSON without duplicate members in an object.

    Raises LimitExceeded above 256 KiB.
    """
    result = _builtins(value)
    numbers.check(result)
    # Encode the checked value: of the keys 1 and "1" of a dict, only one is left.
    encoded = msgspec.json.encode(result)
    if len(encoded) > limits.MESSAGE_BYTES:
        raise LimitExceeded(
            f"{type(value).__name__} has {len(encoded):,} bytes; "
            f"a message holds {limits.MESSAGE_BYTES:,}.",
            "Store the data in a table or a bucket and send its key.",
        )
    return encoded


def _builtins(value: object, *, keep: tuple[type, ...] = ()) -> Value:
    try:
        return cast(
            Value,
            msgspec.to_builtins(value, str_keys=True, builtin_types=keep, enc_hook=models.dump),
        )
    except (TypeError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidValue(
            f"{type(value).__name__} cannot be stored: {error}.",
            "Use types that msgspec can encode.",
        ) from error


def _timed(value: Value | datetime) -> Value:
    """Return the value with its times as text.

    A time without a zone is not a point in time and keeps its written form.
    """
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else str(keys.part(value))
    if isinstance(value, dict):
        return {
            name: inner if isinstance(inner, str) else _timed(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [inner if isinstance(inner, str) else _timed(inner) for inner in value]
    return value
