"""The house rules without a linter: sizes, names, docstrings, cycles, printing and loose ends."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from tests.architecture.source_tree import (
    ROOT,
    Module,
    app_modules,
    imports,
    modules_under,
    oort_modules,
)

MODULE_LINES = 600
FUNCTION_LINES = 50
FOLDER_MODULES = 18
SAY_NOTHING = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})
LOOSE_ENDS = re.compile(
    r"#.*\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"
)  # spelled so that this line does not find itself


def everything() -> tuple[Module, ...]:
    return (
        *oort_modules(),
        *app_modules(),
        *modules_under(ROOT / "scripts", ROOT),
        *modules_under(ROOT / "tests", ROOT),
    )


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_no_module_is_longer_than_the_cap() -> None:
    lengths = {str(module): len(module.text.splitlines()) for module in everything()}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_folder_has_more_modules_than_the_cap() -> None:
    folders = Counter(str(module.path.parent.relative_to(ROOT)) for module in oort_modules())
    packages = Counter(
        str(module.path.parent.relative_to(ROOT))
        for module in oort_modules()
        if module.path.name == "__init__.py"
    )
    counts = {folder: count - packages[folder] for folder, count in folders.items()}
    assert {folder: count for folder, count in counts.items() if count > FOLDER_MODULES} == {}


def test_no_function_is_longer_than_the_cap() -> None:
    long = [
        f"{module}:{function.lineno} {function.name}"
        for module in everything()
        for function in functions(module)
        if (function.end_lineno or function.lineno) - function.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [
        str(module) for module in everything() if SAY_NOTHING & set(module.name.split("."))
    ] == []


def test_every_module_says_what_it_is() -> None:
    """An empty ``__init__.py`` of an app needs no docstring."""
    ours = [module for module in everything() if module.name.split(".")[0] != "tests"]
    silent = [module for module in ours if not ast.get_docstring(module.tree)]
    assert [
        str(module) for module in silent if module in oort_modules() or module.text.strip()
    ] == []


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{module}:{node.lineno}"
        for module in (*oort_modules(), *app_modules())
        if not module.name.startswith("oort.cli")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_nothing_is_left_for_later() -> None:
    loose = [
        f"{module}:{number}"
        for module in everything()
        for number, line in enumerate(module.text.splitlines(), start=1)
        if LOOSE_ENDS.search(line)
    ]
    assert loose == []


def graph(modules: tuple[Module, ...]) -> dict[str, set[str]]:
    """Return the imports of each module, also in functions and under TYPE_CHECKING."""
    names = {module.name for module in modules}
    found: dict[str, set[str]] = {}
    for module in modules:
        targets = {
            f"{origin}.{name}" if name and f"{origin}.{name}" in names else origin
            for origin, name, _ in imports(module)
        }
        found[module.name] = (targets & names) - {module.name}
    return found


def cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return one cycle of imports, its first module repeated at the end; empty without a cycle."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges[name]):
            if found := visit(target, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name, []))), [])


@pytest.mark.parametrize("modules", [oort_modules, app_modules], ids=["oort", "apps"])
def test_no_modules_import_in_a_circle(modules: object) -> None:
    assert callable(modules)
    assert cycle(graph(modules())) == []


def test_a_circle_would_be_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
