"""Answers to admitted requests: by handlers in threads of this process, or in worker processes."""

import asyncio
from functools import partial
from typing import Protocol

from oort.engine.gateway.gateway import Admission, Gateway
from oort.engine.threads import Awaited, Running, Threads
from oort.engine.workers.invoker import Asked, WorkerInvoker
from oort.model.http import HttpReply
from oort.model.invocations import HttpOutcome


class Answers(Protocol):
    """Begins to answer a request. Called by the event loop.

    `patience` is a time in seconds beyond the time-out, in which the function itself may say where it
    was when the time-out came.
    """

    patience: float

    def begin(self, admission: Admission, body: bytes) -> Running[HttpReply]:
        """Run the function. Raises RuntimeError after `close`."""

    def close(self) -> None:
        """Finish the requests that have begun, and begin no others."""


class InThreads:
    """Answers by handlers in threads. No time-out interrupts a thread."""

    patience = 0.0

    def __init__(self, gateway: Gateway, threads: Threads) -> None:
        self._gateway = gateway
        self._threads = threads

    def begin(self, admission: Admission, body: bytes) -> Running[HttpReply]:
        """See `Answers`."""
        return self._threads.submit(partial(self._gateway.answer, admission, body))

    def close(self) -> None:
        """See `Answers`."""
        self._threads.close()


class InWorkers:
    """Answers by handlers in worker processes."""

    patience = 0.2

    def __init__(self, gateway: Gateway, workers: WorkerInvoker) -> None:
        self._gateway = gateway
        self._workers = workers
        self._is_closed = False

    def begin(self, admission: Admission, body: bytes) -> Running[HttpReply]:
        """See `Answers`."""
        if self._is_closed:
            raise RuntimeError("The platform is ending.")
        answer = _Answer(asyncio.get_running_loop())
        invocation = self._gateway.invocation(admission, body)
        if isinstance(invocation, HttpReply):
            answer.settle(invocation)
            return answer

        def then(outcome: HttpOutcome) -> None:
            try:
                answer.settle(self._gateway.reply(admission, outcome))
            except Exception as error:
                answer.settle(error)

        function = admission.match.function.name
        answer.asked = self._workers.ask(function, invocation, cutoff=admission.cutoff, then=then)
        return answer

    def close(self) -> None:
        """See `Answers`. Requests end before the event loop does."""
        self._is_closed = True


class _Answer(Awaited[HttpReply]):
    """A reply that a worker makes."""

    asked: Asked | None = None

    def cancel(self) -> bool:
        """Leave the request undone. False after its beginning."""
        return self.asked is not None and self.asked.cancel()
