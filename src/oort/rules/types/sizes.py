"""The size of a value, as far as a few looks tell."""

from collections.abc import Iterable, Sized
from contextlib import suppress
from typing import cast

import msgspec

from oort.model.items import Value


def exceeds(value: Value, most: int) -> bool:
    """Return True if the value certainly has more bytes, in every stored or sent form.

    Each element counts as a byte, each text as its characters. A huge list is not walked through.

    >>> exceeds(["a", "bc"], 5), exceeds(["a", "bcd"], 5)
    (False, True)
    """
    with suppress(ValueError, TypeError, msgspec.MsgspecError):  # a text without a form in JSON
        if len(msgspec.json.encode(value)) <= most:  # the usual case, much faster than the walk
            return False
    left, waiting = most, [value]
    while waiting:
        current = waiting.pop()
        inside: Iterable[Value] = ()
        if isinstance(current, str):
            left -= len(current)
        elif isinstance(current, dict):
            left -= sum(map(len, current))
            inside = current.values()
        elif isinstance(current, list | tuple):
            left -= len(cast(Sized, current))
            inside = cast(Iterable[Value], current)
        if left < 0:
            return True
        waiting.extend(inside)
    return False
