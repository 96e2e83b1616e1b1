"""The line from an environment's handles to the broker: it stamps messages, carries the token, and times every operation."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from oort.model.errors import ConditionFailed, InvalidUse, NoSuchItem
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

# What a program asks for with if_absent= or when= is an answer, not an error.
_ANSWERS = frozenset({ConditionFailed.code, NoSuchItem.code})
_SERVER = 500


class EnvironmentLink:
    """One link an environment, which runs one invocation at a time. `begin` and `end` frame each call of a handler."""

    def __init__(
        self, *, service: str, broker: "Broker", clock: "Clock", entropy: "Entropy"
    ) -> None:
        self._service = service
        self._broker = broker
        self._clock = clock
        self._entropy = entropy
        self._step: _Step | None = None
        self.spans: list[Span] = []

    def begin(
        self,
        *,
        name: str,
        kind: str,
        token: str,
        traceparent: str,
        mark: Mark | None,
        detail: dict[str, str],
    ) -> str:
        """A handler is about to be entered; returns the trace it belongs to."""
        parent = identifiers.parent_of(traceparent)
        trace, above = parent or (identifiers.new_trace(self._entropy.bits), "")
        self._step = _Step(
            name=name,
            kind=kind,
            service=self._service,
            token=token,
            trace=trace,
            parent=above,
            span=identifiers.new_span(self._entropy.bits),
            mark=mark,
            delivery=mark,
            started=self._clock.tick(),
            start=nanoseconds(self._clock),
            detail=detail,
        )
        return trace

    def end(self, *, error: str = "") -> None:
        """The handler has returned or raised."""
        step = self._active()
        self._step = None
        self.spans.append(step.finished(duration=self._clock.tick() - step.started, error=error))

    def perform(self, operation: Operation) -> Result:
        """Ask the broker, and record a span."""
        step = self._active()
        inner = _Step(
            name=title(operation),
            kind="operation",
            service=self._service,
            token=step.token,
            trace=step.trace,
            parent=step.span,
            span=identifiers.new_span(self._entropy.bits),
            started=self._clock.tick(),
            start=nanoseconds(self._clock),
        )
        if isinstance(operation, CallFunction):  # the other function's span hangs below this one
            operation = msgspec.structs.replace(
                operation, traceparent=identifiers.traceparent(step.trace, inner.span)
            )
        error = "interrupted"
        try:
            result = self._broker.perform(Request(step.token, operation))
            error = _error(result)
            if isinstance(operation, Commit) and not isinstance(result, Refused):
                step.mark = None
            return result
        finally:
            self.spans.append(
                inner.finished(duration=self._clock.tick() - inner.started, error=error)
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
        """A message with a new id, the time, and the trace of this call."""
        step = self._active()
        now = self._clock.now()
        return Message(
            id=identifiers.new(now, self._entropy.bits),
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
        """The inbox mark, until a block has committed with it: one that was refused left no mark, so the next one takes it."""
        return self._active().mark

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        delivery = self._active().delivery
        if delivery is None:
            raise InvalidUse(
                "once() needs the message of a delivery.",
                "Use it in a consumer, or send a message to a worker that does.",
            )
        return Lease(delivery.function, delivery.message, name, f"{self._entropy.bits(128):032x}")

    def take_spans(self) -> tuple[Span, ...]:
        """The spans since the last time, oldest first."""
        spans, self.spans = tuple(sorted(self.spans, key=lambda span: span.start)), []
        return spans

    def _active(self) -> "_Step":
        if self._step is None:
            raise InvalidUse(
                "A handle was used outside an invocation.",
                "Use handles while the handler runs; do not keep them.",
            )
        return self._step


@dataclass(slots=True, kw_only=True)
class _Step:
    """One call of a handler or one operation, while it runs."""

    name: str
    kind: str
    service: str
    token: str
    trace: str
    parent: str
    span: str
    started: int
    start: int
    mark: Mark | None = None
    delivery: Mark | None = None  # of which this is a delivery, whether it was marked or not
    detail: dict[str, str] = field(default_factory=dict[str, str])

    def finished(self, *, duration: int, error: str) -> Span:
        """The span that is left of it."""
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
            detail=self.detail,
        )


def nanoseconds(clock: "Clock") -> int:
    """The wall-clock time in nanoseconds since the Unix epoch."""
    return int(clock.now().timestamp() * 1_000_000) * 1000


def title(operation: Operation) -> str:
    """What a span of the operation is called: `put accounts.people`, `commit 3`."""
    tag = str(operation.__struct_config__.tag)
    match operation:
        case Commit(writes=writes):
            return f"commit {', '.join(title(write) for write in writes)}"
        case ClaimEffect() | FinishEffect() | ReleaseEffect():
            return f"{tag} {operation.lease.name}"
        case _:
            return f"{tag} {operation.resource}"


def _error(result: Result) -> str:
    """What a span says of a result; empty if it went well, or as a condition of the program asked."""
    if isinstance(result, Objected):
        return str(result.status) if result.status >= _SERVER else ""
    if isinstance(result, Refused) and result.code not in _ANSWERS:
        return result.code
    return ""
