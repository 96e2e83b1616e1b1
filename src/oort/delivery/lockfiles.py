"""Read and write lock files: `contracts/EVENT/VERSION.json`, `contracts/SERVICE/openapi.json`, and
`contracts/SERVICE/tables/NAME.json`, and the same for queues and calls.

`rules.contracts` decides their content.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from oort.app.loading import projects
from oort.model import names
from oort.model.contracts import (
    Acceptance,
    ApiLock,
    DataForm,
    DataLock,
    EventLock,
    Lock,
    Locks,
    Removed,
    Revision,
    Schema,
    Schemas,
)
from oort.model.errors import UnreadableContract
from oort.model.items import Value
from oort.model.resources import Kind
from oort.rules.contracts import locks as locking
from oort.rules.contracts import revisions
from oort.rules.contracts.locks import API, FOLDER, Changes, path

_RESTORE = (
    "Take it back from version control, as it was when the stage was deployed. Then run "
    "oort contracts lock."
)
_MEND = "Merge the source first. Then run oort contracts mend, which merges the lock files."
_CONFLICT = (b"<" * 7 + b" ", b">" * 7 + b" ")
F = TypeVar("F", "_Event", "_Api", "_Data")
_DATA = {f"{kind}s": kind for kind in (Kind.TABLE, Kind.QUEUE, Kind.CALL)}


class _Revision(msgspec.Struct, forbid_unknown_fields=True):
    hash: str
    key: str
    writer: Schema
    reader: Schema


class _Accepted(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    reason: str
    codes: list[str]
    stages: list[str]
    route: str = ""


class _Removed(msgspec.Struct, forbid_unknown_fields=True):
    pointer: str
    schema: Schema


class _Event(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
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
    accepted: list[_Accepted] = []
    seal: str = ""


class _Api(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The members of the lock file of a service's routes."""

    service: str
    hash: str
    published: list[str]
    openapi: Schema
    accepted: list[_Accepted] = []
    seal: str = ""


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    writer: Schema
    reader: Schema


class _Form(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    hash: str
    revision: int
    key: list[tuple[str, str]]
    parts: dict[str, _Part]


class _Data(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The members of the lock file of a table, a queue or a call. The current form is flat."""

    kind: str
    name: str
    hash: str
    revision: int
    key: list[tuple[str, str]]
    parts: dict[str, _Part]
    earlier: list[_Form]
    published: list[str]
    accepted: list[_Accepted] = []
    seal: str = ""


def read(folder: Path, *, merged: Mapping[Path, Lock] | None = None) -> Locks:
    """Read all lock files of a platform. UnreadableContract for the first damaged or edited file.

    Other files in the folder are skipped, such as the modules of a package `contracts`. `merged`
    stand for files with a merge conflict.
    """
    known = merged or {}
    locks = [
        known[file] if file in known else parsed(file, _content(file)) for file in files(folder)
    ]
    return Locks(
        {(lock.event, lock.version): lock for lock in locks if isinstance(lock, EventLock)},
        {lock.service: lock for lock in locks if isinstance(lock, ApiLock)},
        {(lock.kind, lock.name): lock for lock in locks if isinstance(lock, DataLock)},
    )


def parsed(file: Path, data: bytes) -> Lock:
    """Return the lock of a file with this content. UnreadableContract if it is damaged."""
    if file.parent.name in _DATA:
        return _data(file, data)
    return _api(file, data) if file.name == API else _event(file, data)


def files(folder: Path) -> Iterator[Path]:
    """Yield the lock files of a platform."""
    return _files(folder / FOLDER)


def has_conflict(data: bytes) -> bool:
    """True for the content of a file with a merge conflict."""
    return any(line.startswith(_CONFLICT) for line in data.splitlines())


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
    if file.parent.name in _DATA and file.suffix == ".json":
        folder = folder.parent
        return folder.name == FOLDER and (folder.parent / projects.FILE).is_file()
    named = file.name == API or (file.suffix == ".json" and file.stem.isdecimal())
    return named and folder.name == FOLDER and (folder.parent / projects.FILE).is_file()


def content(lock: Lock) -> bytes:
    """Return the bytes of a lock file. Equal locks have equal bytes on every machine."""
    match lock:
        case EventLock():
            return _sealed(_event_document(lock))
        case ApiLock():
            return _sealed(_api_document(lock))
        case DataLock():
            return _sealed(_data_document(lock))


def _api_document(lock: ApiLock) -> _Api:
    return _Api(
        service=lock.service,
        hash=lock.hash,
        published=list(lock.published),
        openapi=lock.document,
        accepted=_accepted_document(lock.accepted),
    )


def _data_document(lock: DataLock) -> _Data:
    now = _form_document(lock.form)
    return _Data(
        kind=lock.kind.value,
        name=lock.name,
        hash=now.hash,
        revision=now.revision,
        key=now.key,
        parts=now.parts,
        earlier=[_form_document(form) for form in lock.earlier],
        published=list(lock.published),
        accepted=_accepted_document(lock.accepted),
    )


def _form_document(form: DataForm) -> _Form:
    return _Form(
        hash=form.hash,
        revision=form.revision,
        key=[*form.key.items()],
        parts={name: _Part(part.writer, part.reader) for name, part in form.parts.items()},
    )


def _accepted_document(accepted: tuple[Acceptance, ...]) -> list[_Accepted]:
    return [
        _Accepted(each.reason, list(each.codes), list(each.stages), each.route) for each in accepted
    ]


def _event_document(lock: EventLock) -> _Event:
    current = lock.revision
    return _Event(
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
        accepted=_accepted_document(lock.accepted),
    )


def complete(folder: Path, changes: Changes, locks: Locks) -> Changes:
    """Return the changes, with the files whose bytes are not those of their content.

    These files have no seal or another layout.
    """
    decided = set(map(path, (*changes.written, *changes.removed)))
    rewritten = [
        lock
        for lock in locks.all()
        if path(lock) not in decided and _bytes(folder / path(lock)) != content(lock)
    ]
    return Changes((*changes.written, *rewritten), changes.removed)


def _sealed(document: object) -> bytes:
    """Return the bytes of a file, with the hash of all its other members."""
    members = cast(dict[str, Value], msgspec.to_builtins(document))
    members.pop("seal", None)
    return revisions.written({**members, "seal": revisions.hashed(members)})


def _check_seal(file: Path, document: "_Event | _Api | _Data") -> None:
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
        elif inner.is_dir():
            yield from (file for file in (inner / API,) if file.is_file())
            for kind in _DATA:
                yield from sorted((inner / kind).glob("*.json"))


def _event(file: Path, data: bytes) -> EventLock:
    document = _decoded(file, data, _Event)
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
        accepted=_accepted(document.accepted),
    )


def _data(file: Path, data: bytes) -> DataLock:
    document = _decoded(file, data, _Data)
    kind = _DATA[file.parent.name]
    expected = file.parents[3] / locking.data_file(kind, document.name)
    if document.kind != kind or file != expected:
        raise _damaged(file, f"its content belongs to the {document.kind} {document.name}")
    form = _form(file, document)
    earlier = tuple(_form(file, each) for each in document.earlier)
    _check_seal(file, document)
    return DataLock(
        kind=kind,
        name=document.name,
        form=form,
        earlier=earlier,
        published=tuple(document.published),
        accepted=_accepted(document.accepted),
    )


def _form(file: Path, document: "_Data | _Form") -> DataForm:
    parts = {name: Schemas(part.writer, part.reader) for name, part in document.parts.items()}
    form = revisions.form(revision=document.revision, key=dict(document.key), parts=parts)
    if form.hash != document.hash:
        raise _damaged(file, "the hash in the file does not match its content")
    return form


def _accepted(documents: list[_Accepted]) -> tuple[Acceptance, ...]:
    return tuple(
        Acceptance(each.reason, tuple(each.codes), tuple(each.stages), each.route)
        for each in documents
    )


def _api(file: Path, data: bytes) -> ApiLock:
    document = _decoded(file, data, _Api)
    if file.parent.name != document.service:
        raise _damaged(file, f"its content belongs to the service {document.service}")
    if revisions.hashed(document.openapi) != document.hash:
        raise _damaged(file, "the hash in the file does not match its content")
    _check_seal(file, document)
    published, accepted = tuple(document.published), _accepted(document.accepted)
    return ApiLock(document.service, document.hash, document.openapi, published, accepted)


def _revision(file: Path, document: "_Event | _Revision") -> Revision:
    revision = revisions.revision(key=document.key, writer=document.writer, reader=document.reader)
    if revision.hash != document.hash:
        raise _damaged(file, "the hash in the file does not match its content")
    return revision


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _damaged(file, str(error.strerror)) from error


def _decoded(file: Path, data: bytes, kind: type[F]) -> F:
    if has_conflict(data):
        raise UnreadableContract(f"The lock file {file} has a merge conflict.", _MEND)
    try:
        return msgspec.json.decode(data, type=kind)
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
    for folder in (file.parent, file.parent.parent):
        if folder.name != FOLDER and not any(folder.iterdir()):
            folder.rmdir()
