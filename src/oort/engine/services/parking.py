"""The Parking port on the store. Parked messages are kept until they are released or discarded."""

from collections.abc import Callable

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.messages import Fault, ParkedMessage, Reason
from oort.model.platform import PlatformModel
from oort.rules.messaging import envelopes

_AT_ONCE = 1000  # rows in memory during a release


class Parking:
    """Parked messages of a store. A queue that the program does not have is a KeyError."""

    def __init__(self, store: Store, *, platform: PlatformModel, steady: SteadyTime) -> None:
        self._store = store
        self.adopt(platform)
        self._steady = steady

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._queues = {queue.name: queue for queue in platform.queues}

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """See `ports.parking`."""
        name = self._queues[queue].name
        rows = self._store.read(lambda session: session.rows(_ROWS, name, 0, most))
        return [_message(name, row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return the number of parked messages, for each queue with parked messages."""
        rows = self._store.read(
            lambda session: session.rows("SELECT queue, count(*) FROM parked GROUP BY queue")
        )
        return {queue: count for queue, count in rows if queue in self._queues}

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`."""
        return self._remove(queue, ready, back=True)

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`."""
        return self._remove(queue, chosen, back=False)

    def _remove(self, queue: str, chosen: Callable[[ParkedMessage], bool], *, back: bool) -> int:
        """Remove the chosen messages, and put them on their queue if `back`.
        Return their number.
        """
        name = self._queues[queue].name
        last, taken = 0, 0
        while rows := self._store.read(
            lambda session, last=last: session.rows(_ROWS, name, last, _AT_ONCE)  # type: ignore[misc]
        ):
            last = rows[-1][0]
            if positions := [row[0] for row in rows if chosen(_message(name, row))]:
                taken += self._store.write(self._removal(name, positions, back=back))
        return taken

    def _removal(self, queue: str, positions: list[int], *, back: bool) -> Callable[[Session], int]:
        def work(session: Session) -> int:
            now, count = unix(self._steady.moment()), 0
            for seq in positions:
                row = session.row("SELECT payload FROM parked WHERE seq = ?", seq)
                if row is not None:  # another process may have removed the message
                    if back:
                        messages.add(session, queue, row[0], sent=now, visible=now)
                    count += session.run("DELETE FROM parked WHERE seq = ?", seq)
            return count

        return work


_ROWS = """SELECT seq, reason, detail, parked, payload FROM parked
WHERE queue = ? AND seq > ? ORDER BY seq LIMIT ?"""
_Row = tuple[int, str, str, float, bytes]


def _message(queue: str, row: _Row) -> ParkedMessage:
    seq, reason, detail, parked, payload = row
    message = messages.unpacked(payload)
    return ParkedMessage(
        id=str(seq),
        queue=queue,
        message=message,
        fault=Fault(Reason(reason), detail),
        parked=parked,
        raw=envelopes.wrapped(message),
    )
