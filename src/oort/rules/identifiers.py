"""Identifiers from a time and random bits: UUIDs that sort by time, and W3C trace context."""

import re
from uuid import UUID

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def uuid7(milliseconds: int, random: int) -> str:
    """An RFC 9562 version 7 UUID from a Unix time in milliseconds and 74 random bits.

    >>> uuid7(0, 0)
    '00000000-0000-7000-8000-000000000000'
    """
    high, low = random >> 62 & 0xFFF, random & (1 << 62) - 1
    return str(UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | high << 64 | 2 << 62 | low))


def traceparent(trace: str, span: str) -> str:
    """The W3C header value for a span of a trace; always sampled."""
    return f"00-{trace}-{span}-01"


def parent_of(header: str) -> tuple[str, str] | None:
    """(trace, span) of a traceparent header; None if it is not a valid one of version 00."""
    match = _TRACEPARENT.fullmatch(header.strip().lower())
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return match[1], match[2]
