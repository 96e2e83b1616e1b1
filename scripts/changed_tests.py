"""Runs the tests that lie nearest to what changed, and says which it leaves out; the part `changed-tests` of check.py.

Changed is what git sees: against HEAD, against the merge base with main, and files that git does not know yet.
"""

import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is started as a file

from scripts import affected, import_graph  # noqa: E402
from tests import costs  # noqa: E402

# CPU seconds of tests; what else `make fast` runs takes about as long, on the other core
BUDGET = 14.0
UNSUITED = "not slow and not serial and not crash"


def git(*arguments: str) -> list[str]:
    """The lines that git prints; none where it fails, as without a branch main."""
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() if done.returncode == 0 else []


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that differ from the main branch; a renamed file by both its names."""

    uncommitted: frozenset[str]
    committed: frozenset[str]


def changes() -> Changes:
    """What git sees: edited and new files, and what this branch has committed."""
    edited = git("diff", "--name-only", "--no-renames", "HEAD")
    new = git("ls-files", "--others", "--exclude-standard")
    since = git("merge-base", "HEAD", "main") or ["HEAD"]
    return Changes(
        frozenset([*edited, *new]),
        frozenset(git("diff", "--name-only", "--no-renames", since[0], "HEAD")),
    )


def selection(changed: Changes) -> tuple[affected.Selection, int]:
    """The test modules to run, and how many tests there are in all."""
    imports = import_graph.read(ROOT, ROOT / ".cache" / "imports.json")
    texts = {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in imports
        if affected.is_test_module(path)
    }

    def near(files: frozenset[str]) -> dict[str, int]:
        reached = import_graph.distances(imports, [file for file in files if file.endswith(".py")])
        return affected.near(files, reached, texts)

    distances = affected.merged(near(changed.uncommitted), near(changed.committed), texts)
    recorded: dict[str, dict[str, float]] = defaultdict(dict)
    for test, cost in costs.read().items():
        recorded[test.partition("::")[0]][test] = cost.cpu
    modules = {
        path: affected.measured(path, distances.get(path, 0), text=text, costs=recorded[path])
        for path, text in texts.items()
    }
    found = affected.chosen([modules[path] for path in distances], budget=BUDGET)
    return found, sum(module.tests for module in modules.values())


def examples_in(changed: frozenset[str]) -> list[str]:
    """The changed source files whose docstrings hold examples."""
    sources = (
        ROOT / file
        for file in sorted(changed)
        if file.startswith("src/oort/") and file.endswith(".py")
    )
    return [
        str(path)
        for path in sources
        if path.exists() and ">>> " in path.read_text(encoding="utf-8")
    ]


def main() -> int:
    """Choose, say what was chosen, and run it; the exit code is pytest's."""
    changed = changes()
    found, total = selection(changed)
    print(affected.words(found, total=total), flush=True)
    left_out = [argument for test in found.long for argument in ("--deselect", test)]
    tests = [module.path for module in found.run]
    if examples := examples_in(changed.uncommitted):
        tests += ["--doctest-modules", *examples]
    command = [sys.executable, "-m", "pytest", "-q", "-m", UNSUITED, *left_out, *tests]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
