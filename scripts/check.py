"""Runs the gates of the project one after another and prints how long each took; called by the Makefile.

Usage: check.py [PART ...] [--without-coverage]. Without a part it runs them all but `quick-tests`, which `tests`
contains. A part that fails does not stop the others; the exit code is 1 if any failed and 64 for an unknown part.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CACHE = ROOT / ".cache"

Command = list[str]
Result = tuple[str, bool, float]

# loadgroup: tests marked `serial` or `crash` share one worker, see tests/conftest.py.
PYTEST = ["pytest", "-n", "2", "--dist", "loadgroup"]
COVERAGE = ["--cov", "--cov-report", "term:skip-covered", "--cov-report", "json"]

PARTS: dict[str, list[Command]] = {
    "format": [["ruff", "format", "--check"]],
    "ruff": [["ruff", "check"]],
    "mypy": [["mypy"]],
    "pyright": [["pyright", "--warnings"]],
    "imports": [["lint-imports", "--no-cache"]],
    "lock": [["python", "scripts/lock_in_step.py"]],
    "contracts": [["oort", "contracts", "check", "apps/cometbid", "--locked"]],
    "docs": [["python", "scripts/docs_in_step.py"], ["python", "scripts/cli_reference.py"]],
    "quick-tests": [
        [
            *PYTEST,
            "-m",
            "not slow and not serial and not crash",
            "tests/unit",
            "tests/architecture",
            "src/oort",
        ]
    ],
    "tests": [[*PYTEST, *COVERAGE], ["python", "scripts/coverage_floors.py"]],
}
CONTAINED = {"quick-tests"}


def run(name: str, commands: list[Command]) -> Result:
    """Run the commands of one part, all of them, with their output passed through."""
    print(f"\n== {name}", flush=True)
    started = time.perf_counter()
    codes = [
        subprocess.run([str(BIN / tool), *rest], cwd=ROOT, check=False).returncode
        for tool, *rest in commands
    ]
    return name, not any(codes), time.perf_counter() - started


def table(results: list[Result]) -> str:
    """One line a part, and a last line with the sum."""
    rows = [
        f"  {name:<12} {'ok' if passed else 'FAILED':<7} {seconds:7.1f} s"
        for name, passed, seconds in results
    ]
    total = sum(seconds for _, _, seconds in results)
    verdict = "ok" if all(passed for _, passed, _ in results) else "FAILED"
    return "\n".join(["", *rows, f"  {'all':<12} {verdict:<7} {total:7.1f} s"])


def main(arguments: list[str]) -> int:
    """Run the named parts, or every part that no other contains."""
    parts = dict(PARTS)
    if "--without-coverage" in arguments:
        parts["tests"] = [PYTEST]
    names = [name for name in arguments if name != "--without-coverage"] or [
        n for n in parts if n not in CONTAINED
    ]
    unknown = [name for name in names if name not in parts]
    if unknown:
        print(
            f"check.py: no part named {', '.join(unknown)}; there are: {', '.join(parts)}",
            file=sys.stderr,
        )
        return 64
    CACHE.mkdir(exist_ok=True)
    (CACHE / "coverage.json").unlink(missing_ok=True)  # floors must never judge an older run
    results = [run(name, parts[name]) for name in names]
    print(table(results))
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
