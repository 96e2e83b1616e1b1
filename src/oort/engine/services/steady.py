"""Two times that do not jump while somebody sets the wall clock.

The time of the store is the wall clock until somebody sets it. The jump is followed in a commit that corrects the times in the
store, and at that moment the time of the store jumps, too. What is written is computed inside the commit, by this time. So a wait that is written at
the moment of a jump is not wrong by it.

The steady time is the time of the store less its jumps. Marks and leases of effects end by it: no jump removes a mark or makes a lease
longer. The store keeps the sum of the jumps, because marks hold across restarts. A jump while the platform is stopped is not noticed.
"""

from datetime import datetime, timedelta

from oort.engine.rows import messages
from oort.engine.services.jumps import Jump, Jumps
from oort.engine.store.session import Row, Session
from oort.engine.store.store import Store
from oort.ports.clock import Clock


class SteadyTime:
    """The times of a store. Safe to use from many threads; inside work of the store, only `moment` and `forgiven`."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._jumps = Jumps(clock)
        # The sums that the store had at the start, and how far the clock was set forward. Read at the first use.
        self._before: float | None = None
        self._forgiven = 0.0

    def now(self) -> datetime:
        """Return the steady time. If the wall clock has jumped, correct the store first."""
        self.follow()
        before = self._sum()
        moment, jumped = self._jumps.time()
        return moment - timedelta(seconds=before + jumped)

    def moment(self) -> datetime:
        """Return the time of the store. Inside its work, no jump comes before the end of the work."""
        return self._jumps.time()[0]

    def jumped(self) -> float:
        """Return the sum of the jumps that were followed since the start."""
        return self._jumps.time()[1]

    def follow(self) -> None:
        """Correct the times of messages if the wall clock has jumped since the last call."""
        self._jumps.follow(self._correct)

    def load(self) -> None:
        """Read the sums of the store, if that was not done. Call this before work that uses `forgiven`."""
        self._sum()

    def forgiven(self) -> timedelta:
        """Return how far the clock was set forward. That time does not count as age of a message."""
        return timedelta(seconds=self._forgiven)

    def _sum(self) -> float:
        if self._before is None:
            jumped = self._jumps.time()[1]
            total, self._forgiven = read_sums(self._store.row(SUMS))
            self._before = total - jumped
        return self._before

    def _correct(self, jump: Jump) -> None:
        """Correct the ends of waits and leases, so that each has its length.

        Other processes write by the wall clock: what they sent after a jump forward is right already. No
        message is old by a jump.
        """
        self._sum()
        forgiven = self._forgiven
        after, sent = (jump.expected, jump.earliest) if jump.by > 0 else (jump.now, float("inf"))

        def work(session: Session) -> None:
            messages.shift(session, after=after, sent=sent, by=jump.by)
            total, kept = read_sums(session.row(SUMS))
            session.run(_KEEP, total + jump.by, max(0.0, kept + jump.by))
            self._forgiven = max(0.0, kept + jump.by)
            self._jumps.take(jump)

        try:
            self._store.write(work)
        except BaseException:
            self._forgiven = forgiven
            raise


def read_sums(row: Row | None) -> tuple[float, float]:
    """Return the sum of the jumps, and how far the clock was set forward, from a row of `SUMS`."""
    return (0.0, 0.0) if row is None else (row[0], row[1])


SUMS = "SELECT total, forgiven FROM jumps WHERE id = 1"
_KEEP = "INSERT OR REPLACE INTO jumps(id, total, forgiven) VALUES(1, ?, ?)"
