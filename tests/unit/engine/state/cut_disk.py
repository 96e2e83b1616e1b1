"""A disk whose power is cut after a number of operations, and what could be on it afterwards."""

import os
import shutil
from pathlib import Path
from typing import Any, Literal

Image = Literal["killed", "lazy", "strict"]
IMAGES: tuple[Image, ...] = ("killed", "lazy", "strict")


class Cut(BaseException):
    """The power is off."""


class CutDisk:
    """Stands in for the module `os`. Each operation that changes something is counted.

    The database is SQLite's matter: what it has written counts as durable, but not its name.
    """

    def __init__(self, *, operations: int) -> None:
        self._left = operations
        self._opened: dict[int, Path] = {}
        self._names: dict[Path, dict[str, int]] = {}
        self._contents: dict[int, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            self._count()
        descriptor = os.open(path, flags, mode)
        self._opened[descriptor] = Path(path)
        if flags & os.O_CREAT:  # its inode may have belonged to a file that is gone
            self._contents.pop(os.fstat(descriptor).st_ino, None)
        return descriptor

    def write(self, descriptor: int, data: bytes) -> int:
        self._count()
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._count()
        path = self._opened[descriptor]
        if path.is_dir():
            self._names[path] = {file.name: file.stat().st_ino for file in path.iterdir()}
        else:
            self._contents[os.fstat(descriptor).st_ino] = path.read_bytes()

    def mkdir(self, path: Path, mode: int) -> None:
        self._count()
        os.mkdir(path, mode)

    def link(self, path: Path, target: Path) -> None:
        self._count()
        os.link(path, target)

    def replace(self, path: Path, target: Path) -> None:
        self._count()
        os.replace(path, target)

    def unlink(self, path: Path) -> None:
        self._count()
        os.unlink(path)

    def image(self, root: Path, target: Path, kind: Image) -> Path:
        """Copy what is on the disk.

        "killed": all of it, since only the process ended. "lazy": all names, but no content that
        was not synced. "strict": only names of synced folders, too.
        """
        if kind == "killed":
            return Path(shutil.copytree(root, target))
        target.mkdir()
        for name, inode in self._listing(root, kind).items():
            file = root / name
            if file.is_dir():
                self.image(file, target / name, kind)
            elif name.startswith("oort.db"):
                shutil.copy(file, target / name)
            else:
                (target / name).write_bytes(self._contents.get(inode, b""))
        return target

    def _listing(self, folder: Path, kind: Image) -> dict[str, int]:
        now = {file.name: file.stat().st_ino for file in folder.iterdir()}
        synced = now if kind == "lazy" else self._names.get(folder, {})
        # A database that was made after the last sync of its folder may be there without its log.
        return {name: inode for name, inode in synced.items() if (folder / name).exists()}

    def _count(self) -> None:
        if self._left <= 0:
            raise Cut
        self._left -= 1
