"""Keys: conversion of typed values, checks, and bytes in DynamoDB's order."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Protocol
from uuid import UUID

from oort.model import limits
from oort.model.errors import InvalidValue
from oort.model.items import Item, Key, KeyPart, PartForm, Value
from oort.rules.types import numbers

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Keyed(Protocol):
    """The common attributes of a table and an index."""

    @property
    def partition(self) -> str:
        """The attribute that groups items."""

    @property
    def sort(self) -> str | None:
        """The attribute that orders items, if any."""


def part(value: object) -> KeyPart:
    """Return the key attribute of a typed value.

    Times become UTC with six digits, so that they sort as text.

    >>> part(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000000Z'
    """
    if type(value) is str:
        return value
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidValue(
                f"{value!r} has no time zone.",
                "A key needs an aware time: datetime.now(UTC) or ctx.now.",
            )
        return _time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return numbers.narrowed(value)
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise InvalidValue(
        f"{value!r} cannot be a key.",
        "Keys are str, int, float, Decimal, date, datetime (with a time zone), UUID or Enum.",
    )


def formed(value: object, form: PartForm) -> KeyPart:
    """Return the key attribute of a typed value, in the form of its declared type.

    Raises InvalidValue for a text where the type has numbers, for a number where it has texts, and
    for an int that no float holds.

    >>> formed(2, "float")
    2
    """
    result = part(value)
    if form != "any" and isinstance(result, str) is not (form == "text"):
        kind = "text" if form == "text" else "number"
        raise InvalidValue(
            f"{value!r} is not a {kind}, as its declared type is.", "Pass a value of the type."
        )
    if form == "float" and isinstance(result, int) and not numbers.is_float(result):
        raise InvalidValue(
            f"No float holds {value!r}: it would be read back as another key.",
            "Declare an int or a Decimal for numbers with more digits.",
        )
    return result


def _time(value: datetime) -> str:
    try:
        # strftime does not pad years below 1000 on every platform.
        return value.astimezone(UTC).strftime(_TIME).zfill(27)
    except OverflowError as error:
        raise InvalidValue(
            f"{value!r} lies outside the years 1 to 9999 in UTC.", "Use a time within them."
        ) from error


def check(key: Sequence[KeyPart]) -> None:
    """Raise InvalidValue if a part is empty, too long, or not a storable number."""
    for value, most in zip(key, (limits.PARTITION_KEY_BYTES, limits.SORT_KEY_BYTES), strict=False):
        if not isinstance(value, str):
            numbers.check(value, at="the key")
            continue
        if not value.isascii():
            numbers.check(value, at="the key")
        if not value:
            raise InvalidValue(
                "A key is empty.",
                "DynamoDB refuses empty keys, and so does the engine: give it a value.",
            )
        if len(value.encode()) > most:
            raise InvalidValue(
                f"A key has {len(value.encode())} bytes; at most {most} are allowed.",
                "Shorten or hash it.",
            )


def of(item: Item, keyed: Keyed) -> Key | None:
    """Return the key of an item in a table or an index; None if an attribute is missing.

    A sparse index leaves such an item out.
    """
    first = comparable(item.get(keyed.partition))
    if first is None or keyed.sort is None:
        return None if first is None else (first,)
    second = comparable(item.get(keyed.sort))
    return None if second is None else (first, second)


def ordered(value: KeyPart) -> bytes:
    """Return bytes in the order of the values: numbers by value, then strings by UTF-8 bytes.

    A float stands for its printed decimal number, as DynamoDB stores it. InvalidValue for NaN and
    infinity.

    >>> ordered(-2.5) < ordered(3) < ordered(10) < ordered("a") < ordered("é")
    True
    """
    if isinstance(value, str):
        return b"s" + value.encode(errors="surrogatepass")
    number = numbers.exact(value)
    if not number.is_finite():
        raise InvalidValue(f"{value!r} has no order.", "Compare with finite numbers only.")
    if not number:
        return b"n1"
    if number > 0:
        return b"n2" + _magnitude(number)
    return b"n0" + bytes(255 - byte for byte in _magnitude(number)) + b"\xff"


def _magnitude(number: Decimal) -> bytes:
    """Return exponent and digits, without the sign.

    Never abs(): it rounds to the context's 28 digits.
    """
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    return (number.adjusted() + 0x8000).to_bytes(2, "big") + digits.encode()


def comparable(value: Value) -> KeyPart | None:
    """Return the value if it has an order; None otherwise."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    return None
