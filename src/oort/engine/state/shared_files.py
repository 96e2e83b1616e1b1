"""Small files of the state folder that several processes use at once: written whole or not at all, read again when changed.

The issuer keeps its keys, API keys and revoked tokens in them. None of it is a place for what must not be readable at rest.
"""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from oort.engine.state.store_keys import synced
from oort.model.errors import StateUnusable

T = TypeVar("T")


class SharedFile(Generic[T]):
    """What `read` makes of a file's bytes (empty if there is no file), made again when the file has changed."""

    def __init__(self, path: Path, read: Callable[[bytes], T]) -> None:
        self.path = path
        self._read = read
        self._lock = Lock()
        self._seen: tuple[tuple[int, ...], T] | None = None

    def value(self) -> T:
        """The content now, for one call of `stat` if nothing has changed. StateUnusable if it cannot be read."""
        try:
            stamp = _stamp(self.path)
            seen = self._seen
            if seen is not None and seen[0] == stamp:
                return seen[1]
            with (
                self._lock
            ):  # the stamp is older than what is read, so a change in between is seen next time
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
    """Hold off every other process that changes files of the folder in this way. The folder is made if need be."""
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
    """Write the file, durably, for its owner alone; readers see the old or the new one. StateUnusable if it fails."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        try:
            write(draft, data, flags=os.O_CREAT | os.O_EXCL)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        synced(path.parent)
    except OSError as error:
        raise unusable(path, error) from error


def write(path: Path, data: bytes, *, flags: int) -> None:
    """Write to the file as the flags say, for its owner alone, and on to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def unusable(path: Path, error: OSError) -> StateUnusable:
    """What is said of a file that cannot be read or written."""
    return StateUnusable(f"{path} cannot be used: {error.strerror}.", "Check who owns it.")


def _stamp(path: Path) -> tuple[int, ...]:
    """Differs whenever the file was replaced or grew; empty if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_size)
