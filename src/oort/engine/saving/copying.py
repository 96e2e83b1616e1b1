"""Copies of a store's file, also during writes, and files without unused pages.

A copy is encrypted with the key of the store, and private to its owner. The target must not exist.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import apsw

from oort.engine.state import durable
from oort.engine.store.store import unlocked, unusable
from oort.model.errors import StateUnwritable

# 2 MB: a step takes a few milliseconds, so that an interruption is noticed soon.
PAGES = 500
_RESERVE = 16 * 1024 * 1024  # bytes that a running platform needs beside the copy


def copy(
    source: Path, target: Path, *, key: str | None, step: Callable[[int], None] = lambda _: None
) -> None:
    """Copy all writes that were acknowledged before the call. Writers go on; later writes are left out.

    `step` receives the number of pages that are left. StateUnwritable if the disk is full.
    """
    try:
        reading = unlocked(source, key)
        try:
            # One snapshot: without it, each write of another process would begin the copy anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            _copy_pages(reading, target, key, step)
        finally:
            reading.close()
        durable.synced(target)
    except (apsw.Error, OSError) as error:
        raise _failure(error, target) from error


def compact(path: Path, *, key: str) -> tuple[int, int]:
    """Replace the file by a file without unused pages. Return its sizes before and after, in bytes.

    No other process may have the file open. An interruption leaves the old file.
    """
    # The next start removes a draft of this name.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(16)}")
    try:
        before = path.stat().st_size
        check_room(path.parent, before)
        durable.write(draft, b"", flags=durable.NEW)
        connection = unlocked(path, key)
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            connection.execute("VACUUM INTO ?", (str(draft),))
        finally:
            connection.close()
        durable.synced(draft)
        durable.move(draft, path)
    except (apsw.Error, OSError) as error:
        raise _failure(error, path) from error
    finally:
        durable.remove(draft)
    return before, path.stat().st_size


def check_room(folder: Path, size: int) -> None:
    """Raise StateUnwritable if the disk of the folder has no room for so many bytes."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < size + _RESERVE:
        raise StateUnwritable(
            f"The disk of {folder} has {free:,} bytes free, and {size + _RESERVE:,} are needed.",
            "Free some space, or choose another disk. Nothing was changed.",
        )


def size_of(path: Path) -> int:
    """Return the most bytes that a copy of the file can have, with the content of its log."""
    log = path.with_name(f"{path.name}-wal")
    return sum(file.stat().st_size for file in (path, log) if file.exists())


def _copy_pages(
    reading: apsw.Connection, target: Path, key: str | None, step: Callable[[int], None]
) -> None:
    durable.write(target, b"", flags=durable.NEW)
    writing = unlocked(target, key)
    try:
        with writing.backup("main", reading, "main") as backup:
            while not backup.done:
                backup.step(PAGES)
                step(backup.remaining)
        # Without a log, a copy is one file and can be read from a read-only disk.
        writing.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        writing.close()


def _failure(error: BaseException, path: Path) -> BaseException:
    if isinstance(error, OSError):
        return StateUnwritable(
            f"{path} cannot be written: {error.strerror}.",
            "Free some space, or choose another disk. Nothing was changed.",
        )
    return unusable(error, name=str(path))
