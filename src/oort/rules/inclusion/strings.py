"""Facts about patterns and formats of strings. `rules.patterns` answers for patterns; if it cannot, the
answer is "uncertain".
"""

import re
from collections.abc import Collection, Iterator

from oort.rules.patterns import searches

_PLAIN = r"(?:[A-Za-z0-9 _:/@#%&=,;~-]|\\[./-])*"
_CHOICE = re.compile(rf"\^({_PLAIN})(?:\((?:\?:)?({_PLAIN}(?:\|{_PLAIN})*)\))?({_PLAIN})\$")
# What each format certainly requires.
_LOOSE = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\d[^]\d\d:\d\d:\d\d[^]*",
    "date-time-local": r"\d{4}-\d\d-\d\d[^]\d\d:\d\d:\d\d(\.\d+)?",
    "time": r"\d\d:\d\d:\d\d[^]*",
    "time-local": r"\d\d:\d\d:\d\d(\.\d+)?",
    "duration": r"P[^]+",
    "uuid": r"[0-9A-Fa-f-]{36}",
    "email": r"[^]+@[^]+",
    "ipv4": r"\d+\.\d+\.\d+\.\d+",
    "ipv6": r"[0-9A-Fa-f:.%]+",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^]*",
    "decimal": r"[^]*\d[^]*",
    "hostname": r"[0-9A-Za-z._-]+",
    "idn-email": r"[^]+@[^]+",
    "iri": r"[A-Za-z][A-Za-z0-9+.-]*:[^]*",
    "uri-reference": r"[!-~]*",
    "json-pointer": r"(\/[^]*)?",
    "relative-json-pointer": r"\d[^]*",
}
SAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-local": "2026-01-31T12:00:00",
    "time": "12:00:00Z",
    "time-local": "12:00:00",
    "duration": "P1D",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "decimal": "9.90",
    "hostname": "example.com",
    "idn-email": "ada@example.com",
    "iri": "https://example.com/",
    "uri-reference": "/a/b",
    "json-pointer": "/a/b",
    "relative-json-pointer": "1/a",
}


_SIZES = (0, 1, 2, 3, 4, 8, 12)  # least lengths of examples


def matches(pattern: str, text: str) -> bool | None:
    """True if the pattern is in the text; None if the pattern is not understood."""
    return searches.matches(pattern, text)


def required(patterns: Collection[str], formats: Collection[str]) -> list[str]:
    """Return the understood patterns, and patterns for what the formats certainly require."""
    return [
        *(pattern for pattern in sorted(patterns) if matches(pattern, "") is not None),
        *(f"^(?:{_LOOSE[name]})$" for name in sorted(formats) if name in _LOOSE),
    ]


def text(
    wanted: Collection[str],
    unwanted: Collection[str] = (),
    *,
    least: int = 0,
    most: int | None = None,
) -> str | None:
    """Return a short text that matches all wanted patterns and no unwanted one; None if uncertain."""
    try:
        return searches.shortest(
            [*required(wanted, ())], [*required(unwanted, ())], least=least, most=most
        )
    except searches.Open:
        return None


def never(
    wanted: Collection[str],
    unwanted: Collection[str] = (),
    *,
    least: int = 0,
    most: int | None = None,
) -> bool:
    """True if certainly no text matches all wanted patterns and no unwanted one."""
    try:
        return searches.shortest([*wanted], [*unwanted], least=least, most=most) is None
    except searches.Open:
        return False


def implies(narrow: str, wide: str) -> bool:
    """True if certainly every text that matches `narrow` matches `wide`."""
    return narrow == wide or never([narrow], [wide])


def apart(left: str, right: str) -> bool:
    """True if certainly no text can match both."""
    return never([left, right])


def spelt_out(pattern: str) -> list[str]:
    """Return all matching texts, if the pattern is a word or a choice of words; else none."""
    match = _CHOICE.fullmatch(pattern)
    if match is None:
        return []
    words = [match[1] + way + match[3] for way in (match[2] or "").split("|")]
    return [word.replace("\\", "") for word in words]


def conforms(name: str, text: str) -> bool | None:
    """True if the text has the format; None if uncertain."""
    if text == SAMPLES.get(name):
        return True
    return (
        False
        if name in _LOOSE and searches.matches(f"^(?:{_LOOSE[name]})$", text) is False
        else None
    )


def examples(pattern: str) -> Iterator[str]:
    """Yield some texts that match the pattern, short and long; none if it is not understood."""
    if matches(pattern, "") is None:
        return
    written = (text([pattern], least=least) for least in _SIZES)
    yield from dict.fromkeys(example for example in written if example is not None)
