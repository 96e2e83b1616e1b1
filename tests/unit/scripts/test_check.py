"""The runner of the gates: what it prints of a part, and that a part that fails is named and fails the run."""

import sys

import pytest

from scripts import check
from scripts.check import Result

GOOD = [["python", "-c", "for number in range(9): print('line', number)"]]
BAD = [["python", "-c", "for number in range(9): print('line', number)\nraise SystemExit(3)"]]


def test_a_part_that_fails_is_named_and_fails_the_run() -> None:
    results = [
        Result("ruff", passed=True, wall=1, cpu=2),
        Result("mypy", passed=False, wall=2, cpu=3),
    ]
    lines = check.table(results, wall=2).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [
        ["ruff", "ok"],
        ["mypy", "FAILED"],
        ["all", "FAILED"],
    ]
    assert lines[-1].split()[2:] == ["2.0", "s", "5.0", "s"]


def test_an_unknown_part_is_a_usage_error() -> None:
    assert check.main(["no-such-part"]) == 64


def test_of_a_part_that_passes_the_last_lines_are_shown_and_of_one_that_fails_all() -> None:
    good, bad = sorted(
        check.run_all({"good": GOOD, "bad": BAD}), key=lambda result: not result.passed
    )
    assert (good.passed, bad.passed) == (True, False)
    assert check.shown(good).splitlines()[2:] == ["line 5", "line 6", "line 7", "line 8"]
    assert "line 0" in check.shown(bad)


def test_one_command_that_fails_fails_its_part() -> None:
    assert not check.run("part", [BAD[0], GOOD[0]], kept=True).passed
    assert not check.run("part", [GOOD[0], BAD[0]], kept=True).passed


def test_a_run_with_a_failed_part_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "PARTS", {"good": GOOD, "bad": BAD})
    assert check.main(["good", "bad"]) == 1
    assert check.main(["good"]) == 0


def test_the_cpu_seconds_of_a_part_are_those_of_its_processes() -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    code, cpu, _ = check.execute(["python", "-c", busy], kept=True, polite=True)
    assert code == 0
    assert cpu >= 0.2
    assert sys.executable.startswith(str(check.BIN))
