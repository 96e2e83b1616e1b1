"""Which files of a project changed since the last look. The reload supervisor asks; nothing here imports the project."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from oort.app.loading.projects import FILE

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_SETTLING = 0.05  # seconds between two looks that must agree: an editor writes several files, or one in two steps
_ROUNDS = 20

Stamp = tuple[
    int, int, int
]  # time of change in nanoseconds, size, and the file's own number: some editors replace files


class Files:
    """The Python files and the oort.toml under a folder, hidden folders and environments left out."""

    def __init__(self, folder: Path, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._pause = pause
        self._also: tuple[str, ...] = ()
        self._seen = self._look()

    def also(self, files: Iterable[str]) -> None:
        """Look at these from now on, too: modules that were imported from outside the folder."""
        before, self._also = frozenset(self._also), tuple(files)
        self._seen |= {
            name: stamp for name in self._also if name not in before and (stamp := _stamp(name))
        }

    def changed(self) -> str:
        """A file that was written, made or removed since this was asked last; empty if there is none.

        It waits for a moment until nothing changes any more.
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
        found = os.stat(name)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
