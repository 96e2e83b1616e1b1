"""The state of the disk behind a store, without a wait: for the readiness of a platform.

A probe is a commit without a change of data. A disk that is full or read-only fails the probe, and a disk
that hangs leaves the probe unanswered. Probes go on after a failure, so that recovery is noticed.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Protocol

from oort.engine.store import schema
from oort.engine.store.session import Session

# A probe writes one page. So an idle platform that is asked each second writes 4 KB in this time.
PAUSE = timedelta(seconds=10)
PAUSE_AFTER_FAILURE = timedelta(seconds=1)
# A commit takes milliseconds; after this time the disk counts as hanging.
PATIENCE = timedelta(seconds=5)


class Probed(Protocol):
    """The parts of a store that this module uses."""

    def submit(self, work: Callable[[Session], None]) -> "Future[None]":
        """See `Store.submit`."""
        ...

    def failure(self) -> BaseException | None:
        """Return the error of the latest commit, or None."""
        ...


class Writability:
    """The disk of a store. `tick` is a monotonic clock in nanoseconds."""

    def __init__(self, store: Probed, *, tick: Callable[[], int]) -> None:
        self._store = store
        self._tick = tick
        self._lock = threading.Lock()
        self._probe: Future[None] | None = None
        self._begun = 0
        self._failed = False

    def is_writable(self) -> bool:
        """Return the result of the latest commit or probe, and begin a probe if the pause is over."""
        with self._lock:
            now, probe = self._tick(), self._probe
            if probe is not None and not probe.done():
                return self._age(now) < PATIENCE and not self._failed
            if probe is not None:
                self._failed = probe.exception() is not None
            self._failed = self._failed or self._store.failure() is not None
            pause = PAUSE_AFTER_FAILURE if self._failed else PAUSE
            if probe is None or self._age(now) >= pause:
                self._begin(now)
            return not self._failed

    def _age(self, now: int) -> timedelta:
        return timedelta(microseconds=(now - self._begun) / 1000)

    def _begin(self, now: int) -> None:
        self._begun = now
        try:
            self._probe = self._store.submit(_touch)
        except Exception as error:  # the store is closed or lost
            self._probe = Future()
            self._probe.set_exception(error)


def _touch(session: Session) -> None:
    """Write the page with the version of the schema, without a change."""
    session.run(f"PRAGMA user_version = {schema.VERSION}")
