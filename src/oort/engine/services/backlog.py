"""The limit of messages that wait: senders are refused before the disk or the memory is full.

A queue is counted when a sender needs that, seldom enough to cost little. In between, the messages that
were admitted are added, so the limit is exceeded by few messages.
"""

import threading
from dataclasses import dataclass

from oort.engine.store.store import Store
from oort.model import limits
from oort.model.errors import QueueFull, StateUnwritable
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock

_SECOND = 1_000_000_000  # nanoseconds
_OLD = 60 * _SECOND  # other processes, such as the command line, send too
_SHARE = 20  # counting a queue takes at most a twentieth of the time
_OUTBOX = ""  # no queue has this name


@dataclass(slots=True)
class _Count:
    """The messages of a queue at a moment, and those that were admitted later. In nanoseconds."""

    at: int
    counted: int
    pause: int  # until the next count
    admitted: int = 0

    @property
    def total(self) -> int:
        return self.counted + self.admitted


class Backlog:
    """The waiting messages of a store. `most` is the limit of a queue, and of the outbox.

    `reserve` is the free disk space below which no message is accepted.
    """

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        most: int = limits.QUEUE_MESSAGES,
        reserve: int = limits.DISK_RESERVE_BYTES,
    ) -> None:
        self._store = store
        self.adopt(platform)
        self._clock = clock
        self._most = most
        self._reserve = reserve
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}
        self._looked: int | None = None
        self._free: int | None = None

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._platform = platform

    def admit(self, queue: str) -> None:
        """Raise QueueFull if the queue is full, StateUnwritable if the disk is nearly full."""
        self._check_disk()
        self._admit(queue)

    def admit_outgoing(self) -> None:
        """Raise QueueFull if too many messages wait in the outbox."""
        self._admit(_OUTBOX)

    def admit_event(self, event: str) -> None:
        """Raise the errors of `admit` for the queue of each subscriber."""
        self._check_disk()
        for queue in self._platform.subscribers(event):
            self._admit(queue.name)

    def is_counted(self, queue: str) -> bool:
        """True if `admit` needs no look at the queue, which can take some time."""
        count = self._counts.get(queue)
        return count is not None and not self._must_count(count, self._clock.tick())

    def is_outgoing_counted(self) -> bool:
        """True if `admit_outgoing` needs no look at the outbox."""
        return self.is_counted(_OUTBOX)

    def is_event_counted(self, event: str) -> bool:
        """True if `admit_event` needs no look at a queue."""
        return all(self.is_counted(queue.name) for queue in self._platform.subscribers(event))

    def _admit(self, queue: str) -> None:
        now = self._clock.tick()
        count = self._counts.get(queue)
        if count is None or self._must_count(count, now):
            count = self._counted(queue, now)
        if count.total >= self._most:
            where = f"The queue {queue}" if queue else "The outbox"
            raise QueueFull(
                f"{where} has {self._most:,} waiting messages; nothing was sent.",
                "Its consumer is too slow, or fails: `oort queues list` shows the queues.",
            )
        count.admitted += 1  # of two threads that do this at once, one may be lost

    def _must_count(self, count: _Count, now: int) -> bool:
        age = now - count.at
        return age >= _OLD or (age >= count.pause and 2 * count.total >= self._most)

    def _counted(self, queue: str, now: int) -> _Count:
        """Count the queue again. Whoever comes at the same time takes the older count, if any."""
        older = self._counts.get(queue)
        if not self._lock.acquire(blocking=False):
            return self._read(queue, now) if older is None else older
        try:
            if older is None or self._must_count(older, now):
                self._counts[queue] = self._read(queue, now)
            return self._counts[queue]
        finally:
            self._lock.release()

    def _read(self, queue: str, now: int) -> _Count:
        sql = _ON_QUEUE if queue else _IN_OUTBOX
        values = (queue, self._most) if queue else (self._most,)
        row = self._store.row(sql, *values)
        assert row is not None
        return _Count(now, row[0], max(_SECOND, _SHARE * (self._clock.tick() - now)))

    def _check_disk(self) -> None:
        now = self._clock.tick()
        if self._looked is None or now - self._looked >= _SECOND:
            self._looked, self._free = now, self._store.free()
        if self._free is not None and self._free < self._reserve:
            raise StateUnwritable(
                f"The disk has {self._free:,} bytes free, and {self._reserve:,} are kept for "
                "deliveries; nothing was sent.",
                "Free some space.",
            )


# No more rows of the index are read than the limit.
_ON_QUEUE = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE queue = ? LIMIT ?)"
_IN_OUTBOX = "SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT ?)"
