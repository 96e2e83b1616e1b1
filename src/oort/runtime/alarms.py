"""The time-out of a block of code, by the alarm of the process."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from oort.model.errors import TimedOut

_EARLY = 0.001  # seconds; the timer and the clock are two
_LOOK = 1.0  # seconds; to set a handler takes longer than all the rest


class Alarm:
    """The alarm of the process, SIGALRM. Its handler stays installed between blocks.

    An alarm that is not from a block belongs to the handler that was there before.
    """

    def __init__(self) -> None:
        self._handler = self._ring
        self._before: object = signal.SIG_DFL
        self._looked = -math.inf
        self._end, self._after = math.inf, timedelta()  # of the block that runs
        self._is_held = self._has_rung = False
        self._main = threading.main_thread().ident

    @contextmanager
    def limited(self, after: timedelta) -> Iterator[None]:
        """End the block by TimedOut after the time, also while it waits in the kernel.

        Lambda and the engine end a whole invocation; this ends a single message of a batch, so that
        the others are not lost. It works in the main thread, where both call functions.
        An alarm that the process has set before is set again afterwards.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        around, began = (self._end, self._after), time.monotonic()
        if began - self._looked > _LOOK:
            self._install(began)
        self._end, self._after = began + after.total_seconds(), after
        left, interval = signal.setitimer(signal.ITIMER_REAL, after.total_seconds())
        is_foreign = bool(left) and around[0] == math.inf
        if is_foreign:
            self._install(began)  # whoever set the alarm may have set a handler too
        try:
            yield
        finally:
            self._has_rung = False
            self._end, self._after = around
            signal.setitimer(signal.ITIMER_REAL, 0)
            if is_foreign:
                self._uninstall()
            if left:
                rest = max(left - (time.monotonic() - began), _EARLY)
                signal.setitimer(signal.ITIMER_REAL, rest, interval)

    def hold(self) -> None:
        """Ring no more until `release`. Has an effect in the main thread only."""
        if threading.get_ident() == self._main:
            self._is_held = True

    def release(self) -> None:
        """Ring again. Raises TimedOut if the alarm was due in between."""
        if threading.get_ident() == self._main:
            self._is_held = False
            if self._has_rung:
                self._has_rung = False
                raise TimedOut(self._after)

    def _install(self, now: float) -> None:
        before: object = signal.signal(signal.SIGALRM, self._handler)
        if before is not self._handler:
            self._before = before
        self._looked = now

    def _uninstall(self) -> None:
        signal.signal(signal.SIGALRM, self._before)  # type: ignore[arg-type]  # it comes from there
        self._looked = -math.inf

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if time.monotonic() >= self._end - _EARLY:
            if self._is_held:
                self._has_rung = True
                return
            raise TimedOut(self._after)
        if callable(self._before):
            self._before(number, frame)


# A process has a single alarm.
limited = Alarm().limited
