"""The `Store` interface for services, and the setup of connections.

Work is a function of a `Session`. It runs inside one transaction, and must not keep the session,
block or call the store.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, TypeVar

import apsw

from oort.engine.store import schema
from oort.engine.store.session import Row, Session, Value
from oort.model.errors import StateUnusable, StateUnwritable

T = TypeVar("T")

_BUSY_MILLISECONDS = 5_000
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # NORMAL lost acknowledged rows in 60 of 60 simulated power cuts
    "fullfsync = ON",  # macOS: fsync alone does not reach the disk
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4000",  # pages: 16 MB between checkpoints, fewer rewrites of hot pages
    "journal_size_limit = 67108864",
    "secure_delete = FAST",  # this build's default rewrites freed pages with zeros
    "cache_size = -8000",
)
# What SQLite raises when the disk or the file is at fault, not the statement.
_STORAGE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)


class Store(Protocol):
    """A durable store with serialised writes and consistent reads.

    - `write` returns when the commit is durable. An exception of a work undoes only this work, and
    is raised.
    - `read` sees all writes acknowledged before it began, in one snapshot.
    - StateUnusable if the disk or the file fails; then the work has changed no row.
    - A work that writes may run a second time on the same state, after a failure inside its group.
      Only the second outcome counts, so a work may only have effects through its session.
    """

    on_commit: Callable[[], None]
    """Called on the committing thread after commits with `Session.wake`. It must not use the store."""

    commit_seconds: float
    """The time that a commit takes, on average."""

    def read(self, work: Callable[[Session], T]) -> T:
        """Run work that only reads, in the calling thread."""

    def row(self, sql: str, *values: Value) -> Row | None:
        """Return the first row of a read-only statement, or None, at a third of the cost of
        `read`.

        A single statement sees one snapshot, so it needs no transaction.
        """

    def write(self, work: Callable[[Session], T]) -> T:
        """Run work and wait until it is durable."""

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        """Run work like `write`, without waiting. The future is done when the work is durable."""

    def begin(self, work: Callable[[Session], T], then: "Callable[[T | Exception], None]") -> None:
        """Run work like `write`, without waiting. `then` gets the result when the work is durable, or
        the error. It runs on the committing thread, and must not use the store."""

    def later(self, work: Callable[[Session], object]) -> None:
        """Run work soon, without a caller that waits. A failure is only logged."""

    def free(self) -> int | None:
        """Return the free bytes of the disk; None if the store is in memory. Cheap enough to poll."""

    def data_version(self) -> int:
        """Return a number that changes with each commit of any process. Cheap enough to poll."""

    def close(self) -> None:
        """Finish pending work, then close the file. Later calls raise StateUnusable."""


def connect(
    path: Path | None, *, key: str | None = None, vfs: str | None = None
) -> apsw.Connection:
    """Open a connection with an up-to-date schema; in memory without a path.

    `key` encrypts the file: 64 hexadecimal digits. `vfs` is a registered SQLite VFS, so that tests
    can break
    the disk.
    """
    name = ":memory:" if path is None else str(path)
    try:
        connection = unlocked(path, key, vfs=vfs)
        try:
            schema.check(connection, name=name)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            schema.prepare(connection)
        except BaseException:
            connection.close()
            raise
    except _STORAGE as error:
        raise unusable(error, name=name) from error
    return connection


def unlocked(path: Path | None, key: str | None, *, vfs: str | None = None) -> apsw.Connection:
    """Open a connection with the key, without the schema."""
    connection = apsw.Connection(":memory:" if path is None else str(path), vfs=vfs)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    if key is not None and path is not None:
        # A raw key: deriving one from a passphrase would cost 64,000 rounds of a hash for each connection.
        connection.execute(f"PRAGMA key = 'raw:{key}'")
    return connection


def free_bytes(path: Path) -> int:
    """Return the bytes that this user can still write to the disk of the path."""
    try:
        status = os.statvfs(path)
    except OSError as error:
        raise StateUnusable(f"{path} cannot be read: {error.strerror}.") from error
    return status.f_bavail * status.f_frsize


def opens(path: Path, key: str | None) -> bool:
    """True if the key opens the file. StateUnusable if the file is damaged, or the disk fails."""
    try:
        connection = unlocked(path, key)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        finally:
            connection.close()
    except apsw.NotADBError:
        return False
    except _STORAGE as error:
        raise unusable(error, name=str(path)) from error
    return True


def unusable(error: BaseException, *, name: str) -> BaseException:
    """Return the error to raise: StateUnusable if the disk or file is at fault, else the error
    itself. StateUnwritable if it may work again."""
    if not isinstance(error, _STORAGE):
        return error
    if isinstance(error, apsw.FullError):
        return StateUnwritable(
            f"The disk of {name} is full; nothing was saved.", "Free some space and try again."
        )
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StateUnwritable(
            f"Another process has kept {name} locked for {_BUSY_MILLISECONDS // 1000} s; nothing was saved.",
            "Stop the other process.",
        )
    if isinstance(error, apsw.NotADBError):
        return StateUnusable(
            f"The state in {name} cannot be read: the key is wrong, or the file is damaged.",
            "Restore the key or a backup. Nothing was changed.",
        )
    if isinstance(error, apsw.CorruptError):
        return StateUnusable(
            f"The state in {name} is damaged: a part of the file is missing or was changed.",
            "Restore a backup of the folder. Nothing was changed.",
        )
    kind = (
        StateUnwritable if isinstance(error, apsw.IOError | apsw.ReadOnlyError) else StateUnusable
    )
    return kind(
        f"The state in {name} cannot be used: {error}.",
        "Check the disk and the folder's permissions; restore a backup.",
    )


def closed() -> StateUnusable:
    """Return the error of a closed store."""
    return StateUnusable("The store is closed.")


def ignore() -> None:
    """Do nothing: the default of `on_commit`."""
