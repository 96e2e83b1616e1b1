"""The randomness of the engine: the machine's, and a seeded one that makes a run repeatable."""

import os
import random
import threading

_DRAWN = 4096  # bytes at once: some 60 requests' worth
_MANTISSA = 53  # bits that a float in [0, 1) has


class SystemEntropy:
    """The operating system's generator, fit for tokens. Safe to call from every thread, and after a fork.

    It draws ahead: each call of `os.urandom` gives up the interpreter lock, and a busy platform waits 18 µs to get it
    back, six times a request. Bytes are handed out once, and a forked child starts with none of its parent's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0
        os.register_at_fork(after_in_child=self._renew)

    def bits(self, count: int) -> int:
        """An integer of that many random bits."""
        size = (count + 7) // 8
        return int.from_bytes(self._take(size), "big") >> (size * 8 - count)

    def chance(self) -> float:
        """A float in [0, 1)."""
        return self.bits(_MANTISSA) / (1 << _MANTISSA)

    def _take(self, size: int) -> bytes:
        if size > _DRAWN:
            return os.urandom(size)
        with self._lock:
            if len(self._bytes) - self._used < size:
                self._bytes, self._used = os.urandom(_DRAWN), 0
            self._used += size
            return self._bytes[self._used - size : self._used]

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0


class SeededEntropy:
    """The same numbers in every run with the same seed. Only for tests: anybody can predict it."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311  # repeatability is the purpose

    def bits(self, count: int) -> int:
        """An integer of that many bits, the next of the seed's sequence."""
        return self._source.getrandbits(count)

    def chance(self) -> float:
        """A float in [0, 1), the next of the seed's sequence."""
        return self._source.random()
