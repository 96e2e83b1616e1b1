"""Threads for the event loop. Outcomes that are ready together wake the loop once.

A pool of the standard library wakes the loop for each result, and takes many locks.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Awaited(Generic[T]):
    """An outcome that arrives on the event loop, for at most one task that waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._outcome: T | Exception | None = None

    async def outcome(self, limit: float | None = None) -> T | Exception | None:
        """Return the result or the error; None if the limit, in seconds, comes first."""
        if self._outcome is None:
            self._waiter = self._loop.create_future()
            timer = None if limit is None else self._loop.call_later(limit, self._wake)
            try:
                await self._waiter
            finally:
                if timer is not None:
                    timer.cancel()
        return self._outcome

    def settle(self, outcome: T | Exception) -> None:
        """Take the outcome, and wake the task. Called by the event loop."""
        self._outcome = outcome
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Job(Awaited[T]):
    """Work for a thread, and its outcome for the task that waits."""

    def __init__(
        self,
        pool: "Threads",
        work: Callable[[], T],
        outcomes: "Outcomes",
        then: Callable[[T | Exception], None] | None,
    ) -> None:
        super().__init__(outcomes.loop)
        self._pool = pool
        self._outcomes = outcomes
        self._work = work
        self._then = then or self.settle
        self._state = "waiting"

    def cancel(self) -> bool:
        """Leave the work undone. False if it has begun."""
        return self._becomes("cancelled")

    def run(self) -> None:
        """Do the work, in the thread."""
        if not self._becomes("begun"):
            return
        outcome: T | Exception
        try:
            outcome = self._work()
        except BaseException as error:  # the thread goes on
            outcome = error if isinstance(error, Exception) else RuntimeError(repr(error))
        self._outcomes.hand_over(self._then, outcome)

    def _becomes(self, state: str) -> bool:
        with self._pool.lock:
            if self._state != "waiting":
                return False
            self._state = state
        return True


class Outcomes:
    """Outcomes of threads on their way to an event loop, which wakes once for several of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ended: deque[tuple[Callable[[Any], None], object]] = deque()
        self._is_waking = False

    def hand_over(self, settle: Callable[[T], None], outcome: T) -> None:
        """Call the function with the outcome on the event loop. Called by any thread."""
        self._ended.append((settle, outcome))
        if self._is_waking:
            return
        self._is_waking = True
        try:
            self.loop.call_soon_threadsafe(self._settle)
        except RuntimeError:  # the loop has ended
            self._is_waking = False

    def _settle(self) -> None:
        self._is_waking = False  # first: an outcome that comes later wakes the loop again
        while self._ended:
            settle, outcome = self._ended.popleft()
            settle(outcome)


class Threads:
    """At most `most` threads, for the tasks of a single event loop."""

    def __init__(self, most: int, *, name: str = "request") -> None:
        self.lock = threading.Lock()
        self._most = most
        self._name = name
        self._waiting: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self._outcomes: Outcomes | None = None

    def submit(
        self, work: Callable[[], T], *, then: Callable[[T | Exception], None] | None = None
    ) -> Job[T]:
        """Do the work in a thread. Called by the event loop. Raises RuntimeError after `close`.

        With `then`, the event loop calls this function with the outcome instead of settling the job.
        """
        if self._is_closed:
            raise RuntimeError("The threads have ended.")
        loop = asyncio.get_running_loop()
        if self._outcomes is None or self._outcomes.loop is not loop:
            self._outcomes = Outcomes(loop)
        job = Job(self, work, self._outcomes, then)
        self._waiting.put(job)
        if len(self._threads) < self._most:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
            self._threads[-1].start()
        return job

    def close(self) -> None:
        """Finish the work that has begun, and leave the other work undone."""
        self._is_closed = True
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            job.run()
