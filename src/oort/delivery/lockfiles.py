"""The lock files of a platform: `contracts/EVENT/VERSION.json` and `contracts/SERVICE/openapi.json` beside `oort.toml`.

Here they are read, with every damage told by the file that has it, and written. What is in them `rules.contracts` says.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from oort.app.loading import projects
from oort.model import names
from oort.model.contracts import ApiLock, EventLock, Locks, Removed, Revision, Schema
from oort.model.errors import UnreadableContract
from oort.model.items import Value
from oort.rules.contracts import locks as locking
from oort.rules.contracts import revisions
from oort.rules.contracts.locks import Changes

FOLDER = "contracts"
_API = "openapi.json"
_RESTORE = "Take it back from version control, or delete it and run oort contracts lock."
F = TypeVar("F", "_Event", "_Api")


class _Revision(msgspec.Struct, forbid_unknown_fields=True):
    hash: str
    key: str
    writer: Schema
    reader: Schema


class _Removed(msgspec.Struct, forbid_unknown_fields=True):
    pointer: str
    schema: Schema


class _Event(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The members of an event's lock file. The present revision lies open, without a level of its own."""

    event: str
    version: int
    key: str
    compatible: int
    hash: str
    writer: Schema
    reader: Schema
    examples: list[Value]
    producers: list[str]
    consumers: list[str]
    published: list[str]
    earlier: list[_Revision]
    removed: list[_Removed]


class _Api(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The members of the lock file of a service's routes."""

    service: str
    hash: str
    published: list[str]
    openapi: Schema


def read(folder: Path) -> Locks:
    """All lock files of the platform in the folder. UnreadableContract for the first that is damaged or was changed by hand.

    Other files beside them are passed over, such as the modules of a package `contracts`.
    """
    events, apis = list[EventLock](), list[ApiLock]()
    for file in _files(folder / FOLDER):
        if file.name == _API:
            apis.append(_api(file))
        else:
            events.append(_event(file))
    return Locks(
        {(one.event, one.version): one for one in events}, {one.service: one for one in apis}
    )


def write(folder: Path, changes: Changes) -> None:
    """Bring the files to what is asked: all new content lies beside the old before the first is replaced."""
    waiting: list[tuple[str, Path]] = []
    try:
        for lock in changes.written:
            file = folder / path(lock)
            file.parent.mkdir(parents=True, exist_ok=True)
            waiting.append((_beside(file, content(lock)), file))
        for name, file in waiting:
            os.replace(name, file)
    except OSError as error:
        for name, _ in waiting:
            Path(name).unlink(missing_ok=True)
        raise UnreadableContract(
            f"{error.filename} cannot be written: {error.strerror}.", "May you write there?"
        ) from error
    for lock in changes.removed:
        _remove(folder / path(lock))


def is_one(file: Path) -> bool:
    """Whether a file is a lock file, by its name and place: nothing at run time reads it."""
    folder = file.parent.parent
    named = file.name == _API or (file.suffix == ".json" and file.stem.isdecimal())
    return named and folder.name == FOLDER and (folder.parent / projects.FILE).is_file()


def path(lock: EventLock | ApiLock) -> str:
    """Where a lock is, from the platform's folder."""
    return (
        locking.event_file(lock.event, lock.version)
        if isinstance(lock, EventLock)
        else locking.api_file(lock.service)
    )


def content(lock: EventLock | ApiLock) -> bytes:
    """The bytes of a lock file: the same for the same lock, on every machine."""
    if isinstance(lock, ApiLock):
        plain: object = _Api(
            service=lock.service,
            hash=lock.hash,
            published=list(lock.published),
            openapi=lock.document,
        )
        return revisions.written(cast(Value, msgspec.to_builtins(plain)))
    now = lock.revision
    whole = _Event(
        event=lock.event,
        version=lock.version,
        key=now.key,
        compatible=lock.compatible,
        hash=now.hash,
        writer=now.writer,
        reader=now.reader,
        examples=list(lock.examples),
        producers=list(lock.producers),
        consumers=list(lock.consumers),
        published=list(lock.published),
        earlier=[_Revision(one.hash, one.key, one.writer, one.reader) for one in lock.earlier],
        removed=[_Removed(one.pointer, one.schema) for one in lock.removed],
    )
    return revisions.written(cast(Value, msgspec.to_builtins(whole)))


def _files(folder: Path) -> Iterator[Path]:
    """Files of JSON in a folder that is named as an event or a service."""
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        if inner.is_dir() and names.EVENT.fullmatch(inner.name):
            numbered = (file for file in inner.glob("*.json") if file.stem.isdecimal())
            yield from sorted(numbered, key=lambda file: (len(file.name), file.name))
        elif inner.is_dir() and (inner / _API).is_file():
            yield inner / _API


def _event(file: Path) -> EventLock:
    found = _decoded(file, _Event)
    if file != file.parent.parent / found.event / f"{found.version}.json" or found.version < 1:
        raise _damaged(file, f"it is of {found.event} version {found.version}")
    now = _revision(file, found)
    return EventLock(
        event=found.event,
        version=found.version,
        compatible=found.compatible,
        revision=now,
        examples=tuple(found.examples),
        producers=tuple(found.producers),
        consumers=tuple(found.consumers),
        published=tuple(found.published),
        earlier=tuple(_revision(file, one) for one in found.earlier),
        removed=tuple(Removed(one.pointer, one.schema) for one in found.removed),
    )


def _api(file: Path) -> ApiLock:
    found = _decoded(file, _Api)
    if file.parent.name != found.service:
        raise _damaged(file, f"it is of the service {found.service}")
    if revisions.hashed(found.openapi) != found.hash:
        raise _damaged(file, "its content has another hash than it says")
    return ApiLock(found.service, found.hash, found.openapi, tuple(found.published))


def _revision(file: Path, found: "_Event | _Revision") -> Revision:
    made = revisions.revision(key=found.key, writer=found.writer, reader=found.reader)
    if made.hash != found.hash:
        raise _damaged(file, "its content has another hash than it says")
    return made


def _decoded(file: Path, kind: type[F]) -> F:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except OSError as error:
        raise _damaged(file, str(error.strerror)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> UnreadableContract:
    return UnreadableContract(f"{file} is no lock file that can be read: {why}.", _RESTORE)


def _beside(file: Path, data: bytes) -> str:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
    os.chmod(name, 0o644)  # mkstemp makes it private, and this is a source file
    return name


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    if not any(file.parent.iterdir()):
        file.parent.rmdir()
