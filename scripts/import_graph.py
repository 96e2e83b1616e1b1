"""Reads which file of the repository imports which, from the syntax alone; nothing is imported. Used by `make fast`.

The imports of a file are kept in `.cache/imports.json` until the file changes, since reading all files takes a second.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOTS = ("src", "apps", "")  # folders that modules are imported from
FOLDERS = ("src", "apps", "tests", "scripts", "benchmarks")
Imports = dict[str, list[str]]


def module_name(path: str) -> str:
    """The name by which others import the file."""
    for root in ROOTS:
        if path.startswith(f"{root}/") or not root:
            inside = path.removeprefix(f"{root}/") if root else path
            return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    raise AssertionError


def imported_names(text: str, name: str, *, package: bool) -> list[str]:
    """Every module that a source text may import, also in functions. A name taken from a module may be a module too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, name, package=package)
            names |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return sorted(names)


def _origin(node: ast.ImportFrom, name: str, *, package: bool) -> str:
    if not node.level:
        return node.module or ""
    above = name.split(".")
    above = above[: len(above) - node.level + package]
    return ".".join([*above, node.module] if node.module else above)


def python_files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(
            path for path in (root / folder).rglob("*.py") if "samples" not in path.parts
        )


def read(root: Path, cache: Path) -> Imports:
    """The imported names of every file, by its path from the root. A file with a syntax error imports nothing."""
    try:
        known: dict[str, tuple[float, list[str]]] = json.loads(cache.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        known = {}
    fresh: dict[str, tuple[float, list[str]]] = {}
    for path in python_files(root):
        file, changed = path.relative_to(root).as_posix(), path.stat().st_mtime
        old = known.get(file)
        fresh[file] = (
            (changed, old[1]) if old and old[0] == changed else (changed, _names_in(path, file))
        )
    cache.parent.mkdir(exist_ok=True)
    cache.write_text(json.dumps(fresh), encoding="utf-8")
    return {file: names for file, (_, names) in fresh.items()}


def _names_in(path: Path, file: str) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
        return imported_names(text, module_name(file), package=path.name == "__init__.py")
    except SyntaxError:
        return []


def distances(imports: Mapping[str, Iterable[str]], changed: Iterable[str]) -> dict[str, int]:
    """How many imports lie between a file and a changed one: 0 for a changed file, 1 for those that import it."""
    importers: dict[str, list[str]] = {}
    for file, names in imports.items():
        for name in names:
            importers.setdefault(name, []).append(file)
    reached: dict[str, int] = {}
    border = sorted(set(changed))
    distance = 0
    while border:
        reached |= dict.fromkeys(border, distance)
        beyond = {importer for file in border for importer in importers.get(module_name(file), ())}
        border = sorted(beyond - reached.keys())
        distance += 1
    return reached
