"""What a target hands to the runtime, and what it gets back. Serialisable, so that a worker process can stand in between."""

from dataclasses import dataclass
from datetime import timedelta
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


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The end of one delivery, for the log. `retry` is None when it succeeded, is parked or dead now.

    `alarm` is true for the first message of its event and version that this consumer could not read.
    """

    function: str
    delivery: Delivery
    attempts: int  # that the queue allows
    failure: Failure | None
    retry: timedelta | None
    duration: timedelta
    parked: Fault | None = None
    alarm: bool = False
