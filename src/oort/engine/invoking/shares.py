"""The threads of the dispatcher, shared among consumers.

A consumer with a backlog may use a quarter of the threads, and more while half of them stay free
for others: a handler may hang. The last free thread is for consumers that have none. Consumers that wait get their threads
in turn.
"""

import threading
from collections import Counter
from collections.abc import Mapping


class Shares:
    """The environments that each queue's consumer has now. Safe to use from many threads."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._each = max(1, threads // 4)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        # Environments that were given out and have not leased messages yet.
        self._starting: Counter[str] = Counter()
        self._given = 0
        self._last: dict[str, int] = {}

    def countable(self, queue: str) -> int:
        """Return the need of the queue above which `give` can give no more. Zero: it can give none.

        A caller counts waiting messages up to this need.
        """
        with self._lock:
            room = self._room(queue)
            return room + self._starting[queue] if room else 0

    def give(self, needed: Mapping[str, int]) -> list[str]:
        """Give environments to queues that need this many, and return a queue for each.

        Environments that have not leased messages yet count as part of the need. First come the
        consumers with the fewest environments, then those that got theirs the longest time ago.
        """
        with self._lock:
            left = {queue: count - self._starting[queue] for queue, count in needed.items()}
            given: list[str] = []
            while open_ := [queue for queue in left if left[queue] > 0 and self._room(queue) > 0]:
                queue = min(open_, key=self._turn)
                left[queue] -= 1
                self._take(queue)
                given.append(queue)
            return given

    def leased(self, queue: str) -> None:
        """Note that an environment of the queue has leased its first messages, or found none."""
        with self._lock:
            self._starting[queue] -= 1

    def give_back(self, queue: str) -> None:
        """End an environment of the queue."""
        with self._lock:
            self._running[queue] -= 1

    def _take(self, queue: str) -> None:
        self._given += 1
        self._last[queue] = self._given
        self._running[queue] += 1
        self._starting[queue] += 1

    def _turn(self, queue: str) -> tuple[int, int]:
        return self._running[queue], self._last.get(queue, 0)

    def _room(self, queue: str) -> int:
        free = self._threads - self._running.total()
        beyond = free - self._threads // 2
        if not self._running[queue]:
            # The first environment may use the last free thread, the next must leave it.
            return max(beyond, min(self._each, max(free - 1, min(free, 1))))
        return max(0, beyond, min(self._each - self._running[queue], free - 1))
