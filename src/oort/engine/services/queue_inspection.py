"""The QueueInspection port on the store."""

import time

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.messages import DeadLetter, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock

# A piece of a redrive: its commit must not delay the writers of a running platform.
REDRIVEN = 500
REDRIVEN_BYTES = limits.MIB
_LONGEST_PAUSE = 0.1  # seconds


class QueueInspection:
    """Inspection of a store's queues. A queue that the program does not have is a KeyError."""

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        steady: SteadyTime | None = None,
    ) -> None:
        self._store = store
        self.adopt(platform)
        self._clock = clock
        self._steady = steady or SteadyTime(store, clock=clock)

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._queues = {queue.name: queue for queue in platform.queues}

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queue_inspection`. Delayed messages wait too."""
        name, now = self._queues[queue].name, unix(self._steady.moment())
        rows = self._store.read(lambda session: session.rows(_WAITING, name, now, most))
        return [messages.unpacked(payload) for (payload,) in rows]

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """See `ports.queue_inspection`."""
        name = self._queues[queue].name
        rows = self._store.read(lambda session: session.rows(_DEAD, name, most))
        return [
            DeadLetter(
                message=messages.unpacked(payload),
                queue=name,
                attempts=attempts,
                error=error,
                died=died,
            )
            for payload, attempts, error, died in rows
        ]

    def redrive(self, queue: str) -> int:
        """See `ports.queue_inspection`.

        In pieces, each durable: writers come in between, and after an interruption the dead letters
        that are left are where they were. Letters that die in the meantime stay.
        """
        name, done = self._queues[queue].name, 0
        left = self._store.read(lambda session: _count(session, _DEAD_COUNT, name))
        while left > done and (moved := self._redriven(name, most=min(left - done, REDRIVEN))):
            done += moved
        return done

    def _redriven(self, queue: str, *, most: int) -> int:
        """Put one piece back, and leave the store to writers of other processes for as long."""
        started = self._clock.tick()

        def work(session: Session) -> int:
            now = unix(self._steady.moment())
            return messages.redrive(session, queue, most=most, most_bytes=REDRIVEN_BYTES, now=now)

        moved = self._store.write(work)
        time.sleep(min((self._clock.tick() - started) / 1e9, _LONGEST_PAUSE))
        return moved

    def purge(self, queue: str, *, dead: bool) -> int:
        """Delete the waiting messages of the queue, or its dead letters, and return their number.

        In pieces, like a redrive. Messages in flight and those that come meanwhile stay.
        """
        name, done = self._queues[queue].name, 0
        sql = "SELECT max(seq) FROM dead" if dead else "SELECT max(seq) FROM messages"
        row = self._store.read(lambda session: session.row(f"{sql} WHERE queue = ?", name))
        last = (row and row[0]) or 0
        statement = _PURGE_DEAD if dead else _PURGE
        while removed := self._purged(statement, name, last):
            done += removed
        return done

    def _purged(self, statement: str, queue: str, last: int) -> int:
        started, now = self._clock.tick(), unix(self._steady.moment())
        removed = self._store.write(
            lambda session: session.run(statement, queue, last, REDRIVEN, now)
        )
        time.sleep(min((self._clock.tick() - started) / 1e9, _LONGEST_PAUSE))
        return removed

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queue_inspection`. Delayed messages wait too."""
        name, now = self._queues[queue].name, unix(self._steady.moment())

        def work(session: Session) -> tuple[int, int, int, int]:
            return (
                _count(session, "SELECT count(*) FROM messages WHERE queue = ?", name),
                _count(session, _IN_FLIGHT, name, now),
                _count(session, _DEAD_COUNT, name),
                _count(session, "SELECT count(*) FROM parked WHERE queue = ?", name),
            )

        everything, in_flight, dead, parked = self._store.read(work)
        waiting = everything - in_flight
        return QueueDepth(
            queue=name, waiting=waiting, in_flight=in_flight, dead=dead, parked=parked
        )


# Those that are delivered first, in the order in which they came. The inner statement reads no more
# messages than it returns, and those that are leased.
_WAITING = """SELECT payload FROM (
    SELECT seq, payload FROM messages
    WHERE queue = ? AND (leased = 0 OR visible <= ?) ORDER BY visible, seq LIMIT ?)
ORDER BY seq"""
_PURGE = """DELETE FROM messages WHERE seq IN
(SELECT seq FROM messages
 WHERE queue = ?1 AND seq <= ?2 AND (leased = 0 OR visible <= ?4) LIMIT ?3)"""
_PURGE_DEAD = """DELETE FROM dead WHERE seq IN
(SELECT seq FROM dead WHERE queue = ?1 AND seq <= ?2 AND ?4 > 0 LIMIT ?3)"""
_IN_FLIGHT = "SELECT count(*) FROM messages WHERE queue = ? AND visible > ? AND leased = 1"
_DEAD_COUNT = "SELECT count(*) FROM dead WHERE queue = ?"
_DEAD = "SELECT payload, attempts, error, died FROM dead WHERE queue = ? ORDER BY seq LIMIT ?"


def _count(session: Session, sql: str, *values: str | float) -> int:
    row = session.row(sql, *values)
    assert row is not None
    return int(row[0])
