"""The cutoff of an invocation: the waiting caller can cut off the invocation, or the
invocation can finish.

Only the first of the two has an effect.
"""

from collections.abc import Callable
from threading import Lock


class Cutoff:
    """Safe to use from the invocation's thread and from the waiting thread.

    >>> cutoff = Cutoff()
    >>> cutoff.cut(), cutoff.finish(), cutoff.cut()
    (True, False, False)
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._over = self._is_cut = False
        self._revoke: Callable[[], None] | None = None

    def begin(self, revoke: Callable[[], None]) -> None:
        """Begin the invocation; `revoke` takes away its rights, at once after an earlier cutoff."""
        with self._lock:
            self._revoke = revoke
            if self._is_cut:
                revoke()

    def cut(self) -> bool:
        """Revoke the invocation's rights, now or at its beginning.

        False if the invocation has finished or been cut off before.
        """
        with self._lock:
            if self._over:
                return False
            self._over = self._is_cut = True
            if self._revoke is not None:
                self._revoke()
            return True

    def finish(self) -> bool:
        """End the invocation. False after a cutoff, when no caller waits."""
        with self._lock:
            self._over = True
            return not self._is_cut
