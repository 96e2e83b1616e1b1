"""A store on one connection without a thread: in memory for tests, on a file for single
commands."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from oort.engine.store.session import Row, Session, Value
from oort.engine.store.store import closed, connect, free_bytes, ignore, unusable

T = TypeVar("T")

_log = logging.getLogger(__name__)


class DirectStore:
    """A `Store` that runs each work at once, in the calling thread, in its own transaction."""

    def __init__(self, path: Path | None = None, *, key: str | None = None) -> None:
        self.on_commit: Callable[[], None] = ignore
        self.commit_seconds = 0.0
        self._path = path
        self._name = ":memory:" if path is None else str(path)
        self._connection = connect(path, key=key)
        self._alone = threading.RLock()
        self._inside = False
        self._closed = False
        self._commits = 0

    def read(self, work: Callable[[Session], T]) -> T:
        """See `Store.read`."""
        with self._transaction("BEGIN") as session:
            return work(session)

    def row(self, sql: str, *values: Value) -> Row | None:
        """See `Store.row`."""
        return self.read(lambda session: session.row(sql, *values))

    def write(self, work: Callable[[Session], T]) -> T:
        """See `Store.write`."""
        with self._transaction("BEGIN IMMEDIATE") as session:
            result = work(session)
        self._commits += 1
        if session.woken:
            self.on_commit()
        return result

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        """See `Store.submit`. The future is done when this returns."""
        future: Future[T] = Future()
        try:
            future.set_result(self.write(work))
        except Exception as error:  # it belongs to whoever reads the future
            future.set_exception(error)
        return future

    def begin(self, work: Callable[[Session], T], then: Callable[[T | Exception], None]) -> None:
        """See `Store.begin`. The work is done when this returns."""
        outcome: T | Exception
        try:
            outcome = self.write(work)
        except Exception as error:
            outcome = error
        then(outcome)

    def later(self, work: Callable[[Session], object]) -> None:
        """See `Store.later`. The work is done when this returns."""
        try:
            self.write(work)
        except Exception:
            _log.warning("A write that nobody waits for failed.", exc_info=True)

    def free(self) -> int | None:
        """See `Store.free`."""
        return None if self._path is None else free_bytes(self._path)

    def data_version(self) -> int:
        """See `Store.data_version`."""
        with self._alone:
            if self._closed:
                raise closed()
            row = self._connection.execute("PRAGMA data_version").fetchone()
        assert row is not None
        # SQLite's number does not count commits of this connection.
        return int(row[0]) + self._commits

    def close(self) -> None:
        """See `Store.close`."""
        with self._alone:
            self._closed = True
            self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        with self._alone:
            if self._closed:
                raise closed()
            if self._inside:
                raise RuntimeError(
                    "Work inside a store's work: it must use the session it was given."
                )
            self._inside = True
            try:
                yield from self._run(begin)
            except Exception as error:
                failure = unusable(error, name=self._name)
                if failure is error:
                    raise
                raise failure from error
            finally:
                self._inside = False

    def _run(self, begin: str) -> Iterator[Session]:
        self._connection.execute(begin)
        try:
            yield Session(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                self._connection.execute("ROLLBACK")
            raise
