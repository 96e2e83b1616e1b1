"""The choice of tests after a change: the nearest first, within the budget, and plain about what is left out."""

import pytest

from scripts import affected
from scripts.affected import Module

TEXTS = {
    "tests/unit/rules/test_keys.py": "def test_a(): ...",
    "tests/unit/rules/test_keys_model.py": "def test_b(): ...",
    "tests/unit/rules/test_items.py": "def test_c(): ...\n    async def test_d(): ...",
    "tests/unit/scripts/test_check.py": "def test_e(): ...",
    "tests/scenarios/test_page.py": 'PAGE = ROOT / "docs" / "guide.md"',
}


def module(
    path: str, distance: int, seconds: float, *, tests: int = 1, long: tuple[str, ...] = ()
) -> Module:
    return Module(path, distance, tests, seconds, long)


def test_next_door_is_the_same_place_under_tests() -> None:
    assert affected.neighbour("src/oort/rules/keys.py", TEXTS) == {
        "tests/unit/rules/test_keys.py",
        "tests/unit/rules/test_keys_model.py",
    }
    assert affected.neighbour("scripts/check.py", TEXTS) == {"tests/unit/scripts/test_check.py"}
    assert affected.neighbour("apps/shop/keys.py", TEXTS) == set()


def test_a_changed_test_is_nearest_then_next_door_then_those_further_up_the_imports() -> None:
    reached = {
        "src/oort/rules/keys.py": 0,
        "src/oort/rules/items.py": 1,
        "tests/unit/rules/test_items.py": 2,
    }
    assert affected.near(["src/oort/rules/keys.py"], reached, TEXTS) == {
        "tests/unit/rules/test_keys.py": 1,
        "tests/unit/rules/test_keys_model.py": 1,
        "tests/unit/rules/test_items.py": 2,
    }
    assert affected.near([], {"tests/unit/rules/test_items.py": 0}, TEXTS) == {
        "tests/unit/rules/test_items.py": 0
    }


def test_a_page_reaches_the_test_that_names_it_and_fixtures_all_tests_of_their_folder() -> None:
    assert affected.near(["docs/guide.md"], {}, TEXTS) == {"tests/scenarios/test_page.py": 1}
    assert len(affected.near(["tests/unit/rules/conftest.py"], {}, TEXTS)) == 3
    assert affected.near(["docs/other.md"], {}, TEXTS) == {}


def test_without_a_change_the_smoke_set_runs() -> None:
    assert affected.merged({}, {}, TEXTS) == {"tests/unit/scripts/test_check.py": 0}


def test_what_is_edited_comes_before_what_is_committed() -> None:
    assert affected.merged({"a": 1, "b": 2}, {"b": 0, "c": 1}, {}) == {"a": 2, "b": 1, "c": 3}


def test_the_nearest_that_fit_the_budget_are_chosen() -> None:
    near, far, big = module("near", 1, 4), module("far", 3, 2), module("big", 2, 9)
    selection = affected.chosen([far, big, near], budget=7)
    assert selection.run == (near, far)
    assert selection.beyond == (big,)


def test_a_test_that_takes_long_is_left_out_of_the_sum_and_named() -> None:
    costs = {"a::test_x": 0.5, "a::test_y": affected.LONG, "a::test_renamed_since": 9}
    found = affected.measured("a", 1, text="def test_x... def test_y...", costs=costs)
    assert found == module("a", 1, affected.START + 0.5, tests=2, long=("a::test_y",))
    assert affected.chosen([found], budget=9).long == ("a::test_y",)


def test_a_module_that_was_never_run_is_guessed_by_its_tests() -> None:
    found = affected.measured("a", 1, text=TEXTS["tests/unit/rules/test_items.py"], costs={})
    assert found.tests == 2
    assert found.seconds == pytest.approx(affected.START + 2 * affected.UNKNOWN)


def test_what_is_not_run_is_said() -> None:
    selection = affected.Selection(
        (module("a", 1, 1, tests=5, long=("a::test_y",)),),
        (module("b", 2, 99, tests=30), module("c", 3, 99)),
    )
    text = affected.words(selection, total=100)
    assert "4 of 100 tests, in 1 modules; `make check` runs all." in text
    assert "31 tests in 2 modules" in text
    assert "The nearest of them: b, c." in text
    assert "a::test_y" in text


def test_a_test_that_needs_an_emulator_is_never_chosen() -> None:
    assert affected.is_test_module("tests/unit/test_a.py")
    assert not affected.is_test_module("tests/e2e/test_a.py")
    assert not affected.is_test_module("tests/unit/kit.py")
