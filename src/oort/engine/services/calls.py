"""The Calls port on the engine: the answering function runs in the caller's thread, and
its spans are recorded.

An answer after the call's time-out is discarded, as on Lambda. Writes of the
answering function stay.
"""

from collections.abc import Callable

from oort.model.functions import Answer
from oort.model.invocations import CallOutcome
from oort.model.operations import Answered, CallFunction, Objected
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.traces import Traces
from oort.rules import triggers
from oort.rules.messaging import calls as rules

_TIMED_OUT = 504

Run = Callable[[str, CallFunction], CallOutcome]
"""Runs the named function for a call."""


class Calls:
    """Calls of a platform.

    `failed` receives the call and the traceback of a handler that raised.
    """

    def __init__(
        self,
        platform: PlatformModel,
        *,
        run: Run,
        traces: Traces,
        clock: Clock,
        failed: Callable[[str, str], None],
    ) -> None:
        self.adopt(platform)
        self._run = run
        self._traces = traces
        self._clock = clock
        self._failed = failed

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._answering = triggers.answering(platform.functions)

    def call(self, operation: CallFunction) -> Answered | Objected:
        """See `ports.calls`."""
        function = self._answering.get(operation.call)
        if function is None or not isinstance(function.trigger, Answer):
            return rules.unanswered(operation.call)
        longest = function.trigger.timeout
        started = self._clock.tick()
        outcome = self._run(function.name, operation)
        self._traces.record(outcome.spans)
        if outcome.error:
            self._failed(operation.call, outcome.error)
        if self._clock.tick() - started > longest.total_seconds() * 1e9:
            what = f"{operation.call} took longer than {longest.total_seconds():g} s."
            return Objected(_TIMED_OUT, "CallTimedOut", what)
        return outcome.result
