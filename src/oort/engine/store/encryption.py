"""Encrypts a store's file anew, with another key or for the first time. Nobody else may have it open.

The work is done on a copy that replaces the file at the end, so that an interruption leaves the old file as it was.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import apsw

from oort.engine.store.store import unlocked, unusable


def encrypt(path: Path, *, old: str | None, new: str) -> None:
    """Encrypt the file with `new`. `old` is its key now; None if it is not encrypted. StateUnusable if that does not fit."""
    copy = path.with_name(f"{path.name}.rekeyed")
    try:
        _settle(path, old)
        shutil.copyfile(path, copy)
        os.chmod(copy, 0o600)
        _rekey(copy, old, new)
        _sync(copy)
        os.replace(copy, path)
        _sync(path.parent)
    except (apsw.Error, OSError) as error:
        raise unusable(error, name=str(path)) from error
    finally:
        with suppress(FileNotFoundError):
            copy.unlink()


def _settle(path: Path, key: str | None) -> None:
    """Bring everything from the write-ahead log into the file itself."""
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
