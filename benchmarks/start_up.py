"""Claim: `oort dev` on the reference platform answers at once and is small, all of its processes together."""

from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure
from benchmarks.processes import ROOT

APP = ROOT / "apps" / "cometbid"
_PUBLIC = "/analytics/counts/2020-01-01"
_MEGABYTE = 1e6


def measure(effort: Effort) -> list[Figure]:
    """Start it on a new state, which makes keys, and again on the same one."""
    first: list[float] = []
    again: list[float] = []
    cpu: list[float] = []
    memory: list[float] = []
    for _ in range(effort.starts):
        with programs.scratch() as folder:
            with programs.oort(APP, folder, ready=_PUBLIC) as server:
                first.append(server.wall)
            with programs.oort(APP, folder, ready=_PUBLIC) as server:
                again.append(server.wall)
                cpu.append(server.cpu())
                memory.append(server.memory() / _MEGABYTE)
    return [
        Figure("start-up.first", "4 services, new state: to the first 200", median(first), "s"),
        Figure("start-up.again", "4 services, state there: to the first 200", median(again), "s"),
        Figure("start-up.cpu", "4 services, state there: CPU", median(cpu), "s"),
        Figure(
            "start-up.memory", "4 services: memory (proportional set size)", median(memory), "MB"
        ),
    ]
