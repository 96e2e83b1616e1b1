"""The connection between an environment's handles and the broker.

It creates messages, adds the token, and records a span for each operation.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from oort.model.errors import ConditionFailed, InvalidUse, NoSuchItem, TimedOut
from oort.model.invocations import Span
from oort.model.messages import Message, Older
from oort.model.operations import (
    CallFunction,
    ClaimEffect,
    Commit,
    FinishEffect,
    Lease,
    Mark,
    Objected,
    Operation,
    Refused,
    ReleaseEffect,
    Request,
    Result,
)
from oort.rules import identifiers

if TYPE_CHECKING:
    from oort.ports.broker import Broker
    from oort.ports.clock import Clock
    from oort.ports.entropy import Entropy

# A failed if_absent= or when= is an answer to the program, not an error.
_ANSWERS = frozenset({ConditionFailed.code, NoSuchItem.code})
_SERVER = 500
_NEVER = float("inf")
_SPANS = (1 << 64) - 1  # the highest id of a span
_START = attrgetter("start")


@dataclass(slots=True)
class _Tools:
    """What an environment and its invocations share, with the spans that wait to be taken."""

    service: str
    broker: "Broker"
    clock: "Clock"
    entropy: "Entropy"
    spans: list[Span] = field(default_factory=list[Span])


class _Link(ABC):
    """The operations of the running invocation."""

    __slots__ = ("_tools",)

    def __init__(self, tools: _Tools) -> None:
        self._tools = tools

    def perform(self, operation: Operation) -> Result:
        """Send the operation to the broker and record a span."""
        step, tools = self._running(), self._tools
        started = tools.clock.tick()
        if started > step.ends:
            step.check_time(started)
        span = step.next_span()
        if isinstance(operation, CallFunction):  # this is the parent of the other function's span
            operation = msgspec.structs.replace(
                operation, traceparent=identifiers.traceparent(step.trace, span)
            )
        error = "interrupted"
        try:
            result = tools.broker.perform(Request(step.token, operation))
            error = _error(result)
            if isinstance(operation, Commit) and not isinstance(result, Refused):
                step.mark = None
            return result
        finally:
            tools.spans.append(
                Span(
                    trace=step.trace,
                    id=span,
                    parent=step.span,
                    name=title(operation),
                    kind="operation",
                    service=tools.service,
                    start=step.start + started - step.started,
                    duration=tools.clock.tick() - started,
                    error=error,
                )
            )

    def message(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int = 0,
        older: tuple[Older, ...] = (),
    ) -> Message:
        """Return a message with a new id, the time and the trace of this invocation."""
        step = self._running()
        now = self._tools.clock.now()
        return Message(
            id=identifiers.new(now, self._tools.entropy.bits),
            name=name,
            body=body,
            key=key,
            version=version,
            traceparent=identifiers.traceparent(step.trace, step.span),
            sent=now.timestamp(),
            oldest=oldest,
            older=older,
            checked=True,  # `codecs.body` made it
        )

    def mark(self) -> Mark | None:
        """Return the inbox mark until a transaction has committed with it.

        A refused transaction left no mark, so the next transaction takes the mark.
        """
        return self._running().mark

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        delivery = self._running().delivery
        if delivery is None:
            raise InvalidUse(
                "once() needs a delivery.",
                "Use Once in a consumer, or send a message to a worker with Once.",
            )
        return Lease(
            delivery.function, delivery.message, name, f"{self._tools.entropy.bits(128):032x}"
        )

    @abstractmethod
    def _running(self) -> "_Step":
        """Return the invocation. Raises InvalidUse outside of it."""


class EnvironmentLink(_Link):
    """The link of an environment, which runs an invocation at a time.

    `begin` and `end` surround each invocation. The ports of providers keep this link; the handles
    of a handler have the link of their invocation, see `own`.
    """

    __slots__ = ("_step",)

    def __init__(
        self, *, service: str, broker: "Broker", clock: "Clock", entropy: "Entropy"
    ) -> None:
        super().__init__(_Tools(service, broker, clock, entropy))
        self._step: _Step | None = None

    def begin(
        self,
        *,
        name: str,
        kind: str,
        token: str,
        traceparent: str,
        mark: Mark | None,
        detail: dict[str, str],
        timeout: timedelta | None = None,
    ) -> str:
        """Start an invocation and return its trace id. Its handles work until the time-out."""
        parent = identifiers.parent_of(traceparent)
        trace, parent_span = parent or (identifiers.new_trace(self._tools.entropy.bits), "")
        number, started = self._tools.entropy.bits(64) or 1, self._tools.clock.tick()
        self._step = _Step(
            name=name,
            kind=kind,
            service=self._tools.service,
            token=token,
            trace=trace,
            parent=parent_span,
            span=f"{number:016x}",
            number=number,
            mark=mark,
            delivery=mark,
            started=started,
            start=nanoseconds(self._tools.clock),
            ends=_NEVER if timeout is None else started + timeout.total_seconds() * 1e9,
            detail=detail,
            timeout=timeout,
        )
        return trace

    def check_time(self) -> None:
        """Raise TimedOut if the invocation has used its time."""
        self._running().check_time(self._tools.clock.tick())

    def end(self, *, error: str = "") -> None:
        """End the invocation and record its span."""
        step = self._running()
        self._step = None
        self._tools.spans.append(
            step.finished(duration=self._tools.clock.tick() - step.started, error=error)
        )

    def own(self) -> "InvocationLink":
        """Return the link of the running invocation."""
        return InvocationLink(self._tools, self, self._running())

    def is_running(self, step: "_Step") -> bool:
        """True until the end of the invocation."""
        return self._step is step

    def take_spans(self) -> tuple[Span, ...]:
        """Return the spans since the last call, oldest first."""
        spans, self._tools.spans = self._tools.spans, []
        return tuple(sorted(spans, key=_START))

    def _running(self) -> "_Step":
        if self._step is None:
            raise InvalidUse(
                "A handle was used outside an invocation.",
                "Use handles while the handler runs; do not keep them.",
            )
        return self._step


class InvocationLink(_Link):
    """The link of an invocation, for its handles. It refuses after the end.

    So a thread that outlives its handler cannot use the rights of the next invocation.
    """

    __slots__ = ("_environment", "_step")

    def __init__(self, tools: _Tools, environment: EnvironmentLink, step: "_Step") -> None:
        super().__init__(tools)
        self._environment = environment
        self._step = step

    def _running(self) -> "_Step":
        if not self._environment.is_running(self._step):
            raise InvalidUse(
                "A handle was used after the end of its invocation.",
                "Wait in the handler for the threads that use its handles.",
            )
        return self._step


# Made for each invocation: a Struct costs a tenth of a dataclass.
class _Step(msgspec.Struct, kw_only=True, eq=False):
    """A running invocation.

    `number` is the latest id of a span. Only the first is drawn: the spans of the operations count on
    from it.
    """

    name: str
    kind: str
    service: str
    token: str
    trace: str
    parent: str
    span: str
    number: int
    started: int
    start: int
    ends: float
    mark: Mark | None = None
    timeout: timedelta | None = None
    delivery: Mark | None = None  # the delivery, also after its mark was used
    detail: dict[str, str] = msgspec.field(default_factory=dict[str, str])

    def check_time(self, now: int) -> None:
        """Raise TimedOut if the step has used its time."""
        if self.timeout is not None and now > self.ends:
            raise TimedOut(self.timeout)

    def next_span(self) -> str:
        """Return the id of another span, never 0."""
        self.number = (self.number + 1) & _SPANS or 1
        return f"{self.number:016x}"

    def finished(self, *, duration: int, error: str) -> Span:
        """Return the span of the step."""
        return Span(
            trace=self.trace,
            id=self.span,
            parent=self.parent,
            name=self.name,
            kind=self.kind,
            service=self.service,
            start=self.start,
            duration=duration,
            error=error,
            detail={name: _encodable(text) for name, text in self.detail.items()}
            if self.detail
            else {},
        )


def _encodable(text: str) -> str:
    """Return text for a span: the id of a message comes from outside."""
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


def nanoseconds(clock: "Clock") -> int:
    """Return the wall-clock time in nanoseconds since the Unix epoch."""
    return int(clock.now().timestamp() * 1_000_000) * 1000


def title(operation: Operation) -> str:
    """Return the name of the operation's span, for example `put accounts.people`."""
    tag = str(operation.__struct_config__.tag)
    match operation:
        case Commit(writes=writes):
            return f"commit {', '.join(title(write) for write in writes)}"
        case ClaimEffect() | FinishEffect() | ReleaseEffect():
            return f"{tag} {operation.lease.name}"
        case _:
            return f"{tag} {operation.resource}"


def _error(result: Result) -> str:
    """Return the error of the span; empty after a success and after a failed condition."""
    if isinstance(result, Objected):
        return str(result.status) if result.status >= _SERVER else ""
    if isinstance(result, Refused) and result.code not in _ANSWERS:
        return result.code
    return ""
