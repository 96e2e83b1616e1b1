"""Answers to admitted requests: by handlers in threads of this process, or in worker processes."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

from oort.engine.gateway.gateway import Admission, Gateway
from oort.engine.threads import Threads
from oort.engine.workers.invoker import WorkerInvoker
from oort.model.http import HttpReply
from oort.model.invocations import HttpOutcome

Then: TypeAlias = Callable[[HttpReply | Exception], None]


class Begun(Protocol):
    """A request that was handed to a handler."""

    def cancel(self) -> bool:
        """Leave the request undone. False after its beginning."""


class Answers(Protocol):
    """Begins to answer a request. Called by the event loop.

    `patience` is a time in seconds beyond the time-out, in which the function itself may say where it
    was when the time-out came.
    """

    patience: float

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> Begun | None:
        """Run the function; None if there is a reply already. Raises RuntimeError after `close`.

        The event loop calls `then` with the reply, or with an error of the engine.
        """

    def close(self) -> None:
        """Finish the requests that have begun, and begin no others."""


class InThreads:
    """Answers by handlers in threads. No time-out interrupts a thread."""

    patience = 0.0

    def __init__(self, gateway: Gateway, threads: Threads) -> None:
        self._gateway = gateway
        self._threads = threads

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> Begun:
        """See `Answers`."""
        return self._threads.submit(partial(self._gateway.answer, admission, body), then=then)

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

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> Begun | None:
        """See `Answers`."""
        if self._is_closed:
            raise RuntimeError("The platform is ending.")
        invocation = self._gateway.invocation(admission, body)
        if isinstance(invocation, HttpReply):
            then(invocation)
            return None

        def done(outcome: HttpOutcome) -> None:
            reply: HttpReply | Exception
            try:
                reply = self._gateway.reply(admission, outcome)
            except Exception as error:
                reply = error
            then(reply)

        function = admission.match.function.name
        return self._workers.ask(function, invocation, cutoff=admission.cutoff, then=done)

    def close(self) -> None:
        """See `Answers`. Requests end before the event loop does."""
        self._is_closed = True
