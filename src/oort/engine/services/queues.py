"""The Queues port on the store, and what the dispatcher needs besides: settle and lease in one commit, and what is due.

Where SQS drops a message after its retention, the engine makes it a dead letter; dead letters stay until they are
redriven. Nothing that was accepted disappears without a trace.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from oort.engine.services import messages
from oort.engine.services.times import unix
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.invocations import Parked
from oort.model.messages import DeadLetter, Delivery, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Retry:
    """A hand-over that failed: when it may come back, and why it failed."""

    receipt: str
    after: timedelta
    error: str


class Queues:
    """Queues on one store. A queue that the program does not have is a KeyError."""

    def __init__(self, store: Store, *, platform: PlatformModel, clock: Clock) -> None:
        self._store = store
        self._queues = {queue.name: queue for queue in platform.queues}
        self._clock = clock

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`."""
        name = self._queues[queue].name
        rules.check(message)
        now = self._clock.now()
        sent, visible = unix(now), unix(now, after=rules.delay(delay.total_seconds()))
        payload = messages.packed(message)
        self._store.write(
            lambda session: messages.add(session, name, payload, sent=sent, visible=visible)
        )

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """See `ports.queues`. It writes only if there is something to hand out."""
        name, now = self._queues[queue].name, unix(self._clock.now())
        if not self._store.row(_VISIBLE, name, now):
            return []
        return self.settle(queue, most=most)

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """See `ports.queues`."""
        self.settle(queue, acknowledged=receipts)

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        """See `ports.queues`."""
        self.settle(queue, failed=(Retry(receipt, after, error),))

    def settle(
        self,
        queue: str,
        *,
        acknowledged: Sequence[str] = (),
        failed: Sequence[Retry] = (),
        parked: Sequence[Parked] = (),
        most: int = 0,
    ) -> list[Delivery]:
        """End hand-overs and receive up to `most` (at most 10) further messages, in one commit."""
        return self._store.write(self._settling(queue, acknowledged, failed, parked, most=most))

    def settle_soon(
        self,
        queue: str,
        *,
        acknowledged: Sequence[str] = (),
        failed: Sequence[Retry] = (),
        most: int = 0,
    ) -> "Future[list[Delivery]]":
        """`settle` without waiting. The deliveries are leased, durably, when the future is done."""
        return self._store.submit(self._settling(queue, acknowledged, failed, (), most=most))

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queues`. Delayed messages wait too."""
        name, now = self._queues[queue].name, unix(self._clock.now())
        rows = self._store.read(lambda session: session.rows(_WAITING, name, now, most))
        return [messages.unpacked(payload) for (payload,) in rows]

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """See `ports.queues`."""
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
        """See `ports.queues`."""
        name, now = self._queues[queue].name, unix(self._clock.now())

        def work(session: Session) -> int:
            for (payload,) in session.rows(
                "SELECT payload FROM dead WHERE queue = ? ORDER BY seq", name
            ):
                messages.add(session, name, payload, sent=now, visible=now)
            return session.run("DELETE FROM dead WHERE queue = ?", name)

        return self._store.write(work)

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queues`. Delayed messages wait too."""
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

    def release_all(self) -> int:
        """End every lease at once; how many. For start-up: whoever held them is gone.

        The attempt is given back, since the message did not fail: the platform ended. Unless that happened
        `limits.INTERRUPTIONS` times, for then it may be the message that ends the platform.
        """
        now = unix(self._clock.now())
        return self._store.write(lambda session: session.run(_RELEASE, now, limits.INTERRUPTIONS))

    def ready_queues(self) -> list[str]:
        """The queues that have a visible message, the one that has waited longest first. One statement for all queues."""
        now = unix(self._clock.now())
        ready = sorted((first, name) for name, first, _ in self._visibilities(now) if first <= now)
        return [name for _, name in ready]

    def next_due(self) -> float | None:
        """The next moment after now, in Unix seconds, at which a message becomes visible; None if there is none."""
        coming = self._visibilities(unix(self._clock.now()))
        return min((due for _, _, due in coming if due is not None), default=None)

    def _settling(
        self,
        queue: str,
        acknowledged: Sequence[str],
        failed: Sequence[Retry],
        parked: Sequence[Parked],
        *,
        most: int,
    ) -> Callable[[Session], list[Delivery]]:
        model, now = self._queues[queue], self._clock.now()
        returns = [(retry, unix(now, after=rules.visibility(retry.after))) for retry in failed]
        moment, until = unix(now), unix(now, after=model.visibility)

        def work(session: Session) -> list[Delivery]:
            messages.acknowledge(session, queue, acknowledged, now=moment)
            for one in parked:
                messages.park(session, queue, one.receipt, one.fault, now=moment)
            for retry, visible in returns:
                messages.fail(
                    session, model, retry.receipt, error=retry.error, now=moment, visible=visible
                )
            return messages.lease(
                session, model, most=min(most, limits.BATCH), now=moment, until=until
            )

        return work

    def _visibilities(self, now: float) -> list[tuple[str, float, float | None]]:
        """For each queue with messages: when its first one is or was visible, and when the first one after now will be."""
        rows = self._store.read(lambda session: session.rows(_VISIBILITIES, now))
        return [(name, first, coming) for name, first, coming in rows if name in self._queues]


_RELEASE = """UPDATE messages SET leased = 0, visible = ?, interrupted = interrupted + 1,
attempts = attempts - (interrupted < ?) WHERE leased = 1"""
_VISIBLE = "SELECT 1 FROM messages WHERE queue = ? AND visible <= ? LIMIT 1"
_WAITING = "SELECT payload FROM messages WHERE queue = ? AND (leased = 0 OR visible <= ?) ORDER BY seq LIMIT ?"
_DEAD = "SELECT payload, attempts, error, died FROM dead WHERE queue = ? ORDER BY seq LIMIT ?"
# From queue to queue through the index: as many look-ups as there are queues with messages, however many messages.
_VISIBILITIES = """
WITH RECURSIVE each(name) AS (
    SELECT min(queue) FROM messages
    UNION ALL SELECT (SELECT min(queue) FROM messages WHERE queue > name) FROM each WHERE name IS NOT NULL)
SELECT name,
    (SELECT min(visible) FROM messages WHERE queue = name),
    (SELECT min(visible) FROM messages WHERE queue = name AND visible > ?)
FROM each WHERE name IS NOT NULL"""


def _count(session: Session, sql: str, *values: str | float) -> int:
    row = session.row(sql, *values)
    assert row is not None
    return int(row[0])
