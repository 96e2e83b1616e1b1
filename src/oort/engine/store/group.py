"""The store of a running platform: one writer thread with group commit, and readers in their
threads.

While one group is synced, the next group gathers. So all waiting writers share the cost of a sync,
and no write waits for more writes. Callers get the outcome after the group's commit. If a work
fails after a change, the group is rolled back and applied again with a savepoint for each work, so
that only the failed work is undone. Savepoints for every work would double the statements of every
write, and each statement releases the interpreter lock.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import get_ident
from time import perf_counter
from typing import Any, TypeVar, cast

import apsw
import msgspec

from oort.engine.store.presence import Presence
from oort.engine.store.session import Row, Session, Value
from oort.engine.store.store import closed, connect, free_bytes, ignore, unusable
from oort.model.errors import StateLost
from oort.runtime.seldom import Seldom

T = TypeVar("T")

_log = logging.getLogger(__name__)
_READER_CACHE = 2_000  # KB of pages; there are as many readers as reads at one time
_WEIGHT = 0.1  # of the latest commit in the time that a commit takes on average
_seldom = Seldom(timedelta(seconds=30))


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: object
    error: BaseException | None


class _Waiting:
    """A thread that waits for the outcome of its work: a bare lock, five times cheaper than a
    Future."""

    __slots__ = ("_lock", "_outcome")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._outcome: _Outcome | None = None

    def tell(self, outcome: _Outcome) -> None:
        """Set the outcome and wake the thread."""
        self._outcome = outcome
        self._lock.release()

    def result(self) -> object:
        """Wait; then return the result of the work, or raise its error."""
        self._lock.acquire()
        outcome, self._outcome = self._outcome, None
        assert outcome is not None
        if outcome.error is not None:
            raise outcome.error
        return outcome.result


class _Callback:
    """A function that receives the outcome."""

    __slots__ = ("_then",)

    def __init__(self, then: Callable[[Any], None]) -> None:
        self._then = then

    def tell(self, outcome: _Outcome) -> None:
        """Call the function."""
        error = outcome.error
        try:
            if error is None or isinstance(error, Exception):
                self._then(outcome.result if error is None else error)
            else:
                self._then(RuntimeError(repr(error)))
        except Exception:  # the others of the group have their outcome, too
            _log.exception("The function for the outcome of a write failed.")


# Made for each write: a Struct costs a tenth of a frozen dataclass.
class _Ticket(msgspec.Struct, frozen=True, eq=False):
    work: Callable[[Session], Any]
    answer: "_Waiting | _Callback | Future[Any] | None"  # None: no caller waits


class _Undo(Exception):
    """A work of a group failed with `error` after a change."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class GroupCommitStore:
    """A `Store` on a file for many threads.

    `patience` is the time that work of `later` may wait for other writes. `key` and `vfs` are as in
    `connect`. `beside` are files that must not be removed either while the store is open. After a
    commit, the files are looked at if the last look was longer ago than `glance`.
    """

    def __init__(
        self,
        path: Path,
        *,
        key: str | None = None,
        patience: timedelta = timedelta(milliseconds=100),
        vfs: str | None = None,
        beside: Iterable[Path] = (),
        glance: timedelta = timedelta(milliseconds=10),
    ) -> None:
        self.on_commit: Callable[[], None] = ignore
        self.commit_seconds = 0.0
        self._path = path
        self._key = key
        self._vfs = vfs
        self._patience = patience.total_seconds()
        self._writing = connect(path, key=key, vfs=vfs)
        self._watching = connect(path, key=key, vfs=vfs)
        logs = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
        self._files = Presence((path, *logs, *beside), pause=glance)
        self._watch = threading.Lock()
        self._readers: deque[apsw.Connection] = deque()
        self._drained = False  # once true, no connection comes back
        self._arrived = threading.Condition()
        self._queue: list[_Ticket] = []
        self._urgent = False
        self._closing = False
        self._failure: BaseException | None = None
        self._writer = threading.Thread(target=self._write_groups, name="oort-store", daemon=True)
        self._writer.start()
        self._writer_id = self._writer.ident

    def read(self, work: Callable[[Session], T]) -> T:
        """See `Store.read`."""
        self._guard()
        connection = self._reader()
        try:
            connection.execute("BEGIN")
            try:
                return work(Session(connection))
            finally:
                connection.execute("COMMIT")
        except apsw.Error as error:
            raise unusable(error, name=str(self._path)) from error
        finally:
            self._give_back(connection)

    def row(self, sql: str, *values: Value) -> Row | None:
        """See `Store.row`."""
        if not self._files.are_there or self._closing or get_ident() == self._writer_id:
            self._guard()
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._reader()
        try:
            rows = connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise unusable(error, name=str(self._path)) from error
        finally:
            self._give_back(connection)
        return rows[0] if rows else None

    def write(self, work: Callable[[Session], T]) -> T:
        """See `Store.write`."""
        answer = _Waiting()
        self._hand_in(_Ticket(work, answer))
        return cast(T, answer.result())

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        """See `Store.submit`. Callbacks of the future run on the writer thread: they must not use
        the store."""
        answer: Future[T] = Future()
        self._hand_in(_Ticket(work, answer))
        return answer

    def begin(self, work: Callable[[Session], T], then: Callable[[T | Exception], None]) -> None:
        """See `Store.begin`."""
        self._hand_in(_Ticket(work, _Callback(then)))

    def later(self, work: Callable[[Session], object]) -> None:
        """See `Store.later`: the work joins the next group, or forms one after `patience`."""
        self._hand_in(_Ticket(work, None))

    def free(self) -> int | None:
        """See `Store.free`."""
        return free_bytes(self._path)

    def data_version(self) -> int:
        """See `Store.data_version`."""
        with self._watch:
            if self._closing:
                raise closed()
            row = self._watching.execute("PRAGMA data_version").fetchone()
        assert row is not None
        return int(row[0])

    def lost(self) -> StateLost | None:
        """Return an error if a file of the store was removed or replaced. Cheap enough to poll.

        From then on, every call raises it.
        """
        return self._files.missing()

    def failure(self) -> BaseException | None:
        """Return the error of the latest commit, or None."""
        return self._failure

    def close(self) -> None:
        """See `Store.close`. A second call does nothing."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        self._writer.join()
        with self._watch:
            self._watching.close()
        self._drained = True
        self._close_readers()
        self._writing.close()

    def _guard(self) -> None:
        if get_ident() == self._writer_id:
            raise RuntimeError("Work inside a store's work: it must use the session it was given.")
        if self._closing:
            raise closed()
        if (error := self._files.noticed()) is not None:
            raise error

    def _reader(self) -> apsw.Connection:
        """Take a connection from the pool. The pool is as large as the greatest number of parallel
        reads."""
        try:
            return self._readers.pop()
        except IndexError:
            connection = connect(self._path, key=self._key, vfs=self._vfs)
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{_READER_CACHE}")
            return connection

    def _give_back(self, connection: apsw.Connection) -> None:
        if connection.in_transaction:
            connection.close()
            return
        self._readers.append(connection)
        if self._drained:
            self._close_readers()

    def _close_readers(self) -> None:
        with suppress(IndexError):
            while True:
                self._readers.pop().close()

    def _hand_in(self, ticket: _Ticket) -> None:
        self._guard()
        with self._arrived:
            if self._closing:
                raise closed()
            wakes = not self._queue or (ticket.answer is not None and not self._urgent)
            self._queue.append(ticket)
            self._urgent = self._urgent or ticket.answer is not None
            if wakes:
                self._arrived.notify()

    def _write_groups(self) -> None:
        while group := self._next_group():
            self._settle(group)

    def _next_group(self) -> list[_Ticket]:
        """Wait for work and return all of it; return an empty group when the store closes."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._queue or self._closing)
            if not self._urgent:
                self._arrived.wait_for(
                    lambda: self._urgent or self._closing, timeout=self._patience
                )
            group, self._queue, self._urgent = self._queue, [], False
            return group

    def _settle(self, group: Sequence[_Ticket]) -> None:
        tickets = [ticket for ticket in group if _is_wanted(ticket)]
        session = Session(self._writing)
        try:
            outcomes = self._commit(session, tickets)
            self._failure = None
        except BaseException as error:  # whatever it is, every waiter must hear of it
            self._failure = error
            outcomes = [self._failed(error)] * len(tickets)
            session.woken = False
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            _answer(ticket, outcome)
        if session.woken:
            self._tell()

    def _commit(self, session: Session, group: Sequence[_Ticket]) -> list[_Outcome]:
        try:
            return self._transaction(lambda: [self._apply(session, ticket) for ticket in group])
        except _Undo:
            session.woken = False
            return self._transaction(
                lambda: [self._apply_alone(session, ticket) for ticket in group]
            )

    def _transaction(self, apply: Callable[[], list[_Outcome]]) -> list[_Outcome]:
        connection = self._writing
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = apply()
            began = perf_counter()
            connection.execute("COMMIT")
            self.commit_seconds += _WEIGHT * (perf_counter() - began - self.commit_seconds)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        # The commit went into files that nobody will find again, so it is not acknowledged.
        if (error := self._files.glance()) is not None:
            raise error
        return outcomes

    def _apply(self, session: Session, ticket: _Ticket) -> _Outcome:
        """Run one work of a group. Raise _Undo if it failed after a change."""
        connection = self._writing
        before = connection.total_changes()
        try:
            outcome = _Outcome(ticket.work(session), None)
        except BaseException as error:
            # SQLite rolled back the transaction: the disk is full or broken.
            if not connection.in_transaction:
                raise
            if connection.total_changes() != before:
                raise _Undo(error) from None
            outcome = self._failed(error)
        if not connection.in_transaction:
            raise RuntimeError("Work ended the transaction that the store had begun.")
        return outcome

    def _apply_alone(self, session: Session, ticket: _Ticket) -> _Outcome:
        """Run one work with a savepoint."""
        connection = self._writing
        connection.execute("SAVEPOINT work")
        try:
            outcome = self._apply(session, ticket)
        except _Undo as undo:
            connection.execute("ROLLBACK TO work")
            outcome = self._failed(undo.error)
        connection.execute("RELEASE work")
        return outcome

    def _failed(self, error: BaseException) -> _Outcome:
        failure = unusable(error, name=str(self._path))
        if failure is not error:
            failure.__cause__ = error
        return _Outcome(None, failure)

    def _tell(self) -> None:
        try:
            self.on_commit()
        except Exception:
            _log.exception("on_commit failed; the commit itself is durable.")


def _warn(error: BaseException) -> None:
    if isinstance(error, StateLost):  # the platform ends with this sentence
        return
    missed = _seldom.missed(str(error), now=datetime.now(UTC))
    if missed is not None:
        more = f" {missed} more were not logged." if missed else ""
        _log.warning("A write that nobody waits for failed.%s", more, exc_info=error)


def _is_wanted(ticket: _Ticket) -> bool:
    return not isinstance(ticket.answer, Future) or ticket.answer.set_running_or_notify_cancel()


def _answer(ticket: _Ticket, outcome: _Outcome) -> None:
    answer = ticket.answer
    if isinstance(answer, _Waiting | _Callback):
        answer.tell(outcome)
    elif answer is None:
        if outcome.error is not None:
            _warn(outcome.error)
    elif outcome.error is not None:
        answer.set_exception(outcome.error)
    else:
        answer.set_result(outcome.result)
