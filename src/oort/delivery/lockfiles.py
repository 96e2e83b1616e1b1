"""Read and write lock files: `contracts/EVENT/VERSION.json` and `contracts/SERVICE/openapi.json`.

`rules.contracts` decides their content.
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
from oort.rules.contracts.locks import API, FOLDER, Changes

_RESTORE = (
    "Take it back from version control, as it was when the stage was deployed. Then run "
    "oort contracts lock."
)
_CHOOSE = (
    "Take the file of the branch that was deployed, with `git checkout --ours` or `--theirs`. Then run "
    "oort contracts lock, which adds the changes of the other branch."
)
_CONFLICT = (b"<" * 7 + b" ", b">" * 7 + b" ")
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
    """The members of an event's lock file. The current revision has no nesting level."""

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
    seal: str = ""


class _Api(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The members of the lock file of a service's routes."""

    service: str
    hash: str
    published: list[str]
    openapi: Schema
    seal: str = ""


def read(folder: Path) -> Locks:
    """Read all lock files of a platform. UnreadableContract for the first damaged or edited file.

    Other files in the folder are skipped, such as the modules of a package `contracts`.
    """
    events, apis = list[EventLock](), list[ApiLock]()
    for file in _files(folder / FOLDER):
        if file.name == API:
            apis.append(_api(file))
        else:
            events.append(_event(file))
    return Locks(
        {(lock.event, lock.version): lock for lock in events}, {lock.service: lock for lock in apis}
    )


def write(folder: Path, changes: Changes) -> None:
    """Write the changes. All new content is on disk before the first file is replaced."""
    waiting: list[tuple[str, Path]] = []
    try:
        for lock in changes.written:
            file = folder / path(lock)
            file.parent.mkdir(parents=True, exist_ok=True)
            waiting.append((_temporary_copy(file, content(lock)), file))
        for name, file in waiting:
            os.replace(name, file)
    except OSError as error:
        for name, _ in waiting:
            Path(name).unlink(missing_ok=True)
        raise UnreadableContract(
            f"{error.filename} cannot be written: {error.strerror}.",
            "Check the permissions of the folder.",
        ) from error
    for lock in changes.removed:
        _remove(folder / path(lock))


def is_lock_file(file: Path) -> bool:
    """True for the path of a lock file. Lock files do not ship: no code reads them at run time."""
    folder = file.parent.parent
    named = file.name == API or (file.suffix == ".json" and file.stem.isdecimal())
    return named and folder.name == FOLDER and (folder.parent / projects.FILE).is_file()


def path(lock: EventLock | ApiLock) -> str:
    """Return the path of a lock, relative to the platform's folder."""
    return (
        locking.event_file(lock.event, lock.version)
        if isinstance(lock, EventLock)
        else locking.api_file(lock.service)
    )


def content(lock: EventLock | ApiLock) -> bytes:
    """Return the bytes of a lock file. Equal locks have equal bytes on every machine."""
    if isinstance(lock, ApiLock):
        document: object = _Api(
            service=lock.service,
            hash=lock.hash,
            published=list(lock.published),
            openapi=lock.document,
        )
        return _sealed(document)
    current = lock.revision
    document = _Event(
        event=lock.event,
        version=lock.version,
        key=current.key,
        compatible=lock.compatible,
        hash=current.hash,
        writer=current.writer,
        reader=current.reader,
        examples=list(lock.examples),
        producers=list(lock.producers),
        consumers=list(lock.consumers),
        published=list(lock.published),
        earlier=[
            _Revision(revision.hash, revision.key, revision.writer, revision.reader)
            for revision in lock.earlier
        ],
        removed=[_Removed(revision.pointer, revision.schema) for revision in lock.removed],
    )
    return _sealed(document)


def complete(folder: Path, changes: Changes, locks: Locks) -> Changes:
    """Return the changes, with the files whose bytes are not those of their content.

    These files have no seal or another layout.
    """
    decided = set(map(path, (*changes.written, *changes.removed)))
    kept: list[EventLock | ApiLock] = [*locks.events.values(), *locks.apis.values()]
    rewritten = [
        lock
        for lock in kept
        if path(lock) not in decided and _bytes(folder / path(lock)) != content(lock)
    ]
    return Changes((*changes.written, *rewritten), changes.removed)


def _sealed(document: object) -> bytes:
    """Return the bytes of a file, with the hash of all its other members."""
    members = cast(dict[str, Value], msgspec.to_builtins(document))
    members.pop("seal", None)
    return revisions.written({**members, "seal": revisions.hashed(members)})


def _check_seal(file: Path, document: "_Event | _Api") -> None:
    """Raise UnreadableContract for a file that was changed by hand. Older files have no seal."""
    members = cast(dict[str, Value], msgspec.to_builtins(document))
    if members.pop("seal", "") not in ("", revisions.hashed(members)):
        raise _damaged(file, "it was changed by hand, or by a merge")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _files(folder: Path) -> Iterator[Path]:
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        if inner.is_dir() and names.EVENT.fullmatch(inner.name):
            numbered = (file for file in inner.glob("*.json") if file.stem.isdecimal())
            yield from sorted(numbered, key=lambda file: (len(file.name), file.name))
        elif inner.is_dir() and (inner / API).is_file():
            yield inner / API


def _event(file: Path) -> EventLock:
    document = _decoded(file, _Event)
    if (
        file != file.parent.parent / document.event / f"{document.version}.json"
        or document.version < 1
    ):
        raise _damaged(file, f"its content belongs to {document.event} version {document.version}")
    current = _revision(file, document)
    earlier = tuple(_revision(file, entry) for entry in document.earlier)
    _check_seal(file, document)
    return EventLock(
        event=document.event,
        version=document.version,
        compatible=document.compatible,
        revision=current,
        examples=tuple(document.examples),
        producers=tuple(document.producers),
        consumers=tuple(document.consumers),
        published=tuple(document.published),
        earlier=earlier,
        removed=tuple(Removed(entry.pointer, entry.schema) for entry in document.removed),
    )


def _api(file: Path) -> ApiLock:
    document = _decoded(file, _Api)
    if file.parent.name != document.service:
        raise _damaged(file, f"its content belongs to the service {document.service}")
    if revisions.hashed(document.openapi) != document.hash:
        raise _damaged(file, "the hash in the file does not match its content")
    _check_seal(file, document)
    return ApiLock(document.service, document.hash, document.openapi, tuple(document.published))


def _revision(file: Path, document: "_Event | _Revision") -> Revision:
    revision = revisions.revision(key=document.key, writer=document.writer, reader=document.reader)
    if revision.hash != document.hash:
        raise _damaged(file, "the hash in the file does not match its content")
    return revision


def _decoded(file: Path, kind: type[F]) -> F:
    try:
        data = file.read_bytes()
        if any(line.startswith(_CONFLICT) for line in data.splitlines()):
            raise UnreadableContract(f"The lock file {file} has a merge conflict.", _CHOOSE)
        return msgspec.json.decode(data, type=kind)
    except OSError as error:
        raise _damaged(file, str(error.strerror)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> UnreadableContract:
    return UnreadableContract(f"The lock file {file} cannot be read: {why}.", _RESTORE)


def _temporary_copy(file: Path, data: bytes) -> str:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
    os.chmod(name, 0o644)  # mkstemp makes it private, and this is a source file
    return name


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    if not any(file.parent.iterdir()):
        file.parent.rmdir()
