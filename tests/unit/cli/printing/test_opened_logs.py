"""What a worker prints and logs reaches the log of the platform in whole lines."""

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from oort.cli.printing import opened_logs
from oort.cli.printing.opened_logs import Printed


@pytest.fixture
def restored() -> Iterator[None]:
    """Put back the log and the standard output of this process."""
    root, output = logging.getLogger(), sys.stdout
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], sys.stdout = handlers, output
    root.setLevel(level)


def prepared(form: str) -> list[str]:
    """Return the list that receives the lines of this process from now on."""
    lines: list[str] = []
    prepare: Callable[[Callable[[str], None]], None] = opened_logs.of_worker(form)
    prepare(lines.append)
    return lines


@pytest.mark.usefixtures("restored")
def test_prints_are_whole_lines_of_a_text_log() -> None:
    lines = prepared("text")
    for part in ("one", " ", "two", "\n", "part"):  # as print() writes them
        sys.stdout.write(part)
    assert lines == ["one two"]
    sys.stdout.write(" and rest\nnext")
    sys.stdout.flush()
    assert lines == ["one two", "part and rest", "next"]


@pytest.mark.usefixtures("restored")
def test_prints_are_objects_of_a_json_log() -> None:
    lines = prepared("json")
    sys.stdout.write("an order 7\n")
    line = json.loads(lines[0])
    assert (line["message"], line["logger"], line["level"]) == ("an order 7", "print", "INFO")


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", ["text", "json"])
def test_records_of_a_worker_go_the_same_way(form: str) -> None:
    lines = prepared(form)
    logging.getLogger("shop").warning("low stock")
    assert "low stock" in lines[-1]


def test_the_last_line_needs_no_end() -> None:
    lines: list[str] = []
    with contextlib.closing(Printed(lines.append)) as printed:
        printed.write("no end")
        printed.flush()
        printed.flush()
    assert lines == ["no end"]


def test_a_line_that_never_ends_does_not_grow_for_ever() -> None:
    lines: list[str] = []
    printed = Printed(lines.append)
    for _ in range(100):
        printed.write("x" * 1000)
    assert sum(map(len, lines)) > 60_000
