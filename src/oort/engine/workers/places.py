"""The places for worker processes of a platform, shared by its services and by the versions of them.

A service without a process has a place kept for it. So a busy service never takes the last place.
"""

from typing import Protocol


class Holder(Protocol):
    """The processes of a version."""

    def count(self) -> int:
        """Return the number of processes."""

    def without(self) -> int:
        """Return the number of services without a process."""

    def spare_since(self) -> float | None:
        """Return the time since when a process has been idle that is not the last of its service."""

    def retire(self) -> bool:
        """End the spare process that has been idle the longest; False without one."""


class Places:
    """At most `most` processes. Called by the event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._holders: list[Holder] = []

    def join(self, holder: Holder) -> None:
        """Count the processes of a version, too."""
        self._holders.append(holder)

    def leave(self, holder: Holder) -> None:
        """Count the processes of a version no more."""
        if holder in self._holders:
            self._holders.remove(holder)

    def is_free(self, *, is_first: bool, is_spare: bool = False) -> bool:
        """True if another process may start. If there are too many, an idle spare process ends.

        `is_first`: the first process of a service, with a kept place. `is_spare`: a process that no
        invocation waits for; no other ends for it.
        """
        kept = 0 if is_first else sum(holder.without() for holder in self._holders)
        if sum(holder.count() for holder in self._holders) + kept < self.most:
            return True
        if is_spare:
            return False
        spare = [
            (since, holder)
            for holder in self._holders
            if (since := holder.spare_since()) is not None
        ]
        return bool(spare) and min(spare, key=lambda pair: pair[0])[1].retire()
