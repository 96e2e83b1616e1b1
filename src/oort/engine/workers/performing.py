"""Operations of workers, each at its place: on the event loop, in the store's group, or in a thread."""

import asyncio
from collections.abc import Callable
from functools import partial

from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.plans import Write
from oort.engine.threads import Outcomes, Threads
from oort.engine.workers import operations
from oort.engine.workers.processes import Process
from oort.model.errors import StateUnusable
from oort.model.operations import (
    CallFunction,
    GetItem,
    ReadSecret,
    Request,
)

_THREADS = 64  # for operations


class Performing:
    """Performs operations and returns their results to the processes. Called by the event loop.

    `calls` is the number of calls of functions at a time. `failed` receives errors of the engine.
    """

    def __init__(
        self, broker: EngineBroker, *, calls: int, failed: Callable[[Exception], None]
    ) -> None:
        self._broker = broker
        self._failed = failed
        self._threads = Threads(_THREADS, name="operation")
        self._calls = Threads(calls, name="call")
        self._outcomes: Outcomes | None = None

    def perform(self, request: Request, process: Process, number: int) -> None:
        """Perform the operation of a process, which has this number."""
        operation = request.operation
        if isinstance(operation, GetItem):
            data = operations.read(self._broker, request, operation, failed=self._failed)
            process.returned(number, data)
        elif isinstance(operation, Write):
            self._write(request, operation, process, number)
        elif isinstance(operation, ReadSecret):
            data = operations.answered(self._broker, request, failed=self._failed)
            process.returned(number, data)
        else:
            self._perform_in_thread(request, process, number)

    def close(self) -> None:
        """Finish the operations that have begun."""
        self._threads.close()
        self._calls.close()

    def _write(self, request: Request, operation: Write, process: Process, number: int) -> None:
        """Begin a write. Its result goes to the process after the commit."""
        write = operations.planned(self._broker, request, operation, failed=self._failed)
        if isinstance(write, bytes):
            process.returned(number, write)
            return
        if write is None:
            self._perform_in_thread(request, process, number)
            return

        def committed(outcome: object) -> None:
            data = operations.written(write, outcome, failed=self._failed)
            process.returned(number, data, is_write=True)

        outcomes = self._outcomes = self._outcomes or Outcomes(asyncio.get_running_loop())
        try:
            self._broker.store.begin(write.work, partial(outcomes.hand_over, committed))
        except StateUnusable as error:  # its end, or the loss of its files
            committed(error)

    def _perform_in_thread(self, request: Request, process: Process, number: int) -> None:
        """Perform an operation that waits for the disk or for another function, or may be large."""
        work = partial(operations.answered, self._broker, request, failed=self._failed)

        def performed(outcome: bytes | Exception) -> None:
            assert isinstance(outcome, bytes), outcome
            process.returned(number, outcome)

        is_call = isinstance(request.operation, CallFunction)
        (self._calls if is_call else self._threads).submit(work, then=performed)
