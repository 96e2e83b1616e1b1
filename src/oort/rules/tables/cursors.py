"""Pagination cursors: opaque text with the position after a page, valid only for its own query.

The checksum detects damage and mix-ups. It is no signature: a forged cursor only moves within a
query that its sender may make anyway. So the store must take the partition from the query and never
from the cursor.
"""

import base64
import hashlib

import msgspec

from oort.model.errors import InvalidCursor, InvalidValue
from oort.model.items import Key
from oort.rules.tables import keys

_decoder = msgspec.json.Decoder(tuple[str, Key])


def issue(last: Key, *, query: tuple[str, ...]) -> str:
    """Return the cursor for the page after `last`.

    `query` names the query: table, index, partition.

    >>> read(issue(("a",), query=("t",)), query=("t",))
    ('a',)
    """
    check = hashlib.blake2b(msgspec.json.encode((query, last)), digest_size=8).hexdigest()
    return base64.urlsafe_b64encode(msgspec.json.encode((check, last))).decode().rstrip("=")


def read(cursor: str, *, query: tuple[str, ...]) -> Key:
    """Return the position to continue after.

    Raises InvalidCursor unless the cursor is one of this query.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        _, last = _decoder.decode(raw)
        keys.check(last)
    except (ValueError, InvalidValue) as error:  # msgspec's errors and binascii's are ValueErrors
        raise InvalidCursor(
            "The cursor was not issued here.", "Start again without a cursor."
        ) from error
    if issue(last, query=query) != cursor:
        raise InvalidCursor(
            "The cursor was not issued for this query.", "Start again without a cursor."
        )
    return last
