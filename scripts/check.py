"""Runs the gates of the project and prints how long each took; called by the Makefile.

Usage: check.py [PART ...] [--without-coverage] [--fast]. Without a part it runs them all. `--fast`
runs the tests near to what changed in place of all tests. Tests run beside the other parts; of a
part that passes the last lines are shown, of one that fails everything. A part that fails does not
stop the others; the exit code is 1 if any failed and 64 for an unknown part.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CACHE = ROOT / ".cache"
LAST_LINES = 4  # shown of a part that passes

Command = list[str]

# loadgroup: tests marked `serial` or `crash` share one worker, see tests/conftest.py.
PYTEST = ["pytest", "-q", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]
COVERAGE = ["--cov", "--cov-report="]

# In the order in which they start: what takes longest comes first.
PARTS: dict[str, list[Command]] = {
    "tests": [[*PYTEST, *COVERAGE], ["python", "scripts/coverage_floors.py"]],
    "changed-tests": [["python", "scripts/changed_tests.py"]],
    "format": [["ruff", "format", "--check"]],
    "ruff": [["ruff", "check"]],
    "imports": [["lint-imports", "--no-cache"]],
    "lock": [["python", "scripts/lock_in_step.py"]],
    "docs": [["python", "scripts/docs_in_step.py"], ["python", "scripts/cli_reference.py"]],
    "contracts": [["oort", "contracts", "check", "apps/cometbid", "--locked"]],
    "mypy": [["mypy"]],
    "pyright": [["pyright", "--warnings"]],
}
FAST = ["changed-tests", "format", "ruff", "imports", "lock", "docs", "mypy"]
TESTS = {"tests", "changed-tests"}


@dataclass(frozen=True, slots=True)
class Result:
    """One part: whether it passed, what it took in seconds, and what it printed if that was kept."""

    name: str
    passed: bool
    wall: float
    cpu: float
    output: str = ""


def execute(command: Command, *, kept: bool, polite: bool) -> tuple[int, float, str]:
    """Run one command; its exit code, its CPU seconds with those of its children, and its output if that is kept."""
    tool, *rest = command
    before = ["nice", "-n", "5"] if polite else []
    with subprocess.Popen(
        [*before, str(BIN / tool), *rest],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE if kept else None,
        stderr=subprocess.STDOUT if kept else None,
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, output


def run(name: str, commands: Iterable[Command], *, kept: bool) -> Result:
    """Run the commands of one part, all of them. Tests go before the other parts: some of them watch a clock."""
    started = time.perf_counter()
    done = [execute(command, kept=kept, polite=kept and name not in TESTS) for command in commands]
    return Result(
        name,
        passed=not any(code for code, _, _ in done),
        wall=time.perf_counter() - started,
        cpu=sum(cpu for _, cpu, _ in done),
        output="".join(output for _, _, output in done),
    )


def run_all(parts: dict[str, list[Command]]) -> Iterator[Result]:
    """Run the parts, two at a time, and yield each when it has ended. A single part shows its output as it comes."""
    if len(parts) == 1:
        yield from (run(name, commands, kept=False) for name, commands in parts.items())
        return
    with ThreadPoolExecutor(2) as lanes:
        waiting = [lanes.submit(run, name, commands, kept=True) for name, commands in parts.items()]
        yield from (future.result() for future in as_completed(waiting))


def shown(result: Result) -> str:
    """The heading of a part, and its output: in short if it passed."""
    lines = [line for line in result.output.splitlines() if line.strip()]
    kept = lines[-LAST_LINES:] if result.passed else result.output.splitlines()
    verdict = "ok" if result.passed else "FAILED"
    return "\n".join([f"\n== {result.name}: {verdict}, {result.wall:.1f} s", *kept])


def table(results: list[Result], *, wall: float) -> str:
    """One line a part, and a last line for all of them. Parts run side by side, so their times do not add up."""
    rows = [(result.name, result.passed, result.wall, result.cpu) for result in results]
    rows.append(
        (
            "all",
            all(result.passed for result in results),
            wall,
            sum(result.cpu for result in results),
        )
    )
    return "\n".join(
        [
            f"\n  {'part':<14} {'':<7} {'wall':>7}   {'CPU':>7}",
            *(
                f"  {name:<14} {'ok' if passed else 'FAILED':<7} {wall:7.1f} s {cpu:7.1f} s"
                for name, passed, wall, cpu in rows
            ),
        ]
    )


def main(arguments: list[str]) -> int:
    """Run the named parts; without a name all of them, or those of `make fast`."""
    parts = dict(PARTS)
    if "--without-coverage" in arguments:
        parts["tests"] = [PYTEST]
    everything = (
        FAST if "--fast" in arguments else [name for name in parts if name != "changed-tests"]
    )
    names = [name for name in arguments if not name.startswith("--")] or everything
    unknown = [name for name in names if name not in parts]
    if unknown:
        print(
            f"check.py: no part named {', '.join(unknown)}; there are: {', '.join(parts)}",
            file=sys.stderr,
        )
        return 64
    CACHE.mkdir(exist_ok=True)
    (CACHE / "coverage").unlink(missing_ok=True)  # floors must never judge an older run
    print(f"Running {', '.join(names)}", flush=True)
    started = time.perf_counter()
    results: list[Result] = []
    for result in run_all({name: parts[name] for name in parts if name in names}):
        results.append(result)
        print(shown(result), flush=True)
    print(table(results, wall=time.perf_counter() - started))
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
