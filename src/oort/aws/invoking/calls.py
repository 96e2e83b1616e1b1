"""A declared call: another function calls and waits for the reply."""

import msgspec

from oort.aws.invoking.parts import Event, Parts, Remaining, unlimited
from oort.aws.services.calls import CallEvent, CallReply
from oort.model.invocations import CallInvocation
from oort.rules import identifiers
from oort.runtime import invoke


class Calls:
    """Answers the calls of a function."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._environment = parts.environment()

    def answer(self, event: Event, _: Remaining = unlimited) -> object:
        """Answer an invocation."""
        parts = self._parts
        if event.get("oort") != "call":
            raise parts.unreadable()
        call = msgspec.convert(event, CallEvent)
        started = parts.clock.tick()
        above = identifiers.parent_of(call.traceparent) or parts.new_trace()
        parts.log.trace = above[0]
        with parts.invocation() as token:
            invocation = CallInvocation(
                id=token,
                token=token,
                traceparent=identifiers.traceparent(*above),
                body=call.body.encode(),
            )
            outcome = invoke.call(self._environment, invocation)
        parts.ports.traces.record(outcome.spans)
        parts.ended("call", started, failed=int(bool(outcome.error)), error=outcome.error)
        return msgspec.to_builtins(CallReply(outcome.result))
