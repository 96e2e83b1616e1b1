"""The randomness of the engine: the operating system's generator, and a seeded generator
for repeatable runs.
"""

import os
import random
import threading

_DRAWN = 4096  # bytes at once, enough for some 60 requests
_MANTISSA = 53  # bits of a float in [0, 1)


class SystemEntropy:
    """The operating system's generator, fit for tokens.

    Safe to call from every thread, and after a fork. Bytes are drawn ahead: each call
    of `os.urandom` releases the interpreter lock, and a busy platform waits 18 µs to get
    the lock back, six times a request. Bytes are used once, and a forked child does not
    inherit its parent's bytes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0
        os.register_at_fork(after_in_child=self._renew)

    def bits(self, count: int) -> int:
        """Return an integer with `count` random bits."""
        size = (count + 7) // 8
        return int.from_bytes(self._take(size), "big") >> (size * 8 - count)

    def chance(self) -> float:
        """Return a float in [0, 1)."""
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
    """A generator with the same numbers for the same seed.

    For tests only, since the numbers are predictable.
    """

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311  # repeatability is the purpose

    def bits(self, count: int) -> int:
        """Return an integer with the next `count` bits of the sequence."""
        return self._source.getrandbits(count)

    def chance(self) -> float:
        """Return the next float in [0, 1) of the sequence."""
        return self._source.random()
