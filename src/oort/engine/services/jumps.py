"""Jumps of the wall clock, noticed by a comparison with the monotonic clock.

The store has wall-clock times, because they hold across restarts. If somebody sets the clock, or it
was wrong at the start and is corrected, waits that were computed before are wrong by the jump.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from oort.engine.rows.times import unix
from oort.ports.clock import Clock

# Smaller corrections happen all the time and do not matter to waits.
LEAST = timedelta(minutes=1)
_LEAST = LEAST.total_seconds()


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at both clocks: Unix seconds, nanoseconds, and the sum of the jumps until then."""

    wall: float
    tick: int
    jumped: float


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump of the wall clock. All times are Unix seconds."""

    expected: float  # as the clock would show it without the jump
    earliest: float  # the first moment that it can have shown after the jump
    seen: Seen  # after the jump

    @property
    def now(self) -> float:
        """The time that the clock shows after the jump."""
        return self.seen.wall

    @property
    def by(self) -> float:
        """The seconds by which the clock jumped, negative for a jump back."""
        return self.now - self.expected


class Jumps:
    """Compares the two clocks at each call of `follow`. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = Seen(unix(clock.now()), clock.tick(), 0.0)

    def follow(self, act: Callable[[Jump], object]) -> None:
        """Call `act` if the wall clock has jumped since the last call.

        Calls of other threads wait until `act` has ended. If it raises, the next call repeats it.
        """
        with self._lock:
            before = self._seen
            now, tick = unix(self._clock.now()), self._clock.tick()
            elapsed = (tick - before.tick) / 1e9
            expected = before.wall + elapsed
            if abs(now - expected) <= _LEAST:
                self._seen = Seen(now, tick, before.jumped)
                return
            jump = Jump(expected, now - elapsed, Seen(now, tick, before.jumped + (now - expected)))
            try:
                act(jump)
            except BaseException:
                self._seen = before
                raise
            self.take(jump)

    def is_quiet(self) -> bool:
        """True if `follow` would neither wait nor act. Never waits."""
        seen = self._seen
        error = unix(self._clock.now()) - seen.wall - (self._clock.tick() - seen.tick) / 1e9
        return abs(error) <= _LEAST and not self._lock.locked()

    def take(self, jump: Jump) -> None:
        """Let the time jump. `act` may call this when its corrections hold."""
        self._seen = jump.seen

    def time(self) -> tuple[datetime, float]:
        """Return the time without a jump that nobody has followed yet, and the sum of the others.

        Both belong together. No call waits for a lock.
        """
        seen, now = self._seen, self._clock.now()
        error = now.timestamp() - seen.wall - (self._clock.tick() - seen.tick) / 1e9
        if -_LEAST <= error <= _LEAST:
            return now, seen.jumped
        return now - timedelta(seconds=error), seen.jumped
