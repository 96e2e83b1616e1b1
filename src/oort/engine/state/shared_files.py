"""Small files of the state folder for several processes: replaced atomically, read again after a
change.

The issuer keeps its keys, API keys and revoked tokens here. The files are not encrypted at rest.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from oort.engine.state import durable
from oort.model.errors import StateUnusable

T = TypeVar("T")


class SharedFile(Generic[T]):
    """The parsed content of a file (empty bytes if missing), parsed again after a change."""

    def __init__(self, path: Path, read: Callable[[bytes], T]) -> None:
        self.path = path
        self._read = read
        self._lock = Lock()
        self._seen: tuple[tuple[int, ...], T] | None = None

    def value(self) -> T:
        """Return the current content; costs one `stat` if unchanged.

        StateUnusable if unreadable.
        """
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


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock the folder against other writers that use this function.

    Create the folder if missing.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
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
