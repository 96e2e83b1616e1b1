"""Find files of a project that changed since the last look, without importing the project."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from oort.app.loading.projects import FILE

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_SETTLING = 0.05  # seconds between two looks that must agree: an editor writes several files, or one in two steps
_ROUNDS = 20
_TOO_OFTEN = 5  # changes of one file in a row, each while the program is imported

# Time of change in nanoseconds, size and inode: some editors replace files.
Stamp = tuple[int, int, int]


class Files:
    """The Python files and oort.toml under a folder, without hidden folders and virtual
    environments."""

    def __init__(self, folder: Path, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._pause = pause
        self._also: tuple[str, ...] = ()
        self._contents: dict[str, bytes] = {}
        self._alone: tuple[str, int] = ("", 0)
        self._given_up: set[str] = set()
        self._seen = self._look()

    def also(self, files: Iterable[str]) -> None:
        """Also watch these files: modules imported from outside the folder."""
        before, self._also = frozenset(self._also), tuple(files)
        self._seen |= {
            name: stamp for name in self._also if name not in before and (stamp := _stamp(name))
        }

    def changed(self) -> str:
        """Return a file that was written, added or removed since the last call; "" without a
        change.

        After a change, wait until the files stay the same for a moment. A file that was written
        with the same content has not changed.
        """
        now = self._look()
        if now == self._seen:
            return ""
        for _ in range(_ROUNDS):
            self._pause(_SETTLING)
            before, now = now, self._look()
            if now == before:
                break
        different = {name for name, _ in set(now.items()) ^ set(self._seen.items())}
        self._seen = now
        return min(filter(self._is_new, sorted(different - self._given_up)), default="")

    def given_up(self, *, begun: int, loaded: int) -> str:
        """Return a file to ignore from now on: the program writes it each time it is imported.

        Call this after `changed`. The last import of a program began and ended at these times, in
        nanoseconds.
        """
        name, times = self._alone
        written = self._seen.get(name, (0, 0, 0))[0]
        if not begun <= written <= loaded:
            self._alone = (name, 0)
        elif times >= _TOO_OFTEN:
            self._given_up.add(name)
            self._alone = ("", 0)
            return name
        return ""

    def _is_new(self, name: str) -> bool:
        """True unless the file has the content that it had at its last change."""
        try:
            content = hashlib.sha256(Path(name).read_bytes()).digest()
        except OSError:
            content = b""
        is_new = self._contents.get(name) != content
        self._contents[name] = content
        if is_new:
            self._alone = (name, self._alone[1] + 1 if self._alone[0] == name else 1)
        return is_new

    def _look(self) -> dict[str, Stamp]:
        names = (*_files(str(self._folder)), *self._also)
        return {name: stamp for name in names if (stamp := _stamp(name))}


def _files(folder: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it went away in between
        return
    if any(entry.name == "pyvenv.cfg" for entry in entries):
        return
    for entry in entries:
        if entry.name.endswith(".py") or entry.name == FILE:
            yield entry.path
        elif entry.name[0] != "." and entry.name not in _SKIPPED and _is_folder(entry):
            yield from _files(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)  # a link may lead in a circle
    except OSError:
        return False


def _stamp(name: str) -> Stamp | None:
    try:
        status = os.stat(name)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
