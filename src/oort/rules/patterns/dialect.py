"""The patterns of users: written for Python, exported for ECMAScript, with one meaning for both.

A text must match in both languages, so `$` is only the end, `\\d` is `[0-9]`, and a space is a space for
both. What has no equal meaning is refused at load. Types whose patterns msgspec alone reads in this way
do not load this module.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"\\.|\[\^?|\]|\(\?[=!:]|\(\?<[^>]*>|\(|\)|.", re.DOTALL)
_SPACES = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # in both languages
_PYTHON = r"\x1c-\x1f\x85"  # spaces in Python only
_NARROW = f"{_SPACES}", f"{_SPACES}"
_WIDE = rf"\s{_PYTHON}", rf"{_SPACES}{_PYTHON}\ufeff"
_LINE = r"[^\n\r\u2028\u2029]"
_SETS = {r"\d": "0-9", r"\w": "0-9A-Za-z_"}
_OPPOSITES = {r"\D": r"\d", r"\W": r"\w"}


class Foreign(ValueError):
    """A pattern without an equal meaning in both languages. `instead` says what to write."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Dialect:
    """A pattern for JSON Schema, and the same for Python; None if msgspec reads it in this way."""

    exported: str
    enforced: str | None


def checked(pattern: str) -> Dialect:
    """Return a pattern in both languages. Raises Foreign.

    >>> checked(r"^[A-Z]{2}$")
    Dialect(exported='^[A-Z]{2}$', enforced='^[A-Z]{2}\\\\Z')
    >>> checked("^[A-Z]")
    Dialect(exported='^[A-Z]', enforced=None)
    """
    exported, enforced = "", ""
    for ecma, python in _translated(pattern):
        exported += ecma
        enforced += python
    ascii_only = any(word in pattern for word in (r"\d", r"\w"))
    return Dialect(exported, enforced if enforced != pattern or ascii_only else None)


@lru_cache(maxsize=2000)
def translated(pattern: str) -> Dialect:
    """Return a pattern in both languages; unchanged if that is not possible, which `oort check` says."""
    try:
        return checked(pattern)
    except Foreign:
        return Dialect(pattern, None)


@lru_cache(maxsize=2000)
def compiled(pattern: str) -> "re.Pattern[str] | None":
    """Return the expression that texts are held against; None if msgspec's own check is enough."""
    enforced = translated(pattern).enforced
    return None if enforced is None else re.compile(enforced, re.ASCII)


def _translated(pattern: str) -> Iterator[tuple[str, str]]:
    negative, groups = False, list[bool]()
    inside = ""  # the beginning of the class that is open
    for match in _TOKEN.finditer(pattern):
        part = match[0]
        if inside:
            if part == "]":
                inside = ""
                yield part, part
            elif part[0] == "\\":
                yield _in_class(part, negative=negative is not (inside == "[^"))
            else:
                yield part, part
            continue
        if part[0] == "[":
            inside = part
        elif part[0] == "(":
            groups.append(negative)
            negative = negative is not (part == "(?!")
        elif part == ")" and groups:
            negative = groups.pop()
        yield _outside(part, negative=negative)


def _outside(part: str, *, negative: bool) -> tuple[str, str]:
    match part:
        case r"\Z":
            return "$", r"\Z"
        case r"\A":
            return "^", r"\A"
        case "$":
            return (r"(?=\n?$)", r"(?=\n?\Z)") if negative else ("$", r"\Z")
        case ".":
            return (r"[^\n]", r"[^\n]") if negative else (".", _LINE)
        case r"\s" | r"\S":
            wide = negative is not (part == r"\S")
            ecma, python = _WIDE if wide else _NARROW
            sign = "^" if part == r"\S" else ""
            return f"[{sign}{ecma}]", f"[{sign}{python}]"
        case r"\b" | r"\B":
            raise Foreign(
                f"{part} has another meaning in Python than in JSON Schema",
                "Write the characters that may stand there, for example (?:^|[^0-9A-Za-z_]).",
            )
        case r"\D" | r"\W":
            raise _apart(part, f"[^{_SETS[_OPPOSITES[part]]}]")
        case r"\d" | r"\w" if negative:
            raise _apart(part, f"[{_SETS[part]}]")
        case _:
            return part, part


def _in_class(part: str, *, negative: bool) -> tuple[str, str]:
    if part == r"\s":
        return _WIDE if negative else _NARROW
    if part in _SETS and negative:
        raise _apart(part, _SETS[part])
    if part in _OPPOSITES or part == r"\S":
        raise Foreign(
            f"{part} inside a class has another meaning in Python than in JSON Schema",
            "Write the characters themselves.",
        )
    return part, part


def _apart(part: str, instead: str) -> Foreign:
    return Foreign(
        f"{part} stands for all scripts in Python, and for ASCII in JSON Schema",
        f"Write {instead}.",
    )
