"""What a source file imports, read without running it. `modules` follows the project's own, `distributions` the others.

It sees import statements, also inside functions, and `import_module` with a name that stands there. It passes over what is
for type checkers only.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import resolve_name

_FAILS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_CONDITIONS = frozenset({"sys.version_info", "sys.platform", "sys.implementation.name", "os.name"})
_CALLS = frozenset({"import_module", "__import__"})


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: `a.b` for `import a.b` and for `from a import b`. An optional one may be missing at run time."""

    name: str
    line: int
    optional: bool


def read(source: bytes, *, package: str) -> tuple[Imported, ...]:
    """The imports of a file whose relative ones start from `package`. SyntaxError if it is no Python."""
    reader = _Reader(package)
    reader.visit(ast.parse(source))
    return tuple(reader.found)


class _Reader(ast.NodeVisitor):
    """Walks one file; `optional` is how many conditions it stands in."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.found: list[Imported] = []
        self.optional = 0

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = self._absolute("." * node.level + (node.module or ""))
        for alias in node.names:
            self._add(origin if alias.name == "*" else f"{origin}.{alias.name}", node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        first = node.args[0] if node.args else None
        if (
            _last_name(node.func) in _CALLS
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
        ):
            self._add(self._absolute(first.value), node.lineno)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
        if _last_name(test) == "TYPE_CHECKING":
            self._visit_all(node.body if negated else node.orelse)
            return
        self.visit(node.test)
        with self._maybe(any(ast.unparse(one) in _CONDITIONS for one in ast.walk(node.test))):
            self._visit_all([*node.body, *node.orelse])

    def visit_Try(self, node: ast.Try) -> None:
        with self._maybe(any(_catches(handler.type) for handler in node.handlers)):
            self._visit_all([*node.body, *node.handlers])
        self._visit_all([*node.orelse, *node.finalbody])

    def visit_With(self, node: ast.With) -> None:
        calls = [one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)]
        suppressed = [
            arg for call in calls if _last_name(call.func) == "suppress" for arg in call.args
        ]
        with self._maybe(any(_catches(arg) for arg in suppressed)):
            self.generic_visit(node)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    @contextmanager
    def _maybe(self, optional: bool, /) -> Iterator[None]:  # noqa: FBT001 - positional-only, two calls above
        self.optional += optional
        yield
        self.optional -= optional

    def _absolute(self, name: str) -> str:
        """The name that a relative one stands for; empty if it leads out of every package, which no import survives."""
        try:
            return resolve_name(name, self.package)
        except ImportError:
            return ""

    def _add(self, name: str, line: int) -> None:
        if name and not name.startswith("."):
            self.found.append(Imported(name, line, self.optional > 0))


def _last_name(node: ast.AST) -> str:
    """`c` of `c` and of `a.b.c`; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _catches(kind: ast.expr | None) -> bool:
    """Whether an `except` of this kind catches a failed import."""
    kinds: Sequence[ast.expr] = kind.elts if isinstance(kind, ast.Tuple) else [kind] if kind else []
    return kind is None or any(_last_name(one) in _FAILS for one in kinds)
