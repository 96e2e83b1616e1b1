"""The QueueInspection port on the store."""

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.messages import DeadLetter, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock


class QueueInspection:
    """Inspection of a store's queues. A queue that the program does not have is a KeyError."""

    def __init__(self, store: Store, *, platform: PlatformModel, clock: Clock) -> None:
        self._store = store
        self._queues = {queue.name: queue for queue in platform.queues}
        self._clock = clock

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queue_inspection`. Delayed messages wait too."""
        name, now = self._queues[queue].name, unix(self._clock.now())
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
        """See `ports.queue_inspection`."""
        name, now = self._queues[queue].name, unix(self._clock.now())

        def work(session: Session) -> int:
            for (payload,) in session.rows(
                "SELECT payload FROM dead WHERE queue = ? ORDER BY seq", name
            ):
                messages.add(session, name, payload, sent=now, visible=now)
            return session.run("DELETE FROM dead WHERE queue = ?", name)

        return self._store.write(work)

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queue_inspection`. Delayed messages wait too."""
        name, now = self._queues[queue].name, unix(self._clock.now())

        def work(session: Session) -> tuple[int, int, int, int]:
            return (
                _count(session, "SELECT count(*) FROM messages WHERE queue = ?", name),
                _count(
                    session,
                    "SELECT count(*) FROM messages WHERE queue = ? AND visible > ? AND leased = 1",
                    name,
                    now,
                ),
                _count(session, "SELECT count(*) FROM dead WHERE queue = ?", name),
                _count(session, "SELECT count(*) FROM parked WHERE queue = ?", name),
            )

        everything, in_flight, dead, parked = self._store.read(work)
        waiting = everything - in_flight
        return QueueDepth(
            queue=name, waiting=waiting, in_flight=in_flight, dead=dead, parked=parked
        )


_WAITING = """SELECT payload FROM messages
WHERE queue = ? AND (leased = 0 OR visible <= ?) ORDER BY seq LIMIT ?"""
_DEAD = "SELECT payload, attempts, error, died FROM dead WHERE queue = ? ORDER BY seq LIMIT ?"


def _count(session: Session, sql: str, *values: str | float) -> int:
    row = session.row(sql, *values)
    assert row is not None
    return int(row[0])
