"""Encrypt a store's file with another key, or for the first time. No other process may have it
open.

The work happens on a copy, which replaces the file at the end. An interruption leaves the old file.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import apsw

from oort.engine.store.store import unlocked, unusable

COPY = ".rekeyed"  # the end of the copy's name


def encrypt(path: Path, *, old: str | None, new: str) -> None:
    """Encrypt the file with `new`. `old` is the current key, or None without encryption.

    StateUnusable if the old key is wrong.
    """
    copy = path.with_name(f"{path.name}{COPY}")
    try:
        _settle(path, old)
        _copy(path, copy)
        _rekey(copy, old, new)
        _sync(copy)
        os.replace(copy, path)
        _sync(path.parent)
    except (apsw.Error, OSError) as error:
        raise unusable(error, name=str(path)) from error
    finally:
        with suppress(FileNotFoundError):
            copy.unlink()


def _copy(path: Path, copy: Path) -> None:
    """Copy the file, at no time readable for others. The copy of an interruption goes."""
    with suppress(FileNotFoundError):
        copy.unlink()
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as target, path.open("rb") as source:
        shutil.copyfileobj(source, target)


def _settle(path: Path, key: str | None) -> None:
    """Move the write-ahead log into the file."""
    connection = unlocked(path, key)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        connection.close()


def _rekey(path: Path, old: str | None, new: str) -> None:
    connection = unlocked(path, old)
    try:
        connection.execute(f"PRAGMA rekey = 'raw:{new}'")
    finally:
        connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
