"""The front door: `oort` re-exports the language and nothing else.

A layers contract of import-linter does not look into `oort/__init__.py`, so its imports are held here.
"""

import ast
import importlib
import inspect
import types
import typing

import pytest

import oort
from tests.architecture.source_tree import PACKAGE, ROOT, imports, parse

FRONT_DOOR = parse(PACKAGE / "__init__.py", ROOT / "src")
ALLOWED = ("oort.app", "oort.model")
# Aliases of types and plain values carry no docstring of their own; the reference describes them.
PLAIN = (types.UnionType, types.GenericAlias, typing.TypeVar, str, int, float)


def test_it_imports_only_the_language_and_the_nouns() -> None:
    origins = [(origin, line) for origin, _, line in imports(FRONT_DOOR)]
    assert origins
    strangers = [
        f"line {line}: {origin}"
        for origin, line in origins
        if not any(origin == allowed or origin.startswith(f"{allowed}.") for allowed in ALLOWED)
    ]
    assert strangers == []


def test_it_does_nothing_but_import() -> None:
    """A docstring, imports and plain assignments: no calls, no conditions, no functions."""
    others = [
        f"line {node.lineno}: {type(node).__name__}"
        for node in FRONT_DOOR.tree.body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)
    ]
    calls = [
        f"line {node.lineno}: a call"
        for node in ast.walk(FRONT_DOOR.tree)
        if isinstance(node, ast.Call)
    ]
    assert others + calls == []


def test_all_is_sorted_and_holds_no_name_twice() -> None:
    assert list(oort.__all__) == sorted(set(oort.__all__))


def test_all_is_complete() -> None:
    """Every name that the front door binds, other than a private one or a submodule, is in ``__all__``."""
    bound = {
        name
        for name, value in vars(oort).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert bound - set(oort.__all__) == set()


@pytest.mark.parametrize("name", oort.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(importlib.import_module("oort"), name)
    if isinstance(value, PLAIN):
        return
    own = vars(value).get("__doc__") if isinstance(value, type) else inspect.getdoc(value)
    assert own, f"oort.{name} has no docstring of its own"
