"""Names that a template writes and a function reads stand in `rules.cloud.deployed` and nowhere else in src."""

import ast
from collections.abc import Iterator
from pathlib import Path

from oort.rules.cloud import deployed
from oort.rules.cloud.deployed import InboxTable, Metrics, OutboxTable, Outputs
from oort.rules.contracts import locks
from tests.architecture.source_tree import Module, oort_modules, parse

HOME = "oort.rules.cloud.deployed"
# Names that mean nothing else, wherever they stand.
ANYWHERE = frozenset({
    Metrics.NEWLY_PARKED, deployed.HANDLER, OutboxTable.STREAM_VIEW, OutboxTable.IMAGE, Outputs.API_URL,
})  # fmt: skip
OTHER_VARIABLES = frozenset({"OORT_KEY_COMMAND"})  # the user's own
# Plain words: only where templates are written and tables are read do they name an attribute or a metric.
ATTRIBUTES = frozenset({
    Metrics.NAMESPACE, Metrics.ERRORS, Metrics.DURATION, OutboxTable.ROW, OutboxTable.SEND, OutboxTable.PUBLISH,
    OutboxTable.SENT, InboxTable.EXPIRES, InboxTable.HOLDER, InboxTable.UNTIL, InboxTable.RESULT,
})  # fmt: skip
LOCKS = frozenset({locks.FOLDER, locks.API})
WRITERS_AND_READERS = (
    "oort.cloudformation",
    "oort.aws",
    "oort.rules.cloud",
    "oort.rules.tables.expressions",
)


def doubled(module: Module) -> Iterator[tuple[int, str]]:
    """The line and the text of each such name that a module spells itself."""
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _is_doubled(node.value, module.name)
        ):
            yield node.lineno, node.value


def _is_doubled(text: str, module: str) -> bool:
    if text in LOCKS and module.startswith("oort.delivery"):
        return True
    if module == HOME:
        return False
    is_variable = text.startswith(deployed.PREFIX) and text not in OTHER_VARIABLES
    is_attribute = text in ATTRIBUTES and module.startswith(WRITERS_AND_READERS)
    return is_variable or is_attribute or text in ANYWHERE


def test_no_name_of_what_is_deployed_stands_in_two_places() -> None:
    assert [
        f"{module}:{line} {text!r}" for module in oort_modules() for line, text in doubled(module)
    ] == []


def test_a_name_that_is_spelled_again_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "oort" / "aws" / "entry.py"
    file.parent.mkdir(parents=True)
    file.write_text('A = "OORT_CALLS"\nB = "expires"\nC = "NewlyParked"\nD = "entry"\n')
    found = doubled(parse(file, tmp_path))
    assert list(found) == [(1, "OORT_CALLS"), (2, "expires"), (3, "NewlyParked")]
