"""Read the source tree for the architecture tests: modules, syntax trees and imports."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "oort"
APPS = ROOT / "apps"


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed source file. ``name`` is its name in import statements."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package at the start of this module's relative imports."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules_under(folder: Path, import_root: Path) -> tuple[Module, ...]:
    """Return every Python file below ``folder``, with names relative to ``import_root``.

    An absent or empty folder is an error.
    """
    paths = sorted(
        path for path in folder.rglob("*.py") if "samples" not in path.relative_to(folder).parts
    )
    assert paths, f"no Python file under {folder}"
    gc.disable()  # with half a million nodes alive, looking for garbage among them takes most of the time
    try:
        return tuple(parse(path, import_root) for path in paths)
    finally:
        gc.freeze()  # they stay to the end
        gc.enable()


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
    """Yield each import as (module, imported name or None, line), also in functions and
    TYPE_CHECKING."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute_origin(module, node)
            yield from ((origin, alias.name, node.lineno) for alias in node.names)


def absolute_origin(module: Module, node: ast.ImportFrom) -> str:
    """Resolve the module of ``from … import``."""
    if not node.level:
        return node.module or ""
    above = module.package.split(".")
    above = above[: len(above) - (node.level - 1)]
    return ".".join([*above, node.module] if node.module else above)
