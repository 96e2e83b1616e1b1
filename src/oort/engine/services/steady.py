"""Two times that do not jump while somebody sets the wall clock.

The time of the store is the wall clock until somebody sets the clock. A commit then corrects the
times in the store, and with this commit the time of the store jumps, too. All times are computed
inside their commits, by the time of the store. So a wait that is written at the moment of a jump has its
length.

The steady time is the time of the store less its jumps. Marks and leases of effects end by the
steady time: no jump removes a mark or makes a lease longer. The store keeps the sum of the jumps,
because marks hold across restarts. A jump while the platform is stopped is not noticed.
"""

from datetime import datetime, timedelta

from oort.engine.rows import messages
from oort.engine.services.jumps import Jump, Jumps
from oort.engine.store.session import Row, Session
from oort.engine.store.store import Store
from oort.ports.clock import Clock


class SteadyTime:
    """The times of a store.

    Safe to use from many threads; inside work of the store, only `moment` and `forgiven`. `forgiven` is
    the time by which the clock was set forward, known after the first `follow`. This time does not count as
    age of a message.
    """

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._jumps = Jumps(clock)
        self.forgiven = timedelta(0)
        self._before: float | None = (
            None  # the sum of the jumps before the start; read at first use
        )

    def now(self) -> datetime:
        """Return the steady time. If the wall clock has jumped, correct the store first."""
        self.follow()
        before = self._sum()
        moment, jumped = self._jumps.time()
        return moment - timedelta(seconds=before + jumped)

    def is_quiet(self) -> bool:
        """True if `follow` would neither wait nor act. Never waits."""
        return self._before is not None and self._jumps.is_quiet()

    def at_once(self) -> datetime | None:
        """Return the steady time, or None if `now` would wait or act."""
        if self._before is None or not self._jumps.is_quiet():
            return None
        moment, jumped = self._jumps.time()
        return moment - timedelta(seconds=self._before + jumped)

    def moment(self) -> datetime:
        """Return the time of the store. Inside its work, no jump comes before the end of the work."""
        return self._jumps.time()[0]

    def jumped(self) -> float:
        """Return the sum of the jumps that were followed since the start."""
        return self._jumps.time()[1]

    def follow(self) -> None:
        """Correct the times of messages if the wall clock has jumped since the last call."""
        if self._before is None:
            self._sum()
        self._jumps.follow(self._correct)

    def _sum(self) -> float:
        if self._before is None:
            jumped = self._jumps.time()[1]
            total, forgiven = read_sums(self._store.row(SUMS))
            self.forgiven = timedelta(seconds=forgiven)
            self._before = total - jumped
        return self._before

    def _correct(self, jump: Jump) -> None:
        """Correct the ends of waits and leases, so that each has its length.

        Other processes write by the wall clock: what they sent after a jump forward is right already. No
        message is old by a jump.
        """
        forgiven = self.forgiven
        after, sent = (jump.expected, jump.earliest) if jump.by > 0 else (jump.now, float("inf"))

        def work(session: Session) -> None:
            messages.shift(session, after=after, sent=sent, by=jump.by)
            total, kept = read_sums(session.row(SUMS))
            kept = max(0.0, kept + jump.by)
            session.run(_KEEP, total + jump.by, kept)
            self.forgiven = timedelta(seconds=kept)
            self._jumps.take(jump)

        try:
            self._store.write(work)
        except BaseException:
            self.forgiven = forgiven
            raise


def read_sums(row: Row | None) -> tuple[float, float]:
    """Return the sum of the jumps, and how far the clock was set forward, from a row of `SUMS`."""
    return (0.0, 0.0) if row is None else (row[0], row[1])


SUMS = "SELECT total, forgiven FROM jumps WHERE id = 1"
_KEEP = "INSERT OR REPLACE INTO jumps(id, total, forgiven) VALUES(1, ?, ?)"
