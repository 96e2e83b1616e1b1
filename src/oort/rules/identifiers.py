"""Identifiers from a time and random bits: UUIDs in order of time, and W3C trace context."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

Bits: TypeAlias = Callable[[int], int]  # returns the requested number of random bits

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_XRAY_ROOT = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_REQUEST_BITS = 128 + 64 + 74  # of a trace, a span and a UUID of version 7
_SPAN = re.compile(r"[0-9a-f]{16}")


def uuid7(milliseconds: int, random: int) -> str:
    """Return an RFC 9562 version 7 UUID from a Unix time in milliseconds and 74 random bits.

    >>> uuid7(0, 0)
    '00000000-0000-7000-8000-000000000000'
    """
    high, low = random >> 62 & 0xFFF, random & (1 << 62) - 1
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | high << 64 | 2 << 62 | low
    text = f"{value:032x}"  # by hand: the class UUID costs four times as much
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new(now: datetime, bits: Bits) -> str:
    """Return a new id that sorts by time."""
    return uuid7(int(now.timestamp() * 1000), bits(74))


def of_request(milliseconds: int, bits: Bits) -> tuple[str, str, str]:
    """Return the ids of a request: its trace, its span, and its own id in order of time.

    All of them come from one draw, which costs as much as a draw for one of them.
    """
    drawn = bits(_REQUEST_BITS)
    trace, span = drawn >> 138 or 1, drawn >> 74 & (1 << 64) - 1 or 1
    return f"{trace:032x}", f"{span:016x}", uuid7(milliseconds, drawn & (1 << 74) - 1)


def new_trace(bits: Bits) -> str:
    """Return a new trace id, never 0."""
    return f"{bits(128) or 1:032x}"


def new_span(bits: Bits) -> str:
    """Return a new span id, never 0."""
    return f"{bits(64) or 1:016x}"


def traceparent(trace: str, span: str) -> str:
    """Return the W3C header value for a span of a trace; always sampled."""
    return f"00-{trace}-{span}-01"


def parent_of(header: str) -> tuple[str, str] | None:
    """Return (trace, span) of a traceparent header; None if the header is no valid version 00."""
    match = _TRACEPARENT.fullmatch(header.strip().lower())
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return match[1], match[2]


def from_xray(header: str) -> tuple[str, str] | None:
    """Return (trace, span) of an X-Ray trace header; None without a root.

    A missing parent is empty.

    >>> from_xray("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    ('5759e988bd862e3fe1be46a994272793', '53995c3f42cd8ad8')
    """
    parts = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    root, parent = _XRAY_ROOT.fullmatch(parts.get("Root", "")), parts.get("Parent", "")
    if root is None:
        return None
    return root[1] + root[2], parent if _SPAN.fullmatch(parent) else ""


def to_xray(trace: str) -> str:
    """Return a trace id in the form of X-Ray, which accepts any W3C id.

    >>> to_xray("5759e988bd862e3fe1be46a994272793")
    '1-5759e988-bd862e3fe1be46a994272793'
    """
    return f"1-{trace[:8]}-{trace[8:]}"
