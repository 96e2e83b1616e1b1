"""Pagination cursors: opaque text with the position after a page, valid only for its own query.

The checksum detects damage and mix-ups. It is no signature: a forged cursor only moves within a
query that its sender may make anyway. So the store must take the partition from the query and never
from the cursor.
"""

import base64
import hashlib
from decimal import Decimal
from typing import Any, cast

import msgspec

from oort.model.errors import InvalidCursor, InvalidValue
from oort.model.items import Key, Number
from oort.rules.tables import keys
from oort.rules.types import numbers


def issue(last: Key, *, query: tuple[str, ...]) -> str:
    """Return the cursor for the page after `last`.

    `query` names the query: table, index, partition.

    >>> read(issue(("a",), query=("t",)), query=("t",))
    ('a',)
    """
    check = hashlib.blake2b(_encoder.encode((query, last)), digest_size=8).hexdigest()
    return base64.urlsafe_b64encode(_encoder.encode((check, last))).decode().rstrip("=")


def read(cursor: str, *, query: tuple[str, ...]) -> Key:
    """Return the position to continue after.

    Raises InvalidCursor unless the cursor is one of this query.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        _, last = _decoder.decode(raw)
        last = cast(Key, last)
        if any(keys.comparable(part) is None for part in last):
            raise ValueError(last)
        keys.check(last)
    except (ValueError, RecursionError, InvalidValue) as error:
        # msgspec's errors and binascii's are ValueErrors.
        raise InvalidCursor(
            "The cursor was not issued here.", "Start again without a cursor."
        ) from error
    if issue(last, query=query) != cursor:
        raise InvalidCursor(
            "The cursor was not issued for this query.", "Start again without a cursor."
        )
    return last


def _number(text: str) -> Number:
    """Return a number with a point or an exponent as `issue` was given it."""
    number, printed = Decimal(text), float(text)
    return printed if numbers.exact(printed) == number else number


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(tuple[str, tuple[Any, ...]], float_hook=_number)
