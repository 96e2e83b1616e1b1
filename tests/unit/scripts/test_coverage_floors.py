"""The coverage floors can be missed: by a branch that is not taken, and by a package that was not measured."""

from scripts import coverage_floors


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
