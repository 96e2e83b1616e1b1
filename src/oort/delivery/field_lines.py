"""Locate a finding in the user's sources: the line of the field, the class or the lock file.

Sources are parsed, never imported.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from oort.app.documents.declared_contracts import Kinds, Types
from oort.model.contracts import Finding
from oort.model.errors import Source
from oort.rules.contracts import locks as locking
from oort.rules.types import reading, shapes


def with_source(finding: Finding, kinds: Kinds, types: Types, folder: Path) -> Finding:
    """Return the finding with the best known source location."""
    if finding.kind is not None:
        return _of_data(finding, types.get((finding.kind, finding.subject), ()), folder)
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
    return _at_member(finding, [kind])


def _of_data(finding: Finding, types: tuple[object, ...], folder: Path) -> Finding:
    if not types and finding.kind is not None:
        lock = folder / locking.data_file(finding.kind, finding.subject)
        return replace(finding, source=Source(str(lock), 1))
    return _at_member(finding, types) if finding.name else finding


def _at_member(finding: Finding, types: Sequence[object]) -> Finding:
    """Return the finding at the line of its member, in the class that holds the member."""
    classes = [cls for kind in types for cls in _classes(kind)]
    wanted = finding.holder.rpartition(".")[2]
    holder = next((cls for cls in classes if cls.__name__ == wanted), next(iter(classes), None))
    source = holder and _line(holder, _attribute(holder, finding.name))
    return replace(finding, source=source) if source else finding


def _classes(kind: object) -> Iterator[type]:
    """Yield the class and the classes of its fields, recursively."""
    for shape in reading.inside([reading.compiled(kind)]):
        if isinstance(shape, shapes.Named):
            yield shapes.plain(shape.kind)


def _attribute(kind: type, wire: str) -> str:
    """Return the attribute name for a JSON member name."""
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    encoded: tuple[str, ...] = getattr(kind, "__struct_encode_fields__", ())
    return dict(zip(encoded, fields, strict=True)).get(wire, wire)


def _line(kind: type, attribute: str) -> Source | None:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return None
    class_lines = _lines(file).get(kind.__qualname__.replace("<locals>.", ""))
    return (
        None if class_lines is None else Source(file, class_lines.get(attribute, class_lines[""]))
    )


@cache
def _lines(file: str) -> dict[str, dict[str, int]]:
    """Return the line of each field by class. The key "" holds the line of the class."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(_bodies(tree, ""))


def _bodies(node: ast.AST, prefix: str) -> Iterator[tuple[str, dict[str, int]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            fields = {
                field.target.id: field.lineno
                for field in child.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            }
            yield f"{prefix}{child.name}", {"": child.lineno, **fields}
        inside = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _bodies(child, f"{prefix}{child.name}." if inside else prefix)  # type: ignore[attr-defined]


def _in_lock(finding: Finding, folder: Path) -> Source:
    """Find the route's path in the lock file."""
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
