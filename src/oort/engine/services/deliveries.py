"""The Deliveries port on the store, with two additions for the dispatcher: settle and lease in a
commit, and due times.

SQS drops a message after its retention. The engine makes the message a dead letter instead, and
dead letters stay until they are redriven: no accepted message disappears without a trace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.invocations import Parked
from oort.model.messages import Delivery, Fault
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed delivery: the delay until its message is visible again, the error, and whether the attempt counts."""

    receipt: str
    after: timedelta
    error: str
    counts: bool = True


class Deliveries:
    """Deliveries of a store. A queue that the program does not have is a KeyError."""

    def __init__(
        self, store: Store, *, platform: PlatformModel, clock: Clock, steady: SteadyTime
    ) -> None:
        self._store = store
        self.adopt(platform)
        self._clock = clock
        self._steady = steady

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._queues = {queue.name: queue for queue in platform.queues}

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """See `ports.deliveries`. Writes only if there is a visible message."""
        name, now = self._queues[queue].name, unix(self._clock.now())
        if not self._store.row(_VISIBLE, name, now):
            return []
        return self.settle(queue, most=most)

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """See `ports.deliveries`."""
        self.settle(queue, acknowledged=receipts)

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        """See `ports.deliveries`."""
        self.settle(queue, failed=(Retry(receipt, after, error),))

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """See `ports.deliveries`."""
        self.settle(queue, parked=(Parked(receipt=delivery.receipt, fault=fault),))

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """See `ports.deliveries`. The delivery ends in the same commit."""
        self.park(queue, delivery, fault)

    def settle(
        self,
        queue: str,
        *,
        acknowledged: Sequence[str] = (),
        failed: Sequence[Retry] = (),
        parked: Sequence[Parked] = (),
        left: Sequence[str] = (),
        most: int = 0,
    ) -> list[Delivery]:
        """End deliveries and receive up to `most` (at most 10) further
        messages, in a single commit.

        Deliveries that are `left` did not begin: their messages are visible again, and the attempt
        does not count.
        """
        self._steady.follow()
        return self._store.write(
            self._settling(queue, acknowledged, failed, parked, left, most=most)
        )

    def release_all(self) -> int:
        """End every lease at once and return their number. For start-up, when no consumer runs.

        The attempt does not count, since the platform ended and the message did not
        fail. After `limits.INTERRUPTIONS` interruptions it counts, since the message
        itself may end the platform. From the second one on, the message waits a second longer
        each time, so that others come first. A message that would wait longer than any message may,
        because the wall clock has gone back since, is visible now.
        """

        def work(session: Session) -> int:
            now = self._steady.moment()
            moment, longest = unix(now), unix(now, after=limits.VISIBILITY)
            messages.shorten(session, longest=longest, now=moment)
            return session.run(_RELEASE, moment, _LONGEST, limits.INTERRUPTIONS)

        return self._store.write(work)

    def ready_queues(self) -> list[str]:
        """Return the queues with a visible message, the queue that has waited longest first.

        One statement reads all queues. After a jump of the wall clock all waits are corrected first.
        """
        self._steady.follow()
        now = unix(self._clock.now())
        ready = sorted((first, name) for name, first, _ in self._visibilities(now) if first <= now)
        return [name for _, name in ready]

    def waiting(self, queue: str, *, most: int) -> int:
        """Return the number of visible messages on the queue, counted up to `most`."""
        name, now = self._queues[queue].name, unix(self._clock.now())
        row = self._store.row(_COUNTED, name, now, most)
        assert row is not None
        return int(row[0])

    def next_due(self) -> float | None:
        """Return the next time, in Unix seconds, at which a message becomes visible;
        None if there is none.
        """
        coming = self._visibilities(unix(self._clock.now()))
        return min((due for _, _, due in coming if due is not None), default=None)

    def _settling(
        self,
        queue: str,
        acknowledged: Sequence[str],
        failed: Sequence[Retry],
        parked: Sequence[Parked],
        left: Sequence[str],
        *,
        most: int,
    ) -> Callable[[Session], list[Delivery]]:
        model = self._queues[queue]
        waits = [(retry, rules.visibility(retry.after)) for retry in failed]

        def work(session: Session) -> list[Delivery]:
            now = self._steady.moment()
            moment = unix(now)
            messages.acknowledge(session, queue, acknowledged, now=moment)
            for unreadable in parked:
                messages.park(session, queue, unreadable.receipt, unreadable.fault, now=moment)
            messages.give_back(session, queue, left, now=moment)
            for retry, wait in waits:
                visible = unix(now, after=wait)
                if not retry.counts:
                    messages.give_back(session, queue, [retry.receipt], now=moment, visible=visible)
                    continue
                messages.fail(
                    session, model, retry.receipt, error=retry.error, now=moment, visible=visible
                )
            return messages.lease(
                session,
                model,
                most=min(most, limits.BATCH),
                now=moment,
                until=unix(now, after=model.visibility),
                oldest=unix(now, after=-limits.RETENTION - self._steady.forgiven),
            )

        return work

    def _visibilities(self, now: float) -> list[tuple[str, float, float | None]]:
        """For each queue with messages: the earliest visible time of all messages, and
        the earliest after now.
        """
        rows = self._store.read(lambda session: session.rows(_VISIBILITIES, now))
        return [(name, first, coming) for name, first, coming in rows if name in self._queues]


_LONGEST = 60  # seconds that a message waits after an interruption
_RELEASE = """UPDATE messages SET leased = 0, visible = ? + min(ended, ?), ended = ended + 1,
interrupted = interrupted + 1, attempts = attempts - (ended < ?) WHERE leased = 1"""
_VISIBLE = "SELECT 1 FROM messages WHERE queue = ? AND visible <= ? LIMIT 1"
_COUNTED = """SELECT count(*) FROM
(SELECT 1 FROM messages WHERE queue = ? AND visible <= ? LIMIT ?)"""
# From queue to queue through the index: as many look-ups as there are queues with messages,
# however many messages.
_VISIBILITIES = """
WITH RECURSIVE each(name) AS (
    SELECT min(queue) FROM messages
    UNION ALL SELECT (SELECT min(queue) FROM messages WHERE queue > name)
    FROM each WHERE name IS NOT NULL)
SELECT name,
    (SELECT min(visible) FROM messages WHERE queue = name),
    (SELECT min(visible) FROM messages WHERE queue = name AND visible > ?)
FROM each WHERE name IS NOT NULL"""
