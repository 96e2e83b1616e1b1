"""The public surface as type checkers see it: good services pass, each deliberate misuse is refused, by both.

The samples are the specification of the language. mypy and pyright read them from a temporary folder, against the
`oort` of this source tree, with settings of their own: what a user sees who turns on strict checking.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mypy_caches import mypy_cache
from tests.typing.marked_source import marks, statement_starts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).parent / "samples"
SURFACE = ROOT / "src"
BIN = Path(sys.executable).parent
MISUSES = 21
MYPY_ERROR = re.compile(
    r"^(?P<file>[^:]+\.pyi?):(?P<line>\d+):(?:\d+:)? error: (?P<message>.*)$", re.MULTILINE
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Finding:
    """One error that a checker reports."""

    file: str
    line: int
    message: str


Checker = Callable[[Path, Iterable[str]], list[Finding]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples with the checkers' settings beside them."""
    return copied(tmp_path_factory.mktemp("typing"))


def copied(into: Path, *, cold: bool = False) -> Path:
    """Copy the samples, with the checkers' settings beside them.

    With `cold`, mypy reads everything anew: it words a few messages otherwise when the class comes from its cache.
    """
    folder = into / "samples"
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    mypy = ["[mypy]", "strict = true", "python_version = 3.11", f"mypy_path = {SURFACE}"]
    cache = into / "cache" if cold else mypy_cache("samples")
    mypy.append(f"cache_dir = {cache}")
    (folder / "mypy.ini").write_text("\n".join(mypy), encoding="utf-8")
    return folder


def run(command: list[str], folder: Path) -> str:
    """The standard output of a checker; 0 and 1 are its verdicts, anything else means that it did not run."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def mypy_findings(folder: Path, targets: Iterable[str]) -> list[Finding]:
    output = run([str(BIN / "mypy"), "--config-file", "mypy.ini", "--no-pretty", *targets], folder)
    found = [
        Finding(match["file"], int(match["line"]), match["message"])
        for match in MYPY_ERROR.finditer(output)
    ]
    assert ("Success: no issues" in output) == (not found), output
    return found


def pyright_findings(folder: Path, targets: Iterable[str]) -> list[Finding]:
    settings = {
        "include": list(targets),
        "extraPaths": [str(SURFACE)],
        "pythonVersion": "3.11",
        "typeCheckingMode": "strict",
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    command = [
        str(BIN / "pyright"),
        "--outputjson",
        "--pythonpath",
        sys.executable,
        "--project",
        str(project),
    ]
    report = json.loads(run(command, folder))
    assert report["summary"]["filesAnalyzed"] > 0
    return [
        Finding(
            file=os.path.relpath(found["file"], folder),
            line=found["range"]["start"]["line"] + 1,
            message=found["message"],
        )
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    ]


CHECKERS = pytest.mark.parametrize(
    "check", [mypy_findings, pyright_findings], ids=["mypy", "pyright"]
)


@CHECKERS
def test_good_services_and_their_tests_pass(check: Checker, workspace: Path) -> None:
    assert check(workspace, ["cometbid", "tests"]) == []


@CHECKERS
def test_each_misuse_is_refused_and_nothing_else(check: Checker, workspace: Path) -> None:
    source = workspace / "wrong.py"
    numbers, starts = marks(source), statement_starts(source)
    assert sorted(numbers.values()) == list(range(1, MISUSES + 1))
    wrong = {starts[line]: number for line, number in numbers.items()}
    assert len(wrong) == MISUSES

    found = check(workspace, ["wrong.py"])
    assert {finding.file for finding in found} <= {"wrong.py"}, found
    refused = {starts[finding.line] for finding in found}
    assert sorted(wrong[line] for line in wrong.keys() - refused) == [], "misuses that passed"
    assert [finding for finding in found if starts[finding.line] not in wrong] == [], (
        "errors at unmarked lines"
    )
