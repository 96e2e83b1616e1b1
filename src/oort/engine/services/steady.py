"""Time that goes on evenly while somebody sets the wall clock: the clock less its noticed jumps.

Marks and leases of effects end by this time: no jump removes a mark or makes a lease longer. The
store keeps the sum of the jumps, because marks hold across restarts. A jump while the platform is
stopped is not noticed.
"""

from datetime import datetime, timedelta

from oort.engine.rows import messages
from oort.engine.services.jumps import Jump, Jumps
from oort.engine.store.session import Row, Session
from oort.engine.store.store import Store
from oort.ports.clock import Clock


class SteadyTime:
    """The steady time of a store.

    Safe to use from many threads, but not inside work of the store.
    """

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._jumps = Jumps(clock)
        self._known: tuple[float, float] | None = None  # read at the first use

    def now(self) -> datetime:
        """Return the steady time. If the wall clock has jumped, correct the store first."""
        self.follow()
        return self._clock.now() - timedelta(seconds=self._sums()[0])

    def follow(self) -> None:
        """Correct the times of messages if the wall clock has jumped since the last call."""
        self._jumps.follow(self._correct)

    def forgiven(self) -> timedelta:
        """Return how far the clock was set forward. That time does not count as age of a message."""
        return timedelta(seconds=self._sums()[1])

    def _sums(self) -> tuple[float, float]:
        if self._known is None:
            self._known = _read(self._store.row(_SUMS))
        return self._known

    def _correct(self, jump: Jump) -> None:
        """Correct the ends of waits and leases, so that each has its length.

        Messages that were sent after a jump forward are right already. After a jump back they
        cannot be distinguished from older messages, and may be visible early. No message is old by a
        jump.
        """
        after, sent = (jump.expected, jump.earliest) if jump.by > 0 else (jump.now, float("inf"))

        def work(session: Session) -> tuple[float, float]:
            messages.shift(session, after=after, sent=sent, by=jump.by)
            total, forgiven = _read(session.row(_SUMS))
            sums = total + jump.by, max(0.0, forgiven + jump.by)
            session.run(_KEEP, *sums)
            return sums

        self._known = self._store.write(work)


def _read(row: Row | None) -> tuple[float, float]:
    return (0.0, 0.0) if row is None else (row[0], row[1])


_SUMS = "SELECT total, forgiven FROM jumps WHERE id = 1"
_KEEP = "INSERT OR REPLACE INTO jumps(id, total, forgiven) VALUES(1, ?, ?)"
