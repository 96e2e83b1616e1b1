"""Which files of the project are a service's own: its package with its data, and the project's modules that it imports.

Read from the files alone; nothing is imported. Tests, caches, hidden files, lock files of contracts and other services' packages stay behind.
"""

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oort.delivery import imports, lockfiles
from oort.delivery.imports import Imported
from oort.model.errors import InvalidProgram
from oort.model.sources import Mistake, Source

_LEFT = frozenset({"__pycache__", "oort.toml", "conftest.py", "tests"})
_COMPILED = (".pyc", ".pyo")


@dataclass(frozen=True, slots=True)
class Foreign:
    """An import that leads out of the project, and the file in which it stands."""

    imported: Imported
    file: Path


@dataclass(frozen=True, slots=True)
class Own:
    """A service's own files, and what they import from elsewhere."""

    files: tuple[Path, ...]
    foreign: tuple[Foreign, ...]


class Tree:
    """The project's sources below `root`; `entries` are its service packages. Lives for a run: each file is parsed once."""

    def __init__(self, root: Path, *, entries: Sequence[str]) -> None:
        self.root = root
        self.entries = tuple(entries)
        self._parsed: dict[Path, tuple[Imported, ...]] = {}
        self._resolved: dict[str, list[Path]] = {}

    def own(self, entries: Sequence[str]) -> Own:
        """What a service ships that is declared in these entries. InvalidProgram if a file has a syntax error."""
        kept = {path for entry in entries for path in self._entry(entry)}
        waiting = [path for entry in entries for path in self._resolve(entry)]
        waiting += [
            path for path in kept if any(_is_module(path, self._path(entry)) for entry in entries)
        ]
        reached, foreign = set[Path](), list[Foreign]()
        while waiting:
            path = waiting.pop()
            if path in reached:
                continue
            reached.add(path)
            for imported in self._imports(path):
                if found := self._resolve(imported.name):
                    waiting += found
                else:
                    foreign.append(Foreign(imported, path))
        kept |= reached | {data for path in reached - kept for data in self._data_beside(path)}
        return Own(tuple(sorted(kept)), tuple(foreign))

    def _entry(self, entry: str) -> Iterator[Path]:
        """The files of a service package, without those of another entry inside it; only the file if it is a module."""
        folder = self._path(entry)
        if not folder.is_dir():
            yield from self._resolve(entry)
            return
        others = {
            self._path(other)
            for other in self.entries
            if other != entry and other.startswith(f"{entry}.")
        }
        yield from (path for path in _files(folder, others) if not _is_test(path))

    def _resolve(self, name: str) -> list[Path]:
        """The file of the deepest module in a dotted name, and those of the packages around it; none if it is foreign."""
        if name not in self._resolved:
            self._resolved[name] = self._look_up(name)
        return self._resolved[name]

    def _look_up(self, name: str) -> list[Path]:
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            path = self._path(".".join(parts[:length]))
            module = next(
                (
                    one
                    for one in (path / "__init__.py", path.with_name(f"{path.name}.py"))
                    if one.is_file()
                ),
                None,
            )
            if module:
                around = [
                    self._path(".".join(parts[:shorter])) / "__init__.py"
                    for shorter in range(1, length)
                ]
                return [module, *(one for one in around if one.is_file())]
        return []

    def _path(self, name: str) -> Path:
        return self.root.joinpath(*name.split("."))

    def _data_beside(self, path: Path) -> Iterator[Path]:
        """What a shared package may read at run time: the data in its folder, unless services stand below that."""
        folder = path.parent
        if folder != self.root and not any(
            self._path(entry).is_relative_to(folder) for entry in self.entries
        ):
            yield from (one for one in _files(folder, set(), deep=False) if one.suffix != ".py")

    def _imports(self, path: Path) -> tuple[Imported, ...]:
        if path not in self._parsed:
            steps = path.relative_to(self.root).with_suffix("").parts
            try:
                self._parsed[path] = imports.read(path.read_bytes(), package=".".join(steps[:-1]))
            except SyntaxError as error:
                source = Source(str(path), error.lineno or 0)
                raise InvalidProgram(
                    [Mistake(source, "import.syntax", f"{error.msg}.", "Mend the syntax.")]
                ) from error
        return self._parsed[path]


def _is_module(path: Path, package: Path) -> bool:
    """Whether an import from the package reaches it; a template that ends in .py is data."""
    if path.suffix != ".py" or not path.is_relative_to(package):
        return False
    steps = path.relative_to(package).with_suffix("").parts
    folders = (package.joinpath(*steps[:length], "__init__.py") for length in range(1, len(steps)))
    return all(step.isidentifier() for step in steps) and all(one.is_file() for one in folders)


def _files(folder: Path, others: set[Path], *, deep: bool = True) -> Iterator[Path]:
    """The files below a folder that are worth shipping."""
    for here, folders, files in os.walk(folder):
        path = Path(here)
        folders[:] = [one for one in folders if deep and _ships(one) and path / one not in others]
        found = (path / one for one in files if _ships(one))
        yield from (
            one
            for one in found
            if one.with_suffix("") not in others and not lockfiles.is_one(one) and one.is_file()
        )


def _ships(name: str) -> bool:
    return not name.startswith(".") and name not in _LEFT and not name.endswith(_COMPILED)


def _is_test(path: Path) -> bool:
    """Whether pytest would collect it: by its name, and by what it defines."""
    if path.suffix != ".py" or not (path.stem.startswith("test_") or path.stem.endswith("_test")):
        return False
    try:
        top = ast.parse(path.read_bytes()).body
    except SyntaxError:
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name.lower().startswith("test") for node in top)
