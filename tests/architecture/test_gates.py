"""The gates of `make check` can fail: each is shown something wrong and must say so."""

from pathlib import Path

import pytest

from scripts import check, coverage_floors, docs_in_step, lock_in_step

PYPROJECT = """
[project]
dependencies = ["alpha>=2"]
[dependency-groups]
dev = ["beta"]
"""


def write_locks(folder: Path, base: str, dev: str) -> None:
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "requirements.lock").write_text(base, encoding="utf-8")
    (folder / "requirements-dev.lock").write_text(dev, encoding="utf-8")


def pin(name: str, version: str) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n    # via oortcloud\n"


def test_locks_that_agree_pass(tmp_path: Path) -> None:
    write_locks(tmp_path, pin("alpha", "2.1"), pin("alpha", "2.1") + pin("beta", "1"))
    assert lock_in_step.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("base", "dev", "fault"),
    [
        (pin("alpha", "1.9"), pin("alpha", "1.9") + pin("beta", "1"), "wants >=2"),
        (pin("alpha", "2.1"), pin("alpha", "2.1"), "does not pin beta"),
        (
            pin("alpha", "2.1"),
            pin("alpha", "2.2") + pin("beta", "1"),
            "alpha is 2.1 in requirements.lock but 2.2",
        ),
        ("alpha==2.1\n", pin("alpha", "2.1") + pin("beta", "1"), "without a hash"),
        (
            "--index-url somewhere\n" + pin("alpha", "2.1"),
            pin("alpha", "2.1") + pin("beta", "1"),
            "package index",
        ),
    ],
)
def test_locks_that_disagree_fail(tmp_path: Path, base: str, dev: str, fault: str) -> None:
    write_locks(tmp_path, base, dev)
    assert any(fault in found for found in lock_in_step.faults(tmp_path))


def summary(covered: int, statements: int, branches: int = 0) -> coverage_floors.FileReport:
    return {
        "summary": {
            "covered_lines": covered,
            "num_statements": statements,
            "covered_branches": 0,
            "num_branches": branches,
        }
    }


def test_a_branch_that_is_not_taken_lowers_the_figure() -> None:
    files = {
        "src/oort/rules/a.py": summary(9, 9, branches=1),
        "src/oort/rulesother.py": summary(0, 100),
    }
    assert coverage_floors.percent("src/oort/rules", files) == 90


def test_a_package_without_a_measured_file_has_no_figure() -> None:
    assert coverage_floors.percent("src/oort/ports", {"src/oort/rules/a.py": summary(1, 1)}) is None


def test_a_page_that_names_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [gone](gone.md) `tests/unit/test_gone.py`", encoding="utf-8")
    assert docs_in_step.dead_references(page, tmp_path) == [
        "page.md names gone.md, which does not exist",
        "page.md names tests/unit/test_gone.py, which does not exist",
    ]


def test_a_missing_promise_is_found(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "promises.md").write_text(
        "| id | what |\n| --- | --- |\n| P1 | one |\n| P3 | |\n", encoding="utf-8"
    )
    (docs / "services.md").write_text(
        "| service | engine |\n| --- | --- |\n| Lambda | yes |\n", encoding="utf-8"
    )
    faults = docs_in_step.table_faults(tmp_path)
    assert len(faults) == 3
    assert "docs/promises.md: P3 has an empty cell" in faults


def test_a_part_that_fails_is_named_and_fails_the_run() -> None:
    lines = check.table([("ruff", True, 1.0), ("mypy", False, 2.0)]).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["ruff", "ok"],
        ["mypy", "FAILED"],
        ["all", "FAILED"],
    ]


def test_an_unknown_part_is_a_usage_error() -> None:
    assert check.main(["no-such-part"]) == 64
