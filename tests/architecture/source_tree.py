"""Reads the source tree for the architecture tests: modules, their syntax trees and what they import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "oort"
APPS = ROOT / "apps"


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed source file; ``name`` is what an import statement calls it."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that a relative import of this module starts from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules_under(folder: Path, import_root: Path) -> tuple[Module, ...]:
    """Every Python file below ``folder``; names are relative to ``import_root``. An absent or empty folder is an error."""
    paths = sorted(
        path for path in folder.rglob("*.py") if "samples" not in path.relative_to(folder).parts
    )
    assert paths, f"no Python file under {folder}"
    return tuple(parse(path, import_root) for path in paths)


def parse(path: Path, import_root: Path) -> Module:
    parts = list(path.relative_to(import_root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    text = path.read_text(encoding="utf-8")
    return Module(
        path=path, name=".".join(parts), text=text, tree=ast.parse(text, filename=str(path))
    )


def oort_modules() -> tuple[Module, ...]:
    return modules_under(PACKAGE, ROOT / "src")


def app_modules() -> tuple[Module, ...]:
    return modules_under(APPS, APPS)


def imports(module: Module) -> Iterator[tuple[str, str | None, int]]:
    """Each import as (module, name taken from it or None, line): in functions and under TYPE_CHECKING as well."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute_origin(module, node)
            yield from ((origin, alias.name, node.lineno) for alias in node.names)


def absolute_origin(module: Module, node: ast.ImportFrom) -> str:
    """What ``from … import`` reads from, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    above = module.package.split(".")
    above = above[: len(above) - (node.level - 1)]
    return ".".join([*above, node.module] if node.module else above)
