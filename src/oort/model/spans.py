"""Spans as data: the steps of an invocation with their times, named by W3C trace context."""

import msgspec


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A timed step. Times are nanoseconds; `start` counts from the Unix epoch."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str  # request, function, delivery, operation
    service: str
    start: int
    duration: int
    error: str = ""
    detail: dict[str, str] = msgspec.field(default_factory=dict)


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a list of traces."""

    trace: str
    name: str
    start: int
    duration: int
    spans: int
    errors: int
    services: tuple[str, ...]
