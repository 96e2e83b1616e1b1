"""Small files of the state folder for several processes: replaced atomically, read again after a
change.

The issuer keeps its keys, API keys and revoked tokens here. The files are not encrypted at rest.
"""

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from oort.engine.state import durable
from oort.model.errors import StateUnusable

T = TypeVar("T")


_CHANGES = ".changes"  # a count of changes, in memory that the processes share
_SIZE = 8
# Seconds after which a file is looked at all the same: a person may replace it.
LOOK = 1.0


class SharedFile(Generic[T]):
    """The parsed content of a file (empty bytes if missing), parsed again after a change.

    A change by `alone` is seen at once, any other change within a second.
    """

    def __init__(self, path: Path, read: Callable[[bytes], T]) -> None:
        self.path = path
        self._read = read
        self._lock = Lock()
        self._changes = Changes(path.parent)
        self._seen: tuple[tuple[int, ...], T] | None = None
        self._fresh: tuple[bytes, float, T] | None = None

    def value(self) -> T:
        """Return the current content. An unchanged file costs no system call.

        StateUnusable if unreadable.
        """
        fresh, now = self._fresh, time.monotonic()
        if fresh is not None and now < fresh[1] and fresh[0] == self._changes.count():
            return fresh[2]
        # The count is older than the content, so a change in between is seen next time.
        count = self._changes.count()
        value = self._looked_at()
        self._fresh = (count, now + LOOK, value) if count else None
        return value

    def _looked_at(self) -> T:
        try:
            stamp = _stamp(self.path)
            seen = self._seen
            if seen is not None and seen[0] == stamp:
                return seen[1]
            # The stamp is older than the content, so a change in between is seen next time.
            with self._lock:
                value = self._read(self.path.read_bytes() if stamp else b"")
                self._seen = (stamp, value)
            return value
        except OSError as error:
            raise unusable(self.path, error) from error
        except ValueError:  # its cause may quote the content
            raise StateUnusable(
                f"{self.path} is damaged.", "Restore it from a backup, or delete it."
            ) from None


class Changes:
    """The count of changes in a folder; empty where no file can be written."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _CHANGES
        self._shared: mmap.mmap | None = None

    def count(self) -> bytes:
        """Return the count."""
        if self._shared is None:
            with suppress(OSError):
                self._shared = _mapped(self._file)
        return b"" if self._shared is None else self._shared[:_SIZE]


def _mapped(file: Path) -> mmap.mmap:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size < _SIZE:
            os.ftruncate(descriptor, _SIZE)  # keeps the count of a process that is faster
        return mmap.mmap(descriptor, _SIZE, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)


def _add_change(folder: Path) -> None:
    """Count a change. The caller has the lock of the folder."""
    descriptor = os.open(folder / _CHANGES, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = int.from_bytes(os.pread(descriptor, _SIZE, 0), "big")
        os.pwrite(descriptor, (before + 1).to_bytes(_SIZE, "big"), 0)
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock the folder against other writers that use this function, and count a change at the end.

    Create the folder if missing.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):  # then it is seen a second later
                _add_change(folder)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes) -> None:
    """Write the file durably and atomically, private to its owner. StateUnusable on failure."""
    try:
        durable.replace(path, data)
    except OSError as error:
        raise unusable(path, error) from error


def append(path: Path, data: bytes) -> None:
    """Write durably at the end of the file. StateUnusable on failure."""
    try:
        new = not path.exists()
        durable.write(path, data, flags=os.O_CREAT | os.O_APPEND)
        if new:
            durable.synced(path.parent)
    except OSError as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: OSError) -> StateUnusable:
    """Return the error for a file that cannot be read or written."""
    return StateUnusable(f"{path} cannot be used: {error.strerror}.", "Check its owner.")


def _stamp(path: Path) -> tuple[int, ...]:
    """Return a value that differs after each replacement or growth; empty if the file is
    missing."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return ()
    return (status.st_ino, status.st_mtime_ns, status.st_size)
