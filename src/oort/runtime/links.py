"""The connection between an environment's handles and the broker.

It creates messages, adds the token, and records a span for each operation.
"""

from dataclasses import dataclass, field
from datetime import timedelta
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


class EnvironmentLink:
    """The link of an environment, which runs an invocation at a time.

    `begin` and `end` surround each invocation. The ports of providers keep this link; the handles
    of a handler have the link of their invocation, see `own`.
    """

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
        timeout: timedelta | None = None,
    ) -> str:
        """Start an invocation and return its trace id. Its handles work until the time-out."""
        parent = identifiers.parent_of(traceparent)
        trace, parent_span = parent or (identifiers.new_trace(self._entropy.bits), "")
        self._step = _Step(
            name=name,
            kind=kind,
            service=self._service,
            token=token,
            trace=trace,
            parent=parent_span,
            span=identifiers.new_span(self._entropy.bits),
            mark=mark,
            delivery=mark,
            started=self._clock.tick(),
            start=nanoseconds(self._clock),
            detail=detail,
            timeout=timeout,
        )
        return trace

    def check_time(self) -> None:
        """Raise TimedOut if the invocation has used its time."""
        self._active().check_time(self._clock.tick())

    def end(self, *, error: str = "") -> None:
        """End the invocation and record its span."""
        step = self._active()
        self._step = None
        self.spans.append(step.finished(duration=self._clock.tick() - step.started, error=error))

    def own(self) -> "InvocationLink":
        """Return the link of the running invocation."""
        return InvocationLink(self, self._active())

    def is_running(self, step: "_Step") -> bool:
        """True until the end of the invocation."""
        return self._step is step

    def perform(self, operation: Operation) -> Result:
        """Send the operation to the broker and record a span."""
        return self.perform_in(self._active(), operation)

    def perform_in(self, step: "_Step", operation: Operation) -> Result:
        """Send the operation to the broker with the token of the invocation."""
        started = self._clock.tick()
        step.check_time(started)
        inner = _Step(
            name=title(operation),
            kind="operation",
            service=self._service,
            token=step.token,
            trace=step.trace,
            parent=step.span,
            span=identifiers.new_span(self._entropy.bits),
            started=started,
            start=nanoseconds(self._clock),
        )
        if isinstance(operation, CallFunction):  # this is the parent of the other function's span
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
        """Return a message with a new id, the time and the trace of this invocation."""
        return self.message_in(
            self._active(),
            name=name,
            body=body,
            key=key,
            version=version,
            oldest=oldest,
            older=older,
        )

    def message_in(
        self,
        step: "_Step",
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int = 0,
        older: tuple[Older, ...] = (),
    ) -> Message:
        """Return a message with the trace of the invocation."""
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
        """Return the inbox mark until a transaction has committed with it.

        A refused transaction left no mark, so the next transaction takes the mark.
        """
        return self._active().mark

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        return self.lease_in(self._active(), name)

    def lease_in(self, step: "_Step", name: str) -> Lease:
        """Return a new claim of the invocation's delivery to the effect of that name."""
        delivery = step.delivery
        if delivery is None:
            raise InvalidUse(
                "once() needs a delivery.",
                "Use Once in a consumer, or send a message to a worker with Once.",
            )
        return Lease(delivery.function, delivery.message, name, f"{self._entropy.bits(128):032x}")

    def take_spans(self) -> tuple[Span, ...]:
        """Return the spans since the last call, oldest first."""
        spans, self.spans = tuple(sorted(self.spans, key=lambda span: span.start)), []
        return spans

    def _active(self) -> "_Step":
        if self._step is None:
            raise InvalidUse(
                "A handle was used outside an invocation.",
                "Use handles while the handler runs; do not keep them.",
            )
        return self._step


class InvocationLink:
    """The link of an invocation, for its handles. It refuses after the end.

    So a thread that outlives its handler cannot use the rights of the next invocation.
    """

    __slots__ = ("_link", "_step")

    def __init__(self, link: EnvironmentLink, step: "_Step") -> None:
        self._link = link
        self._step = step

    def perform(self, operation: Operation) -> Result:
        """Send the operation to the broker and record a span."""
        return self._link.perform_in(self._running(), operation)

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
        return self._link.message_in(
            self._running(),
            name=name,
            body=body,
            key=key,
            version=version,
            oldest=oldest,
            older=older,
        )

    def mark(self) -> Mark | None:
        """See `EnvironmentLink.mark`."""
        return self._running().mark

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        return self._link.lease_in(self._running(), name)

    def _running(self) -> "_Step":
        if not self._link.is_running(self._step):
            raise InvalidUse(
                "A handle was used after the end of its invocation.",
                "Wait in the handler for the threads that use its handles.",
            )
        return self._step


@dataclass(slots=True, kw_only=True)
class _Step:
    """A running invocation or operation."""

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
    timeout: timedelta | None = None
    delivery: Mark | None = None  # the delivery, also after its mark was used
    detail: dict[str, str] = field(default_factory=dict[str, str])

    def check_time(self, now: int) -> None:
        """Raise TimedOut if the step has used its time."""
        timeout = self.timeout
        if timeout is not None and now - self.started > timeout.total_seconds() * 1e9:
            raise TimedOut(timeout)

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
