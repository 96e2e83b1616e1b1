"""`make fast` on this repository: the smoke set without a change, the tests next door with one, and costs that are recorded."""

from pathlib import Path

from scripts import affected, changed_tests
from scripts.changed_tests import Changes
from tests import costs
from tests.costs import Cost

NOTHING: frozenset[str] = frozenset()


def test_without_a_change_only_the_smoke_set_runs() -> None:
    found, total = changed_tests.selection(Changes(NOTHING, NOTHING))
    assert found.run
    assert all(module.path.startswith(affected.SMOKE) for module in (*found.run, *found.beyond))
    assert total > sum(module.tests for module in found.run)


def test_a_changed_module_chooses_the_tests_next_door() -> None:
    found, _ = changed_tests.selection(
        Changes(frozenset({"src/oort/rules/tables/keys.py"}), NOTHING)
    )
    chosen = {module.path: module.distance for module in (*found.run, *found.beyond)}
    assert chosen["tests/unit/rules/tables/test_keys.py"] == 2
    assert sum(module.seconds for module in found.run) <= changed_tests.BUDGET


def test_git_that_fails_prints_nothing() -> None:
    assert changed_tests.git("no-such-command") == []
    assert changed_tests.git("rev-parse", "--is-inside-work-tree") == ["true"]


def test_costs_are_read_as_they_were_written_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "costs.json"
    assert costs.read(file) == {}
    costs.write({"a::test_b": Cost(2.0, 1.0)}, file)
    assert costs.read(file) == {"a::test_b": Cost(2.0, 1.0)}
    file.write_text("{", encoding="utf-8")
    assert costs.read(file) == {}


def test_the_group_that_xdist_adds_is_no_part_of_an_id() -> None:
    assert costs.without_group("a::test_b@serial") == "a::test_b"
    assert costs.without_group("a::test_b[x@y]") == "a::test_b[x@y]"
