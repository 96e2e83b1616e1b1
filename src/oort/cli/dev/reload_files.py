"""Find files of a project that changed since the last look, without importing the project."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from oort.app.loading.projects import FILE

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_SETTLING = 0.05  # seconds between two looks that must agree: an editor writes several files, or one in two steps
_ROUNDS = 20

# Time of change in nanoseconds, size and inode: some editors replace files.
Stamp = tuple[int, int, int]


class Files:
    """The Python files and oort.toml under a folder, without hidden folders and virtual
    environments."""

    def __init__(self, folder: Path, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._pause = pause
        self._also: tuple[str, ...] = ()
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

        After a change, wait until the files stay the same for a moment.
        """
        now = self._look()
        if now == self._seen:
            return ""
        for _ in range(_ROUNDS):
            self._pause(_SETTLING)
            before, now = now, self._look()
            if now == before:
                break
        different = sorted(set(now.items()) ^ set(self._seen.items()))
        self._seen = now
        return different[0][0] if different else ""

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
