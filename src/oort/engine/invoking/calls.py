"""Calls between services: the broker hands them here, the invoker runs the answering function, spans are recorded.

The answer is made in the caller's thread. One that comes after the call's time-out is thrown away, as Lambda would do;
what it has written stays.
"""

from collections.abc import Callable

from oort.engine.invoking.invoker import InProcessInvoker
from oort.model.functions import Answer
from oort.model.operations import CallFunction, Objected, Result
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.traces import Traces

_TIMED_OUT = 504


class Calls:
    """Answers the calls of one platform. `failed` hears the traceback of a handler that raised."""

    def __init__(
        self,
        platform: PlatformModel,
        *,
        invoker: InProcessInvoker,
        traces: Traces,
        clock: Clock,
        failed: Callable[[str, str], None],
    ) -> None:
        self._timeouts = {
            one.trigger.call: one.trigger.timeout
            for one in platform.functions
            if isinstance(one.trigger, Answer)
        }
        self._invoker = invoker
        self._traces = traces
        self._clock = clock
        self._failed = failed

    def answer(self, operation: CallFunction) -> Result:
        """Run the answering function, and give back what it says."""
        started = self._clock.tick()
        outcome = self._invoker.call(operation)
        self._traces.record(outcome.spans)
        if outcome.error:
            self._failed(operation.call, outcome.error)
        longest = self._timeouts.get(operation.call)
        if longest is not None and self._clock.tick() - started > longest.total_seconds() * 1e9:
            return Objected(
                _TIMED_OUT,
                "CallTimedOut",
                f"{operation.call} took longer than {longest.total_seconds():g} s.",
            )
        return outcome.result
