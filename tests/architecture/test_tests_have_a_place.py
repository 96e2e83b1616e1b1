"""A test stands where one looks for it: `tests/unit` mirrors `src/oort`, and a larger module has tests of its name."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import PACKAGE, ROOT, Module, oort_modules

UNIT = ROOT / "tests" / "unit"
OTHER_PLACES = {
    "scripts": ROOT / "scripts",
    "benchmarks": ROOT / "benchmarks",
}  # mirrored in folders of these names
PORT_SUITES = Path("testing", "port_suites")  # are run by tests/contracts
LINES = 75  # of code from which a module has tests of its own

# Test modules without a module of that name, each with its reason.
WITHOUT_MODULE = {
    "test_docstring_examples.py": "the examples in all docstrings",
}

# Modules that are tested from above only. The list may only shrink: write the tests and take the name away.
WITHOUT_TESTS = frozenset(
    {
        "oort",
        "oort.app.declaring.services",
        "oort.app.declaring.signatures",
        "oort.app.declaring.tables",
        "oort.app.documents.asyncapi",
        "oort.app.documents.exports",
        "oort.app.documents.openapi_problems",
        "oort.app.handles.calls",
        "oort.app.handles.handle",
        "oort.aws.dynamodb.transact_items",
        "oort.aws.dynamodb.updates",
        "oort.aws.invoking.batches",
        "oort.aws.invoking.proxy_events",
        "oort.aws.invoking.requests",
        "oort.aws.ports",
        "oort.aws.sqs.sqs_queues",
        "oort.cli.blueprint",
        "oort.cli.commands.events",
        "oort.cli.dev.reload_children",
        "oort.cli.dev.serving",
        "oort.cli.printing.findings",
        "oort.cli.wiring.cloud",
        "oort.cli.wiring.embedded",
        "oort.cloudformation.constructs.gateway.responses",
        "oort.console.catalog.contents",
        "oort.console.catalog.fields",
        "oort.console.catalog.webpages",
        "oort.delivery.shipping",
        "oort.engine.identity.signing_keys",
        "oort.engine.services.deliveries",
        "oort.engine.store.store",
        "oort.rules.contracts.routes",
        "oort.rules.inclusion.case_splits",
        "oort.rules.inclusion.closed_and_open",
        "oort.rules.inclusion.documents",
        "oort.rules.inclusion.keywords",
        "oort.rules.inclusion.shapes",
        "oort.rules.inclusion.unions",
        "oort.rules.types.shapes",
        "oort.testing.port_suites.target",
    }
)


def source_folder(test: Path) -> Path:
    """The folder that the folder of a test module mirrors."""
    inside = test.relative_to(UNIT).parent
    place = OTHER_PLACES.get(inside.parts[0]) if inside.parts else None
    return place.joinpath(*inside.parts[1:]) if place else PACKAGE / inside


def names_in(folder: Path) -> Iterator[str]:
    """The names that a test module beside may begin with: of modules, of folders, and of the folder itself."""
    yield folder.name
    yield from (path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    yield from (path.name for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py")))


def begins_with(stem: str, name: str) -> bool:
    return stem == name or stem.startswith(f"{name}_")


def has_a_place(test: Path) -> bool:
    folder = source_folder(test)
    stem = test.stem.removeprefix("test_")
    return folder.is_dir() and any(begins_with(stem, name) for name in names_in(folder))


def lines_of_code(module: Module) -> int:
    """The lines that hold code: without docstrings, comments and blank lines."""
    statements = (node for node in ast.walk(module.tree) if isinstance(node, ast.stmt))
    source = module.text.splitlines()
    docstrings = {
        line
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    spans = itertools.chain.from_iterable(
        range(node.lineno, (node.end_lineno or node.lineno) + 1) for node in statements
    )
    return sum(
        1
        for line in set(spans) - docstrings
        if source[line - 1].strip() and not source[line - 1].strip().startswith("#")
    )


def has_tests(module: Module) -> bool:
    """Whether a test module of its name, or of its folder's name for an `__init__`, stands at its place."""
    path = module.path.parent if module.path.name == "__init__.py" else module.path
    inside = module.path.parent.relative_to(PACKAGE)
    folder = UNIT.parent / "contracts" if inside == PORT_SUITES else UNIT / inside
    return any(begins_with(test.stem, f"test_{path.stem}") for test in folder.glob("test_*.py"))


def test_every_unit_test_stands_at_the_place_of_a_module() -> None:
    astray = [test for test in sorted(UNIT.rglob("test_*.py")) if not has_a_place(test)]
    assert [
        str(test.relative_to(UNIT))
        for test in astray
        if str(test.relative_to(UNIT)) not in WITHOUT_MODULE
    ] == []


def test_the_exceptions_are_needed() -> None:
    assert [
        name for name in WITHOUT_MODULE if not (UNIT / name).exists() or has_a_place(UNIT / name)
    ] == []


def test_every_larger_module_has_tests_of_its_name_or_is_on_the_list_that_only_shrinks() -> None:
    untested = {
        module.name
        for module in oort_modules()
        if lines_of_code(module) > LINES and not has_tests(module)
    }
    assert sorted(untested - WITHOUT_TESTS) == [], "write tests at the place of the module"
    assert sorted(WITHOUT_TESTS - untested) == [], (
        "take these off the list: they have tests, are small or are gone"
    )


def test_a_test_without_a_module_would_be_noticed() -> None:
    assert has_a_place(UNIT / "rules" / "tables" / "test_keys_of_indexes.py")
    assert has_a_place(UNIT / "rules" / "test_tables.py")
    assert not has_a_place(UNIT / "rules" / "tables" / "test_keysmith.py")
    assert not has_a_place(UNIT / "nowhere" / "test_keys.py")
