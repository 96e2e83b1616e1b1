"""Invocations: the caller, the context, the outcome and the spans.

They are serialisable, for a worker process in between. W3C trace context names the spans.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from oort.model.messages import Delivery, Fault
from oort.model.operations import Answered, Objected


class Principal(msgspec.Struct, frozen=True):
    """The authenticated caller of a request: the subject of a verified token.

    Ask for a Principal in a private route's handler; on a public route write `Principal | None`.
    """

    id: str
    groups: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """The context of an invocation: its message, attempt, time and deadline.

    `message_id` stays the same when a message is delivered again; each request has a new id.
    `attempt` counts from 1.
    """

    message_id: str
    attempt: int
    now: datetime
    deadline: datetime

    def remaining(self, now: datetime) -> timedelta:
        """Return the time left until the invocation is ended."""
        return self.deadline - now


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


def labelled(spans: tuple[Span, ...], version: str) -> tuple[Span, ...]:
    """Return the spans with the version of their service, if it has a name."""
    if not version:
        return spans
    return tuple(
        msgspec.structs.replace(span, detail=span.detail | {"service_version": version})
        for span in spans
    )


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a list of traces."""

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
    lasts: float = 1e9  # seconds until the invocation is ended from outside


class CallInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """A call from another function, which waits for the result."""

    id: str
    token: str
    traceparent: str
    body: bytes


Invocation: TypeAlias = HttpInvocation | BatchInvocation | CallInvocation


class HttpOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The reply. `entered` is true if the handler ran.

    `error` holds the traceback of a failed handler and is never sent to the client.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    entered: bool
    error: str = ""
    spans: tuple[Span, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A failed delivery. Retries before `after` seconds would fail again.

    With `after` the delivery has only waited, for the effect of another delivery: the engine does not count it as an attempt.
    """

    receipt: str
    error: str  # one line
    traceback: str
    after: float = 0.0


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that its consumer cannot read, now or at a later attempt.

    The handler was not entered.
    """

    receipt: str
    fault: Fault


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The partial batch response: every delivery that is not listed succeeded.

    `left` are the receipts of deliveries that did not begin, for want of time.
    """

    failures: tuple[Failure, ...]
    left: tuple[str, ...] = ()
    parked: tuple[Parked, ...] = ()
    spans: tuple[Span, ...] = ()


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer or the problem. `error` holds the traceback of a failed handler."""

    result: Answered | Objected
    error: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The end of one delivery, for the log. `retry` is None when it succeeded, is parked or dead now.

    `alarm` is true for the first message of its event and version that this consumer could not read.
    `version` is that of the service, while several are live.
    """

    function: str
    delivery: Delivery
    attempts: int  # that the queue allows
    failure: Failure | None
    retry: timedelta | None
    duration: timedelta
    parked: Fault | None = None
    alarm: bool = False
    version: str = ""
