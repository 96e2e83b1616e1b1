"""Claim: `import oort`, the cold start of every function, loads little, beside `import fastapi` in an environment of its own."""

import sys
from dataclasses import dataclass
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio

_PROGRAM = """
import sys, time
before, cpu = len(sys.modules), time.process_time()
import {name}
print(len(sys.modules) - before, time.process_time() - cpu)
"""


@dataclass(frozen=True, slots=True)
class Import:
    """What one import loads and costs, in seconds of CPU."""

    modules: int
    cpu: float


def measure(effort: Effort) -> list[Figure]:
    """Import the two in turn, each time in a new interpreter; the first pair writes the byte code and is left out."""
    pairs = [
        (_imported(sys.executable, "oort"), _imported(str(programs.RIVALS), "fastapi"))
        for _ in range(effort.rounds + 3)
    ][1:]
    ours, theirs = [one for one, _ in pairs], [one for _, one in pairs]
    return [
        Figure("import.modules", "import oort: modules", ours[0].modules, ""),
        Figure(
            "import.modules-ratio",
            "modules, to fastapi's",
            ours[0].modules / theirs[0].modules,
            "x",
        ),
        Figure(
            "import.cpu-ratio",
            "CPU, to fastapi's",
            ratio([a.cpu for a in ours], [b.cpu for b in theirs]),
            "x",
        ),
        Figure("import.cpu", "import oort: CPU", median(one.cpu for one in ours) * 1e3, "ms"),
        Figure("import.fastapi.modules", "import fastapi: modules", theirs[0].modules, ""),
        Figure(
            "import.fastapi.cpu",
            "import fastapi: CPU",
            median(one.cpu for one in theirs) * 1e3,
            "ms",
        ),
    ]


def _imported(python: str, name: str) -> Import:
    modules, cpu = programs.output([python, "-I", "-c", _PROGRAM.format(name=name)]).split()
    return Import(int(modules), float(cpu))
