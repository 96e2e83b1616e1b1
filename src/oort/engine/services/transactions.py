"""The Transactions port on the store: items, outbox rows and the inbox mark in a single commit.

Mistakes that show without the store are refused before the work is queued for the writer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oort.engine.rows import items, messages
from oort.engine.rows.indexes import Moment
from oort.engine.rows.items import Prepared
from oort.engine.rows.planned import Planned
from oort.engine.rows.times import unix
from oort.engine.services.backlog import Backlog
from oort.engine.services.steady import SteadyTime
from oort.engine.services.tables import no_lag
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.errors import ConditionFailed, NoSuchItem
from oort.model.operations import (
    CheckItem,
    Commit,
    DeleteItem,
    Done,
    Mark,
    PublishEvent,
    PutItem,
    SendMessage,
    UpdateItem,
    Write,
)
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as sendable
from oort.rules.tables import transactions as rules
from oort.rules.tables.items import Address, located

_AT_ONCE = timedelta(0)
_FEW = 25  # writes of a commit that is prepared on the event loop


@dataclass(frozen=True, slots=True)
class _Outgoing:
    kind: str
    name: str
    delay: timedelta
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Step:
    """A write that is ready to be applied, with `item` for a put and `outgoing` for a message."""

    write: Write
    item: Prepared | None = None
    outgoing: _Outgoing | None = None


class Transactions:
    """Transactions on a store. `lag` is the `lag` of `Tables`."""

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        steady: SteadyTime,
        lag: Callable[[], timedelta] = no_lag,
        backlog: Backlog | None = None,
    ) -> None:
        self._store = store
        self._backlog = backlog or Backlog(store, platform=platform, clock=clock)
        self.adopt(platform)
        self._clock = clock
        self._steady = steady
        self._lag = lag

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on. A commit that waits uses them, too."""
        self._tables = {table.name: table for table in platform.tables}
        self._queues = {queue.name for queue in platform.queues}

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`."""
        return self._store.write(self._committing(writes, mark))

    def planned(self, operation: Commit) -> Planned[Any] | None:
        """Return the operation as a write that is ready for the store; None if that takes time."""
        writes, mark, steady = operation.writes, operation.mark, None
        if len(writes) > _FEW or not all(map(self._is_quick, writes)):
            return None
        if mark is not None and (steady := self._steady.at_once()) is None:
            return None
        return Planned(self._committing(writes, mark, steady), _applied)

    def _is_quick(self, write: Write) -> bool:
        """True if the write can be prepared without a wait."""
        match write:
            case SendMessage():
                is_counted = self._backlog.is_counted(write.queue)
                is_in_time = not write.delay or self._steady.is_quiet()
                return is_counted and is_in_time and self._backlog.is_outgoing_counted()
            case PublishEvent():
                is_counted = self._backlog.is_event_counted(write.event)
                return is_counted and self._backlog.is_outgoing_counted()
            case _:
                return True

    def _committing(
        self, writes: Sequence[Write], mark: Mark | None, steady: datetime | None = None
    ) -> Callable[[Session], bool]:
        """Return the work of a commit. `steady` is the steady time, if it is known."""
        rules.check_count(len(writes) + (mark is not None))
        now = self._clock.now()
        steps = [self._prepared(write) for write in writes]
        rules.check_once(address for address in map(self._address, steps) if address is not None)
        moment = Moment(unix(now), unix(now, after=self._lag()))
        marked = now if mark is None else steady or self._steady.now()

        def work(session: Session) -> bool:
            if mark is not None and not _marked(session, mark, marked):
                return False
            size = 0
            for position, step in enumerate(steps):
                size += self._apply(session, step, moment, position)
            rules.check_size(size)
            return True

        return work

    def _prepared(self, write: Write) -> _Step:
        if isinstance(write, PutItem):
            return _Step(write, item=items.prepared(self._tables[write.table], write.item))
        if isinstance(write, SendMessage):
            if write.queue not in self._queues:
                raise KeyError(write.queue)
            sendable.check(write.message)
            self._backlog.admit(write.queue)
            self._backlog.admit_outgoing()
            if write.delay:
                self._steady.follow()  # see Queues.send
            delay, payload = sendable.delay(write.delay), messages.packed(write.message)
            return _Step(write, outgoing=_Outgoing("send", write.queue, delay, payload))
        if isinstance(write, PublishEvent):
            sendable.check(write.message)
            self._backlog.admit_event(write.event)
            self._backlog.admit_outgoing()
            payload = messages.packed(write.message)
            return _Step(write, outgoing=_Outgoing("publish", write.event, _AT_ONCE, payload))
        return _Step(write)

    def _address(self, step: _Step) -> tuple[str, Address] | None:
        write = step.write
        if isinstance(write, UpdateItem | DeleteItem | CheckItem):
            return write.table, located(self._tables[write.table], write.key)
        return (
            (write.table, step.item.at)
            if isinstance(write, PutItem) and step.item is not None
            else None
        )

    def _apply(self, session: Session, step: _Step, moment: Moment, position: int) -> int:
        """Apply a write and return the size that counts."""
        if (out := step.outgoing) is not None:
            visible = unix(self._steady.moment(), after=out.delay)
            session.run(_OUT, out.kind, out.name, visible, out.payload)
            session.wake()
            return len(out.payload)
        try:
            return self._apply_item(session, step, moment)
        except (ConditionFailed, NoSuchItem) as error:
            error.position = position
            raise

    def _apply_item(self, session: Session, step: _Step, moment: Moment) -> int:
        write = step.write
        assert not isinstance(write, SendMessage | PublishEvent)  # messages have `outgoing`
        table: TableModel = self._tables[write.table]
        if isinstance(write, PutItem):
            assert step.item is not None
            items.put(session, table, write, step.item, moment=moment)
            return step.item.size
        if isinstance(write, UpdateItem):
            return items.update(session, table, write, moment=moment).size
        if isinstance(write, DeleteItem):
            items.delete(session, table, write, moment=moment)
        else:
            items.check(session, table, write)
        return 0


def _applied(outcome: bool) -> Done:  # noqa: FBT001  of the store's work
    return Done(applied=outcome)


def _marked(session: Session, mark: Mark, now: datetime) -> bool:
    """Write the mark; False if it exists. The same commit removes a few expired marks."""
    moment, expires = unix(now), unix(now, after=limits.MARK_RETENTION)
    session.run(_PRUNE, moment)
    return session.run(_MARK, mark.function, mark.message, expires, moment) == 1


_OUT = "INSERT INTO outbox(kind, name, visible, payload) VALUES(?, ?, ?, ?)"
_MARK = """INSERT INTO inbox VALUES(?, ?, ?)
ON CONFLICT DO UPDATE SET expires = excluded.expires WHERE expires <= ?"""
# Two for each new mark: the number of expired marks falls, and no commit takes long.
_PRUNE = """DELETE FROM inbox WHERE (function, message) IN
(SELECT function, message FROM inbox WHERE expires <= ? ORDER BY expires LIMIT 2)"""
