"""The relay moves messages from the outbox to the queues, after each commit that
wrote to the outbox.

A pass is a single transaction: a row leaves the outbox in the commit that puts its message on the
queues, so the message arrives exactly once.
"""

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock

PASS = 100
NO_QUEUE = "the program has no such queue any more"


class Relay:
    """The relay of a store's outbox."""

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
        self._steady = steady or SteadyTime(store, clock=clock)

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._platform = platform
        self._queues = {queue.name for queue in platform.queues}

    def waiting(self) -> int:
        """Return the number of messages that have not been moved yet."""
        row = self._store.row("SELECT count(*) FROM outbox")
        assert row is not None
        return int(row[0])

    def move(self, *, most: int = PASS) -> int:
        """Move up to `most` messages and return their number.

        They move in the order of their commits, which is also the order of each key.
        """
        if not self._store.row("SELECT 1 FROM outbox LIMIT 1"):
            return 0
        return self._store.write(lambda session: self._pass(session, most))

    def _pass(self, session: Session, most: int) -> int:
        """Move messages. A delay is too long if the wall clock went back while the platform was
        stopped.
        """
        moment = self._steady.moment()
        now, latest = unix(moment), unix(moment, after=limits.MESSAGE_DELAY)
        rows = session.rows(
            "SELECT seq, kind, name, visible, payload FROM outbox ORDER BY seq LIMIT ?", most
        )
        for _, kind, name, visible, payload in rows:
            if kind == "publish":
                messages.fan_out(session, self._platform, name, payload, now=now)
            elif name in self._queues:
                messages.add(session, name, payload, sent=now, visible=min(visible, latest))
            else:  # a message must neither vanish nor block later messages
                sql = (
                    "INSERT INTO dead(queue, attempts, died, error, payload) VALUES(?, 0, ?, ?, ?)"
                )
                session.run(sql, name, now, NO_QUEUE, payload)
        if rows:
            session.run("DELETE FROM outbox WHERE seq <= ?", rows[-1][0])
        return len(rows)
