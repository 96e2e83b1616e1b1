"""The leash of one invocation: whoever waits for it can cut it off, and it can finish; whichever comes first, happens."""

from collections.abc import Callable
from threading import Lock


class Leash:
    """Safe to use from the invocation's thread and from the one that waits for it.

    >>> leash = Leash()
    >>> leash.cut(), leash.finish(), leash.cut()
    (True, False, False)
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._over = self._is_cut = False
        self._disarm: Callable[[], None] | None = None

    def hold(self, disarm: Callable[[], None]) -> None:
        """The invocation begins; `disarm` is what takes its rights away. At once, if it has been cut off already."""
        with self._lock:
            self._disarm = disarm
            if self._is_cut:
                disarm()

    def cut(self) -> bool:
        """Take the invocation's rights away, now or as soon as it begins; False if it has finished or been cut before."""
        with self._lock:
            if self._over:
                return False
            self._over = self._is_cut = True
            if self._disarm is not None:
                self._disarm()
            return True

    def finish(self) -> bool:
        """The invocation is over; False if it was cut off before, and nobody waits for it."""
        with self._lock:
            self._over = True
            return not self._is_cut
