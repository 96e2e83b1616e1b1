"""Compares the coverage report of the last test run with the floors in pyproject.toml; run by `make check`.

A figure is the percentage of lines and branches together, as coverage prints it. A package with a floor but no
measured file fails: nothing passes because it is absent.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / ".cache" / "coverage.json"


class Summary(TypedDict):
    """What coverage counts for one file; the report holds more."""

    covered_lines: int
    num_statements: int
    covered_branches: int
    num_branches: int


class FileReport(TypedDict):
    summary: Summary


def percent(package: str, files: dict[str, FileReport]) -> float | None:
    """The covered share of everything under ``package``; None if no file of it was measured."""
    measured = [
        report["summary"] for path, report in files.items() if Path(path).is_relative_to(package)
    ]
    total = sum(summary["num_statements"] + summary["num_branches"] for summary in measured)
    covered = sum(summary["covered_lines"] + summary["covered_branches"] for summary in measured)
    if not measured:
        return None
    return 100 * covered / total if total else 100.0


def main() -> int:
    """Print one line a floor; 1 if a floor is missed, 64 without a report."""
    if not REPORT.exists():
        print("no coverage report: the test run did not finish", file=sys.stderr)
        return 64
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors: dict[str, float] = settings["tool"]["oort-checks"]["coverage-floors"]
    files: dict[str, FileReport] = json.loads(REPORT.read_text(encoding="utf-8"))["files"]
    missed = 0
    for package, floor in floors.items():
        reached = percent(package, files)
        good = reached is not None and reached >= floor
        missed += not good
        shown = "no file measured" if reached is None else f"{reached:.2f} %"
        print(f"coverage {package:<16} {shown:>16}  floor {floor} %  {'ok' if good else 'FAILED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
