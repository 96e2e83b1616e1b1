"""The clock of the machine, and randomness that is never drawn ahead."""

import os
import time
from datetime import UTC, datetime

_MANTISSA = 53  # bits that a float in [0, 1) has


class SystemClock:
    """The clock of the machine. See `ports.clock`."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC."""
        return datetime.now(UTC)

    # Returns monotonic nanoseconds. Without a Python function around it, as it is called often.
    tick = staticmethod(time.perf_counter_ns)


class MachineEntropy:
    """See `ports.entropy`.

    Nothing is drawn ahead: a restored snapshot of an environment must not repeat numbers.
    """

    def bits(self, count: int) -> int:
        """Return an integer with `count` random bits."""
        size = (count + 7) // 8
        return int.from_bytes(os.urandom(size), "big") >> (size * 8 - count)

    def chance(self) -> float:
        """Return a float in [0, 1)."""
        return self.bits(_MANTISSA) / (1 << _MANTISSA)
