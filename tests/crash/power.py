"""A disk that loses power: what was not synced is lost, torn or out of order.

SQLite works on real files through a VFS that remembers what each sync made durable. At the cut the disk decides what is left of
the writes since then; nothing that happens afterwards is on it.
"""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import apsw

NAME = "power"
CIPHER = (
    "multipleciphers-power"  # SQLite3 Multiple Ciphers puts itself on each VFS, under such a name
)
SECTOR = 512
_SHARED_MEMORY = "-shm"  # is made anew at each start


@dataclass(slots=True)
class _File:
    """The content that is durable, and the writes since the last sync: position and data, or None for a truncation."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list[tuple[int, bytes | None]])
    named: bool = False  # its name is in its folder, durably

    def sync(self) -> None:
        for position, data in self.pending:
            _apply(self.durable, position, data)
        self.pending.clear()


@dataclass(slots=True)
class Disk:
    """The files of a folder. The power goes at the given operation, or never.

    While the number of the operation is in `full`, there is no space for writes. A disk whose syncs `lie` says that they are
    done and does nothing; one that `swallows` says so of writes without space.
    """

    chance: random.Random
    operations: int | None = None
    lies: bool = False
    full: range = range(0)
    swallows: bool = False
    refused: int = 0  # writes without space
    done: int = 0  # operations
    files: dict[str, _File] = field(default_factory=dict[str, _File])
    deleted: dict[str, _File] = field(default_factory=dict[str, _File])
    image: dict[str, bytes] | None = None
    at: str = ""  # what was to be done when the power went
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def off(self) -> bool:
        """True once the power is off."""
        return self.image is not None

    def load(self, image: dict[str, bytes]) -> None:
        """Take over what an earlier disk had."""
        for name, content in image.items():
            self.files[name] = _File(bytearray(content), named=True)

    def write(self, name: str, position: int, data: bytes) -> bool:
        """Write; False if a disk that swallows has no space. FullError if another disk has none."""
        if self.done in self.full and not self.off:
            self.done += 1
            self.refused += 1
            if self.swallows:
                return False
            raise apsw.FullError("database or disk is full")
        self._do(f"write {_kind(name)}", lambda: self._file(name).pending.append((position, data)))
        return True

    def truncate(self, name: str, size: int) -> None:
        self._do(f"truncate {_kind(name)}", lambda: self._file(name).pending.append((size, None)))

    def sync(self, name: str, *, folder: bool) -> None:
        """Make a file durable, and with `folder` the names of all files too."""
        if not self.lies:
            self._do(f"sync {_kind(name)}", lambda: self._sync(name, folder=folder))

    def delete(self, name: str, *, durably: bool) -> None:
        self._do(f"delete {_kind(name)}", lambda: self._delete(name, durably=durably))

    def cut(self) -> dict[str, bytes]:
        """Cut the power now, and return what is on the disk: the content of each file."""
        if self.image is None:
            kept = self.chance.choice((0.0, 0.5, 0.9, 1.0))
            back = {
                name: file for name, file in self.deleted.items() if self.chance.random() < kept
            }
            self.image = {
                name: self._torn(file, kept)
                for name, file in (back | self.files).items()
                if file.named or self.chance.random() < kept
            }
        return self.image

    def _sync(self, name: str, *, folder: bool) -> None:
        self._file(name).sync()
        if folder:
            self.deleted.clear()
            for file in self.files.values():
                file.named = True

    def _delete(self, name: str, *, durably: bool) -> None:
        """Remove a file. Without a sync of the folder, it may be there again after the cut."""
        file = self.files.pop(name, None)
        if file is not None and not durably:
            self.deleted[name] = file

    def _do(self, what: str, change: Callable[[], object]) -> None:
        with self._lock:
            if self.off:
                return
            self.done += 1
            if self.operations is not None:
                self.operations -= 1
                if self.operations < 0:
                    self.at = what
                    change() if self.chance.random() < 0.5 and "sync" not in what else None
                    self.cut()
                    return
            change()

    def _file(self, name: str) -> _File:
        return self.files.setdefault(name, _File())

    def _torn(self, file: _File, kept: float) -> bytes:
        """Return the durable content with some of the sectors that were written since, in any order of their writes."""
        content = bytearray(file.durable)
        for position, data in file.pending:
            if data is None:
                if self.chance.random() < kept:
                    _apply(content, position, None)
                continue
            for start in range(0, len(data), SECTOR):
                if self.chance.random() < kept:
                    _apply(content, position + start, data[start : start + SECTOR])
        return bytes(content)


def _apply(content: bytearray, position: int, data: bytes | None) -> None:
    if data is None:
        del content[position:]
        return
    if len(content) < position:
        content.extend(bytes(position - len(content)))
    content[position : position + len(data)] = data


def _kind(name: str) -> str:
    return "log" if name.endswith("-wal") else "database" if name.endswith(".db") else "journal"


class _Cable:
    """The disk that is connected now, for the VFS of this process."""

    disk: Disk | None = None


class _PoweredFile(apsw.VFSFile):
    def __init__(
        self, name: str | apsw.URIFilename | None, flags: list[int], disk: Disk | None
    ) -> None:
        super().__init__("unix", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = "" if path is None else Path(path).name
        self._disk = disk if self._name and not self._name.endswith(_SHARED_MEMORY) else None
        # SQLite's own VFS syncs the folder with the first sync of a journal or a log that it opened.
        self._folder_too = self._name.endswith(("-wal", "-journal"))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  SQLite's name
        if self._disk is None or self._disk.write(self._name, offset, bytes(data)):
            super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  SQLite's name
        if self._disk is not None:
            self._disk.truncate(self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802  SQLite's name
        if self._disk is not None:  # the real disk needs no sync
            self._disk.sync(self._name, folder=self._folder_too)
            self._folder_too = False
        else:
            super().xSync(flags)


class _PoweredVfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _PoweredFile:  # noqa: N802
        return _PoweredFile(name, flags, _Cable.disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  SQLite's name
        if _Cable.disk is not None:
            _Cable.disk.delete(Path(filename).name, durably=syncdir)
        super().xDelete(filename, syncdir)


@cache
def _registered() -> _PoweredVfs:
    return _PoweredVfs()


def connect(disk: Disk) -> str:
    """Connect the disk to the VFS, and return the VFS's name. Files that were opened before keep their disk."""
    _registered()
    _Cable.disk = disk
    return CIPHER


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of a full disk that SQLite passes over; apsw would print its error."""
    before = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, apsw.FullError):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def restore(image: dict[str, bytes], folder: Path) -> None:
    """Write what was on the disk into a folder."""
    for name, content in image.items():
        (folder / name).write_bytes(content)
