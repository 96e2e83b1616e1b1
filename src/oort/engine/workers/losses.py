"""The outcome and the span of an invocation after the end of its process."""

import msgspec

from oort.engine.workers.processes import Job, Loss
from oort.model.functions import FunctionModel
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    CallOutcome,
    Failure,
    HttpInvocation,
    HttpOutcome,
    Span,
)
from oort.model.operations import CallFunction, Objected
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.rules import identifiers
from oort.runtime import replies
from oort.runtime.links import nanoseconds

_INSTEAD = "Its writes before that stay written."


def request(
    loss: Loss,
    *,
    function: FunctionModel,
    invocation: HttpInvocation,
    clock: Clock,
    entropy: Entropy,
) -> HttpOutcome:
    """Return the reply to a request."""
    problem = (
        replies.timed_out(function.timeout)
        if loss.timed_out
        else replies.BadGateway(f"The function ended without a reply. {_INSTEAD}")
    )
    outcome = replies.problem(problem, entered=True, traceback=loss.what)
    span = _span(loss, function, "function", invocation.traceparent, clock=clock, entropy=entropy)
    return msgspec.structs.replace(outcome, spans=(span,))


def call(
    loss: Loss,
    operation: CallFunction,
    *,
    function: FunctionModel,
    clock: Clock,
    entropy: Entropy,
) -> CallOutcome:
    """Return the answer to a call, as AWS would: the caller learns only that there is none."""
    what = f"{operation.call} was not answered; its log says why."
    result = Objected(504 if loss.timed_out else 502, "CallFailed", what)
    span = _span(loss, function, "function", operation.traceparent, clock=clock, entropy=entropy)
    return CallOutcome(result=result, error=loss.what, spans=(span,))


def batch(
    loss: Loss | None,
    job: Job,
    *,
    spans: tuple[Span, ...],
    function: FunctionModel,
    invocation: BatchInvocation,
    clock: Clock,
    entropy: Entropy,
) -> BatchOutcome:
    """Return the outcome of a batch. After a loss, the delivery that ran has failed.

    Later deliveries did not begin. At the end of the platform no delivery fails.
    """
    done = job.settled
    failures = [end.failure for end in done if end.failure is not None]
    begun = len(done)
    if loss is not None and not loss.is_ending and begun < len(invocation.deliveries):
        lost = invocation.deliveries[begun]
        failures.append(Failure(receipt=lost.receipt, error=loss.what, traceback=loss.what))
        traceparent = lost.message.traceparent
        span = _span(loss, function, "delivery", traceparent, clock=clock, entropy=entropy)
        begun, spans = begun + 1, (*spans, span)
    return BatchOutcome(
        failures=tuple(failures),
        parked=tuple(end.parked for end in done if end.parked is not None),
        left=tuple(delivery.receipt for delivery in invocation.deliveries[begun:]),
        spans=spans,
    )


def _span(
    loss: Loss,
    function: FunctionModel,
    kind: str,
    traceparent: str,
    *,
    clock: Clock,
    entropy: Entropy,
) -> Span:
    parent = identifiers.parent_of(traceparent)
    trace, above = parent or (identifiers.new_trace(entropy.bits), "")
    return Span(
        trace=trace,
        id=identifiers.new_span(entropy.bits),
        parent=above,
        name=function.name,
        kind=kind,
        service=function.service,
        start=nanoseconds(clock),
        duration=0,
        error=loss.what,
    )
