"""The size of a value, as far as a few looks tell it."""

from collections.abc import Iterable, Sized
from typing import cast

from oort.model.items import Value


def exceeds(value: Value, most: int) -> bool:
    """Return True if the value certainly has more bytes, in every form in which it is stored or sent.

    Each element counts as a byte, each text as its characters. A huge list is not walked through.

    >>> exceeds(["a", "bc"], 5), exceeds(["a", "bcd"], 5)
    (False, True)
    """
    left, waiting = most, [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            left -= len(current)
        elif isinstance(current, dict):
            left -= sum(map(len, current))
            waiting.extend(current.values())
        elif isinstance(current, list | tuple):
            left -= len(cast(Sized, current))
            waiting.extend(cast(Iterable[Value], current))
        if left < 0:
            return True
    return False
