"""Where in the user's sources a finding stands: the line of the field, of its class, or of the lock file that names it.

Sources are read, never imported; what cannot be found leaves the place of the declaration.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec

from oort.app.documents.declared_contracts import Kinds
from oort.model.contracts import Finding
from oort.model.sources import Source
from oort.rules.contracts import locks as locking
from oort.rules.types import type_parts


def placed(finding: Finding, kinds: Kinds, folder: Path) -> Finding:
    """The finding with the best place that there is for it."""
    if finding.version is None:
        return finding if finding.source else replace(finding, source=_in_lock(finding, folder))
    kind = kinds.get((finding.subject, finding.version))
    if kind is None:
        return replace(
            finding,
            source=Source(str(folder / locking.event_file(finding.subject, finding.version)), 1),
        )
    if not finding.name:
        return finding
    holder = next(
        (one for one in _classes(kind) if one.__name__ == finding.holder.rpartition(".")[2]), kind
    )
    source = _line(holder, _attribute(holder, finding.name))
    return replace(finding, source=source) if source else finding


def _classes(kind: type) -> Iterator[type]:
    """The class and all that its fields hold."""
    seen: set[type] = set()
    rest = [msgspec.inspect.type_info(kind)]
    while rest:
        shape = rest.pop()
        own: object = getattr(shape, "cls", None)
        plain = getattr(own, "__origin__", own)
        if isinstance(plain, type):
            if plain in seen:
                continue
            seen.add(plain)
            yield plain
        rest += reversed(type_parts.inside(shape))


def _attribute(kind: type, wire: str) -> str:
    """The name in the class of a member of its JSON."""
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    encoded: tuple[str, ...] = getattr(kind, "__struct_encode_fields__", ())
    return dict(zip(encoded, fields, strict=True)).get(wire, wire)


def _line(kind: type, attribute: str) -> Source | None:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return None
    found = _lines(file).get(kind.__qualname__.replace("<locals>.", ""))
    return None if found is None else Source(file, found.get(attribute, found[""]))


@cache
def _lines(file: str) -> dict[str, dict[str, int]]:
    """The lines of the fields of every class in a file; under "" that of the class."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(_bodies(tree, ""))


def _bodies(node: ast.AST, prefix: str) -> Iterator[tuple[str, dict[str, int]]]:
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.ClassDef):
            fields = {
                field.target.id: field.lineno
                for field in one.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            }
            yield f"{prefix}{one.name}", {"": one.lineno, **fields}
        inside = isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _bodies(one, f"{prefix}{one.name}." if inside else prefix)  # type: ignore[attr-defined]


def _in_lock(finding: Finding, folder: Path) -> Source:
    """The line of the lock file that names the route's path."""
    file = folder / locking.api_file(finding.subject)
    path = finding.route.partition(" ")[2]
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (
        number
        for number, line in enumerate(lines, 1)
        if path and line.strip().startswith(f'"{path}":')
    )
    return Source(str(file), next(named, 1))
