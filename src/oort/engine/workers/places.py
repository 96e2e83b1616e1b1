"""The places for worker processes of a platform, shared by its services and by the versions of them."""

from typing import Protocol


class Holder(Protocol):
    """The processes of a version."""

    def count(self) -> int:
        """Return the number of processes."""

    def idle_since(self) -> float | None:
        """Return the time since when a process has been idle; None without an idle process."""

    def retire(self) -> bool:
        """End the process that has been idle the longest; False if none is idle."""


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

    def is_free(self) -> bool:
        """True if another process may start. If there are too many, the longest idle one ends for it."""
        if sum(holder.count() for holder in self._holders) < self.most:
            return True
        idle = [
            (since, holder)
            for holder in self._holders
            if (since := holder.idle_since()) is not None
        ]
        return bool(idle) and min(idle, key=lambda pair: pair[0])[1].retire()
