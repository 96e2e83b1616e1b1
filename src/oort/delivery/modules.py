"""Select the project files that a service ships: its package with data, and imported modules.

Files are parsed, not imported. Tests, caches, hidden files, lock files of contracts and packages
of other services stay out.
"""

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oort.delivery import imports, lockfiles
from oort.delivery.imports import Imported
from oort.model.errors import InvalidProgram, Mistake, Source

_LEFT = frozenset({"__pycache__", "oort.toml", "conftest.py", "tests"})
_COMPILED = (".pyc", ".pyo")


@dataclass(frozen=True, slots=True)
class ExternalImport:
    """An import from outside the project, and the importing file."""

    imported: Imported
    file: Path


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The project files of a service, and their imports from outside the project."""

    files: tuple[Path, ...]
    foreign: tuple[ExternalImport, ...]


class Tree:
    """The project's sources below `root`. `entries` are the service packages. Each file is parsed
    once."""

    def __init__(self, root: Path, *, entries: Sequence[str]) -> None:
        self.root = root
        self.entries = tuple(entries)
        self._parsed: dict[Path, tuple[Imported, ...]] = {}
        self._resolved: dict[str, list[Path]] = {}

    def files_of(self, entries: Sequence[str]) -> ProjectFiles:
        """Return the files of a service with these entries. InvalidProgram for a syntax error."""
        kept = {path for entry in entries for path in self._entry(entry)}
        waiting = [path for entry in entries for path in self._resolve(entry)]
        waiting += [
            path for path in kept if any(_is_module(path, self._path(entry)) for entry in entries)
        ]
        reached, foreign = set[Path](), list[ExternalImport]()
        while waiting:
            path = waiting.pop()
            if path in reached:
                continue
            reached.add(path)
            for imported in self._imports(path):
                if resolved := self._resolve(imported.name):
                    waiting += resolved
                else:
                    foreign.append(ExternalImport(imported, path))
        kept |= reached | {data for path in reached - kept for data in self._data_beside(path)}
        return ProjectFiles(tuple(sorted(kept)), tuple(foreign))

    def _entry(self, entry: str) -> Iterator[Path]:
        """Yield the files of a service package, without nested entries. For a module, only its
        file."""
        folder = self._path(entry)
        if not folder.is_dir():
            yield from self._resolve(entry)
            return
        nested = {
            self._path(candidate)
            for candidate in self.entries
            if candidate != entry and candidate.startswith(f"{entry}.")
        }
        yield from (path for path in _files(folder, nested) if not _is_test(path))

    def _resolve(self, name: str) -> list[Path]:
        """Return the file of the deepest module in a dotted name, and the `__init__.py` files
        above.

        Empty for a name outside the project.
        """
        if name not in self._resolved:
            self._resolved[name] = self._look_up(name)
        return self._resolved[name]

    def _look_up(self, name: str) -> list[Path]:
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            path = self._path(".".join(parts[:length]))
            module = next(
                (
                    file
                    for file in (path / "__init__.py", path.with_name(f"{path.name}.py"))
                    if file.is_file()
                ),
                None,
            )
            if module:
                around = [
                    self._path(".".join(parts[:shorter])) / "__init__.py"
                    for shorter in range(1, length)
                ]
                return [module, *(file for file in around if file.is_file())]
        return []

    def _path(self, name: str) -> Path:
        return self.root.joinpath(*name.split("."))

    def _data_beside(self, path: Path) -> Iterator[Path]:
        """Yield the data files beside a shared module, unless a service lies below the folder."""
        folder = path.parent
        if folder != self.root and not any(
            self._path(entry).is_relative_to(folder) for entry in self.entries
        ):
            yield from (file for file in _files(folder, set(), deep=False) if file.suffix != ".py")

    def _imports(self, path: Path) -> tuple[Imported, ...]:
        if path not in self._parsed:
            steps = path.relative_to(self.root).with_suffix("").parts
            try:
                self._parsed[path] = imports.read(path.read_bytes(), package=".".join(steps[:-1]))
            except SyntaxError as error:
                source = Source(str(path), error.lineno or 0)
                raise InvalidProgram(
                    [Mistake(source, "import.syntax", f"{error.msg}.", "Fix the syntax.")]
                ) from error
        return self._parsed[path]


def _is_module(path: Path, package: Path) -> bool:
    """True if the file is importable from the package. A template with the suffix .py is data."""
    if path.suffix != ".py" or not path.is_relative_to(package):
        return False
    steps = path.relative_to(package).with_suffix("").parts
    folders = (package.joinpath(*steps[:length], "__init__.py") for length in range(1, len(steps)))
    return all(step.isidentifier() for step in steps) and all(
        marker.is_file() for marker in folders
    )


def _files(folder: Path, excluded: set[Path], *, deep: bool = True) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        path = Path(here)
        folders[:] = [
            name for name in folders if deep and _ships(name) and path / name not in excluded
        ]
        candidates = (path / name for name in files if _ships(name))
        yield from (
            name
            for name in candidates
            if name.with_suffix("") not in excluded
            and not lockfiles.is_lock_file(name)
            and name.is_file()
        )


def _ships(name: str) -> bool:
    return not name.startswith(".") and name not in _LEFT and not name.endswith(_COMPILED)


def _is_test(path: Path) -> bool:
    """True if pytest would collect the file, by name and by content."""
    if path.suffix != ".py" or not (path.stem.startswith("test_") or path.stem.endswith("_test")):
        return False
    try:
        top = ast.parse(path.read_bytes()).body
    except SyntaxError:
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name.lower().startswith("test") for node in top)
