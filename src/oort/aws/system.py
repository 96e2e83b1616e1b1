"""The clock and the randomness of the machine that a function runs on."""

import os
import time
from datetime import UTC, datetime

_MANTISSA = 53  # bits that a float in [0, 1) has


class MachineClock:
    """See `ports.clock`."""

    def now(self) -> datetime:
        """The wall-clock time in UTC."""
        return datetime.now(UTC)

    def tick(self) -> int:
        """Monotonic nanoseconds."""
        return time.perf_counter_ns()


class MachineEntropy:
    """See `ports.entropy`. Asked anew each time: an environment that was snapshotted must not repeat itself."""

    def bits(self, count: int) -> int:
        """An integer of that many random bits."""
        size = (count + 7) // 8
        return int.from_bytes(os.urandom(size), "big") >> (size * 8 - count)

    def chance(self) -> float:
        """A float in [0, 1)."""
        return self.bits(_MANTISSA) / (1 << _MANTISSA)
