"""Jumps of the wall clock, noticed by a comparison with the monotonic clock.

The store has wall-clock times, because they hold across restarts. If somebody sets the clock, or it
was wrong at the start and is corrected, waits that were computed before are wrong by the jump.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from oort.engine.rows.times import unix
from oort.ports.clock import Clock

# Smaller corrections happen all the time and do not matter to waits.
LEAST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump of the wall clock. All times are Unix seconds."""

    now: float  # as the clock shows it after the jump
    expected: float  # as it would show it without the jump
    earliest: float  # the first moment that it can have shown after the jump

    @property
    def by(self) -> float:
        """The seconds by which the clock jumped, negative for a jump back."""
        return self.now - self.expected


class Jumps:
    """Compares the two clocks at each call of `follow`. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = self._look()

    def follow(self, act: Callable[[Jump], object]) -> None:
        """Call `act` if the wall clock has jumped since the last call.

        Calls of other threads wait until `act` has ended. If it raises, the next call repeats it.
        """
        with self._lock:
            (before, began), (now, ended) = self._seen, self._look()
            elapsed = (ended - began) / 1e9
            jump = Jump(now, before + elapsed, now - elapsed)
            if abs(jump.by) > LEAST.total_seconds():
                act(jump)
            self._seen = now, ended

    def _look(self) -> tuple[float, int]:
        return unix(self._clock.now()), self._clock.tick()
