"""Compare the coverage of the last test run with the floors in pyproject.toml. Part of `make
check`.

A figure is the percentage of covered lines and branches, as in coverage's report. A floor without a
measured file is a failure. The report is written to .cache/coverage.json too.
"""

import json
import os
import sys
import tempfile
import tomllib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypedDict

import coverage

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".cache" / "coverage"
REPORT = ROOT / ".cache" / "coverage.json"


class Summary(TypedDict):
    """The coverage of one file, as far as this script needs it."""

    covered_lines: int
    num_statements: int
    covered_branches: int
    num_branches: int


class FileReport(TypedDict):
    summary: Summary


def percent(package: str, files: dict[str, FileReport]) -> float | None:
    """Return the coverage below ``package``; None without a measured file."""
    measured = [
        report["summary"] for path, report in files.items() if Path(path).is_relative_to(package)
    ]
    total = sum(summary["num_statements"] + summary["num_branches"] for summary in measured)
    covered = sum(summary["covered_lines"] + summary["covered_branches"] for summary in measured)
    if not measured:
        return None
    return 100 * covered / total if total else 100.0


def reported(paths: list[str]) -> dict[str, FileReport]:
    """Return coverage's report of these files."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        measured = coverage.Coverage()
        measured.load()
        measured.json_report(outfile=file.name, include=paths)
        files: dict[str, FileReport] = json.loads(Path(file.name).read_bytes())["files"]
        return files


def all_reported() -> dict[str, FileReport]:
    """Return the report of all measured files. Most of the time goes to parsing, so processes share it."""
    data = coverage.CoverageData(str(DATA))
    data.read()
    paths, processes = sorted(data.measured_files()), os.cpu_count() or 1
    shares = [share for first in range(processes) if (share := paths[first::processes])]
    with ProcessPoolExecutor(processes) as pool:
        return {path: file for files in pool.map(reported, shares) for path, file in files.items()}


def main() -> int:
    """Print one line for each floor. Return 1 for a missed floor, 64 without coverage data."""
    if not DATA.exists():
        print("no coverage data: the test run did not finish", file=sys.stderr)
        return 64
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors: dict[str, float] = settings["tool"]["oort-checks"]["coverage-floors"]
    files = all_reported()
    REPORT.write_text(json.dumps({"files": files}), encoding="utf-8")
    missed = 0
    for package, floor in floors.items():
        reached = percent(package, files)
        good = reached is not None and reached >= floor
        missed += not good
        figure = "no file measured" if reached is None else f"{reached:.2f} %"
        print(f"coverage {package:<16} {figure:>16}  floor {floor} %  {'ok' if good else 'FAILED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
