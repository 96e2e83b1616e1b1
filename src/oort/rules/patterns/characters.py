"""Sets of characters as ranges of code points, as ECMAScript defines them."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]  # sorted, apart, and with both ends

LAST = 0x10FFFF
EVERY: Ranges = ((0, LAST),)
_READABLE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. /+,:@#?=&%!~"
_SURROGATES = range(0xD800, 0xE000)


def union(parts: Iterable[Ranges]) -> Ranges:
    """Return the characters that are in any part."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for part in parts for pair in part):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), LAST]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def contains(ranges: Ranges, point: int) -> bool:
    """True if the character is in the set."""
    return any(low <= point <= high for low, high in ranges)


def of(text: str) -> Ranges:
    """Return the set of the characters in the text."""
    return union(((ord(sign), ord(sign)),) for sign in text)


DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = union([DIGITS, ((0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))])
# https://tc39.es/ecma262/#prod-WhiteSpace and #prod-LineTerminator
SPACES: Ranges = union([
    of("\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"), ((0x2000, 0x200A),)
])  # fmt: skip
LINE_ENDS: Ranges = of("\n\r\u2028\u2029")


def category(name: str) -> Ranges:
    """Return the characters of a general category such as `Lu`, or of all that begin with `L`."""
    return union(ranges for full, ranges in _categories().items() if full.startswith(name))


@cache
def _categories() -> dict[str, Ranges]:
    import unicodedata  # its tables are large

    runs: dict[str, list[tuple[int, int]]] = {}
    start = 0
    for kind, same in groupby(map(unicodedata.category, map(chr, range(LAST + 1)))):
        size = len(list(same))
        runs.setdefault(kind, []).append((start, start + size - 1))
        start += size
    return {kind: tuple(ranges) for kind, ranges in runs.items()}


def representatives(sets: Iterable[Ranges]) -> list[str]:
    """Return a character for each way of being in some of the sets and not in the others.

    Readable characters come first.
    """
    distinct = list(dict.fromkeys(sets))
    edges = {0} | {edge for part in distinct for low, high in part for edge in (low, high + 1)}
    points = [*map(ord, _READABLE), *sorted(edge for edge in edges if edge <= LAST)]
    kinds: dict[tuple[bool, ...], int] = {}
    for point in points:
        if point not in _SURROGATES:
            kinds.setdefault(tuple(contains(part, point) for part in distinct), point)
    return [chr(point) for point in kinds.values()]
