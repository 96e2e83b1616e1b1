"""Items as bytes in the store: msgpack, with extensions for integers beyond 64 bits and Decimals.

Numbers of tables have up to 38 digits.
"""

from decimal import Decimal
from typing import Any

import msgspec

from oort.model.items import Item
from oort.rules.types import numbers

_LARGE_INTEGER, _EXACT_NUMBER = 1, 2
_WIDEST = 2**63
_DEEP = (Decimal, dict, list)


def encoded(item: Item) -> bytes:
    """Return the bytes of an item, whose numbers `numbers.check` has accepted."""
    for value in item.values():
        # msgspec would write a Decimal as a text.
        if isinstance(value, _DEEP) and numbers.hold_decimal([value]):
            return msgspec.msgpack.encode(widened(item))
    try:
        return msgspec.msgpack.encode(item)
    except OverflowError:
        return msgspec.msgpack.encode(widened(item))


def decoded(data: bytes) -> Item:
    """Return the item of bytes from `encoded`."""
    return _decoder.decode(data)


def widened(value: object) -> object:
    """Return the value with extensions instead of large integers and Decimals."""
    if isinstance(value, dict):
        return {name: widened(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [widened(inner) for inner in value]
    if isinstance(value, int) and not -_WIDEST <= value < _WIDEST:
        return msgspec.msgpack.Ext(_LARGE_INTEGER, str(value).encode())
    if isinstance(value, Decimal):
        number = numbers.narrowed(value)
        if not isinstance(number, Decimal):
            return widened(number)
        return msgspec.msgpack.Ext(_EXACT_NUMBER, str(number).encode())
    return value


def narrowed(code: int, data: memoryview) -> int | Decimal:
    """Return the number of an extension. ValueError for another extension."""
    if code == _EXACT_NUMBER:
        return Decimal(bytes(data).decode())
    if code != _LARGE_INTEGER:
        raise ValueError(f"There is no extension {code}.")
    return int(bytes(data))


_decoder = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=narrowed)
