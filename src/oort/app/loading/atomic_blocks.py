"""Blocks of `atomic()` that cannot do what they seem to: a block without a name, and writes beside it.

Only the text of handlers is read, and only of those that use `atomic`. At run time every such write
is refused.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator

from oort.app.declaring.parameters import HandleParameter, PublishParameter
from oort.app.handles.transactions import atomic
from oort.app.programs import Function
from oort.model.errors import Mistake, Source

_WRITES = frozenset({"put", "update", "delete", "send", "publish"})


def mistakes(function: Function) -> Iterator[Mistake]:
    """Yield the mistakes in the blocks of a handler."""
    call = inspect.unwrap(function.call)
    names = _names(call)
    if not names:
        return
    try:
        lines, first = inspect.getsourcelines(call)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return  # a handler without source, for instance of a shell
    handles = {
        parameter.name
        for parameter in function.signature.parameters
        if isinstance(parameter, HandleParameter | PublishParameter)
    }
    title = function.model.name
    for block, variable in _blocks(tree, names):
        source = Source(function.model.source.file, first + block.lineno - 1)
        if variable is None:
            what = f"{title}: atomic() without `as tx` cannot hold a write."
            yield Mistake(source, "atomic.unnamed", what, "Write `with atomic() as tx:`.")
        for line, written in _writes(block, handles):
            what = f"{title}: {written} inside atomic() is not part of the block."
            handle, _, word = written.partition(".")
            instead = f"Write {variable or 'tx'}.{word}({handle}, …), or move it out of the block."
            place = Source(function.model.source.file, first + line - 1)
            yield Mistake(place, "atomic.beside", what, instead)


def _names(call: Callable[..., object]) -> set[str]:
    """Return the names under which the handler uses `atomic`."""
    code, variables = getattr(call, "__code__", None), getattr(call, "__globals__", {})
    used = set(getattr(code, "co_names", ())) | set(getattr(code, "co_freevars", ()))
    return {name for name in used if name == "atomic" or variables.get(name) is atomic}


def _blocks(
    tree: ast.AST, names: set[str]
) -> Iterator[tuple[ast.With | ast.AsyncWith, str | None]]:
    """Yield each block with the name of its transaction."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.With | ast.AsyncWith):
            continue
        for item in node.items:
            made = item.context_expr
            if isinstance(made, ast.Call) and _name(made.func) in names:
                variable = item.optional_vars
                yield node, variable.id if isinstance(variable, ast.Name) else None


def _writes(block: ast.With | ast.AsyncWith, handles: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each write by a handle in the block."""
    for statement in block.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                handle = node.func.value
                if (
                    isinstance(handle, ast.Name)
                    and handle.id in handles
                    and node.func.attr in _WRITES
                ):
                    yield node.lineno, f"{handle.id}.{node.func.attr}"


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
