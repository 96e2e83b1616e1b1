"""Each kind is a column of files with the same name. A cell that is missing has its reason here."""

import ast
from collections.abc import Callable, Iterable

import pytest

from oort.model.resources import Kind
from tests.architecture.source_tree import PACKAGE, ROOT

# The cells of a column. `src/oort/` stands before those that begin with a package.
CELLS = (
    "ports/{stem}.py",
    "rules/grants/{stem}.py",
    "runtime/operations/{stem}.py",
    "engine/services/{stem}.py",
    "aws/services/{stem}.py",
    "cloudformation/constructs/{stem}.py",
    "app/handles/{stem}.py",
    "testing/port_suites/{stem}.py",
    "tests/contracts/test_{stem}.py",
    "docs/reference/{stem}.md",
)

NO_PORT_SUITE = (
    "a call needs a program that answers it: tests/scenarios/test_a_service_asks_another.py, "
    "tests/unit/aws/services/test_calls.py and tests/e2e/test_calls_and_schedules_on_aws.py"
)
EXCEPTIONS = {
    "runtime/operations/calls.py": "the port takes the operation as it is",
    "cloudformation/constructs/calls.py": "the function that answers is its construct",
    "testing/port_suites/calls.py": NO_PORT_SUITE,
    "tests/contracts/test_calls.py": NO_PORT_SUITE,
    "cloudformation/constructs/effects.py": "its rows are in the inbox: constructs/outbox.py",
    "app/handles/effects.py": "the handle is called Once: app/handles/once.py",
}
WITHOUT_EDGE = {"rules/grants/effects.py": "the graph does not show effects"}


def stem(kind: Kind) -> str:
    return f"{kind.value}s"


def column(kind: Kind) -> tuple[str, ...]:
    return tuple(cell.format(stem=stem(kind)) for cell in CELLS)


def exists(cell: str) -> bool:
    root = ROOT if cell.startswith(("tests/", "docs/")) else PACKAGE
    return (root / cell).is_file()


def lacking(kind: Kind, there: Callable[[str], bool] = exists) -> list[str]:
    """Return a sentence for each cell that the kind lacks without a reason."""
    return [
        f"Kind.{kind.name} lacks {cell}"
        for cell in column(kind)
        if cell not in EXCEPTIONS and not there(cell)
    ]


def defined(names: Iterable[ast.stmt]) -> set[str]:
    functions = {node.name for node in names if isinstance(node, ast.FunctionDef)}
    assigned = (node.targets[0] for node in names if isinstance(node, ast.Assign))
    return functions | {target.id for target in assigned if isinstance(target, ast.Name)}


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_lacks_a_cell(kind: Kind) -> None:
    assert lacking(kind) == []


@pytest.mark.parametrize("kind", Kind)
def test_a_cell_that_is_forgotten_is_named(kind: Kind) -> None:
    for cell in (cell for cell in column(kind) if cell not in EXCEPTIONS):
        assert lacking(kind, lambda path, cell=cell: path != cell and exists(path)) == [  # type: ignore[misc]
            f"Kind.{kind.name} lacks {cell}"
        ]


def test_an_exception_is_a_cell_of_a_kind_and_really_missing() -> None:
    cells = {cell for kind in Kind for cell in column(kind)}
    assert EXCEPTIONS.keys() <= cells
    assert [cell for cell in EXCEPTIONS if exists(cell)] == []
    assert all(EXCEPTIONS.values())


@pytest.mark.parametrize("kind", Kind)
def test_the_grants_of_a_kind_are_statements_and_an_edge(kind: Kind) -> None:
    cell = f"rules/grants/{stem(kind)}.py"
    names = defined(ast.parse((PACKAGE / cell).read_text(encoding="utf-8")).body)
    assert "statements" in names
    assert bool(names & {"edge", "EDGE"}) is (cell not in WITHOUT_EDGE)


def test_every_port_suite_is_exported() -> None:
    folder = (
        PACKAGE / "testing" / "port_suites"
    )  # read and not imported: a missing file is named above
    suites = {
        node.name
        for module in folder.glob("*.py")
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Contract")
    } - {"Contract"}
    front = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    exported = next(
        ast.literal_eval(node.value)
        for node in front.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert {name for name in exported if name.endswith("Contract")} == suites
