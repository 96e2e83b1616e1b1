"""The preparation of processes for functions that are sensitive to latency: their ports are made
before the first invocation.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from oort.engine.invoking.broker import EngineBroker
from oort.engine.workers import wire
from oort.engine.workers.processes import Job, Loss, Process
from oort.engine.workers.wire import Ended, Prepare, Prepared
from oort.model.functions import FunctionModel


class Preparations:
    """The preparations of a service. `report` receives the reason why a function is not prepared."""

    def __init__(
        self,
        functions: Iterable[FunctionModel],
        *,
        broker: EngineBroker,
        report: Callable[[str], None],
    ) -> None:
        self._functions = [function for function in functions if function.latency_sensitive]
        self._broker = broker
        self._report = report

    def __bool__(self) -> bool:
        """True if a function of the service is sensitive."""
        return bool(self._functions)

    def __iter__(self) -> Iterator[Job]:
        """Yield the jobs for a process, one after another. Each has rights of its own."""
        for function in self._functions:
            token = self._broker.open(function.name)
            frame = wire.framed(Prepare(function.name, token))
            done = partial(self._ended, function.name, token)
            yield Job(function.name, token, frame, Prepared, function.timeout, done)

    def _ended(self, name: str, token: str, end: Ended | Loss) -> None:
        self._broker.close(token)
        if isinstance(end, Prepared) and end.error:
            self._report(f"{name} was not prepared for its first invocation: {end.error}")
        elif isinstance(end, Loss) and not end.is_ending:
            self._report(f"{name} was not prepared for its first invocation. {end.what}")


def is_invoked(process: Process) -> bool:
    """True while the process runs an invocation, not a preparation."""
    return process.job is not None and process.job.ends is not Prepared
