"""Invocations: the caller and the context, what a target hands to the runtime, and what it gets back.

All of it can be serialised, so that a worker process can stand in between. Spans tell what an invocation and each of its
operations did, and when; W3C trace context names them.
"""

from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from oort.model.messages import Delivery, Fault
from oort.model.operations import Answered, Objected


class Principal(msgspec.Struct, frozen=True):
    """Who makes a request: the subject of a verified token.

    Ask for it in a private route's handler; on a public route write `Principal | None`.
    """

    id: str
    groups: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """What a handler may know of its invocation.

    `message_id` stays the same when a message is delivered again; for a request it is new each time. `attempt` counts from 1.
    """

    message_id: str
    attempt: int
    now: datetime
    deadline: datetime

    def remaining(self, now: datetime) -> timedelta:
        """The time left before the invocation is ended."""
        return self.deadline - now


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One timed step. Times are nanoseconds; `start` counts from the Unix epoch."""

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
    """One line of a list of traces."""

    trace: str
    name: str
    start: int
    duration: int
    spans: int
    errors: int
    services: tuple[str, ...]


class HttpInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """A request that the gateway let through."""

    id: str
    token: str
    traceparent: str
    path: dict[str, str]
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]  # lower-case names
    body: bytes
    principal: Principal | None


class BatchInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of one queue."""

    id: str
    token: str
    deliveries: tuple[Delivery, ...]


class CallInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """A question of another function, which waits."""

    id: str
    token: str
    traceparent: str
    body: bytes


Invocation: TypeAlias = HttpInvocation | BatchInvocation | CallInvocation


class HttpOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The reply. `entered` says whether the handler ran; `error` holds the traceback of one that failed, never sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    entered: bool
    error: str = ""
    spans: tuple[Span, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery that failed. Before `after` seconds have passed it would fail again."""

    receipt: str
    error: str  # one line
    traceback: str
    after: float = 0.0


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery that its consumer cannot read, now or at a next attempt. The handler was not entered."""

    receipt: str
    fault: Fault


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The partial batch response: deliveries that are not listed succeeded."""

    failures: tuple[Failure, ...]
    parked: tuple[Parked, ...] = ()
    spans: tuple[Span, ...] = ()


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, or what was objected. `error` holds the traceback of a handler that failed."""

    result: Answered | Objected
    error: str = ""
    spans: tuple[Span, ...] = ()
