"""The last published events, in their order.

The command line follows them and replays them to a consumer. AWS keeps no history.
"""

from collections.abc import Sequence

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.messages import Message, Published


class History:
    """The last `limits.HISTORY_EVENTS` events of a store."""

    def __init__(self, store: Store, *, steady: SteadyTime) -> None:
        self._store = store
        self._steady = steady

    def last(self, event: str | None = None, *, most: int) -> list[Published]:
        """Return the newest events of this name, or of all names, the oldest first."""
        rows = self._store.read(lambda session: session.rows(_LAST, event, event, most))
        return [_published(row) for row in reversed(rows)]

    def after(
        self, position: int, event: str | None = None, *, since: float = 0.0, most: int
    ) -> list[Published]:
        """Return the oldest events after a position of the history, and not before a time."""
        rows = self._store.read(
            lambda session: session.rows(_AFTER, position, since, event, event, most)
        )
        return [_published(row) for row in rows]

    def replay(self, queue: str, chosen: Sequence[Message]) -> None:
        """Put the chosen messages on a queue once more, all or none."""

        def work(session: Session) -> None:
            now = unix(self._steady.moment())
            for message in chosen:
                messages.add(session, queue, messages.packed(message), sent=now, visible=now)

        self._store.write(work)


_LAST = """SELECT seq, published, payload FROM history
WHERE ? IS NULL OR event = ? ORDER BY seq DESC LIMIT ?"""
_AFTER = """SELECT seq, published, payload FROM history
WHERE seq > ? AND published >= ? AND (? IS NULL OR event = ?) ORDER BY seq LIMIT ?"""


def _published(row: tuple[int, float, bytes]) -> Published:
    position, published, payload = row
    return Published(position, published, messages.unpacked(payload))
