"""Invocations and their outcomes. They are serialisable, for a worker process in between."""

from typing import TypeAlias

import msgspec

from oort.model.context import Principal
from oort.model.messages import Delivery, Fault
from oort.model.operations import Answered, Objected
from oort.model.spans import Span


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
    """A failed delivery. Retries before `after` seconds would fail again."""

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
    """The partial batch response: every delivery that is not listed succeeded."""

    failures: tuple[Failure, ...]
    parked: tuple[Parked, ...] = ()
    spans: tuple[Span, ...] = ()


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer or the problem. `error` holds the traceback of a failed handler."""

    result: Answered | Objected
    error: str = ""
    spans: tuple[Span, ...] = ()
