"""Files that survive a power cut: each is complete or not there at all, and private to its owner.

A new name is durable only when its folder was synced, so each function ends with that.
"""

import os
import uuid
from contextlib import suppress
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
NEW = os.O_CREAT | os.O_EXCL


def folder(path: Path) -> None:
    """Make the folder and missing folders above it. OSError if a file has the name."""
    missing: list[Path] = []
    above = path
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    for new in reversed(missing):
        try:
            os.mkdir(new, PRIVATE_FOLDER)
        except FileExistsError:  # another process was faster
            continue
        synced(new.parent)
    if not path.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(path))


def create(path: Path, data: bytes) -> bool:
    """Write a new file. False if the name is taken: the file with the name stays."""
    draft = _drafted(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)
    synced(path.parent)
    return True


def replace(path: Path, data: bytes) -> None:
    """Write the file, or replace an older file."""
    draft = _drafted(path, data)
    try:
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        raise
    synced(path.parent)


def move(path: Path, target: Path) -> None:
    """Rename a file within its folder, in place of an older file."""
    os.replace(path, target)
    synced(target.parent)


def remove(path: Path) -> None:
    """Delete the file. A missing file is no error."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    synced(path.parent)


def write(path: Path, data: bytes, *, flags: int) -> None:
    """Write to the file with these flags of `os.open`, and sync its content."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, PRIVATE_FILE)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private(path: Path) -> None:
    """Take the rights of others away from a file. A missing file is no error."""
    with suppress(FileNotFoundError):
        mode = os.stat(path).st_mode & 0o777
        if mode & ~PRIVATE_FILE:
            os.chmod(path, mode & PRIVATE_FILE)


def drafts(path: Path) -> list[Path]:
    """Return the drafts that interrupted writes of this file have left. The caller must know that none is
    running."""
    return sorted(path.parent.glob(f".{path.name}.{'[0-9a-f]' * 32}"))


def synced(path: Path) -> None:
    """Make renamed and created files in the folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drafted(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write(draft, data, flags=NEW)
    except OSError:
        if draft.exists():
            os.unlink(draft)
        raise
    return draft
