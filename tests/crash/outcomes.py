"""What runs with seeds show: one run, and many runs on all processors."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

ALL = "all"
_CHUNK = 250
_SHOWN = 5


@dataclass(slots=True)
class Outcome:
    """What a run showed. `crashes` are counted by point and in all, `places` are messages by place."""

    seed: int
    faults: list[str] = field(default_factory=list[str])
    story: list[str] = field(default_factory=list[str])
    crashes: Counter[str] = field(default_factory=Counter[str])
    places: Counter[str] = field(default_factory=Counter[str])
    processes: int = 0


@dataclass(slots=True)
class Summary:
    """What many runs showed together."""

    runs: int = 0
    crashes: Counter[str] = field(default_factory=Counter[str])
    places: Counter[str] = field(default_factory=Counter[str])
    faulty: list[tuple[int, list[str]]] = field(default_factory=list[tuple[int, list[str]]])

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.crashes += outcome.crashes
        self.places += outcome.places
        if outcome.faults:
            self.faulty.append((outcome.seed, outcome.faults[:_SHOWN]))

    def merge(self, summary: "Summary") -> None:
        """Count other runs too."""
        self.runs += summary.runs
        self.crashes += summary.crashes
        self.places += summary.places
        self.faulty += summary.faulty

    def __str__(self) -> str:
        places = ", ".join(f"{count:,} {place}" for place, count in self.places.items())
        lines = [f"{self.runs:,} runs, {self.crashes[ALL]:,} crashes; messages: {places}"]
        lines += [f"  {count:7,} {name}" for name, count in self.crashes.items() if name != ALL]
        lines += [f"seed {seed}: {'; '.join(faults)}" for seed, faults in self.faulty[:_SHOWN]]
        return "\n".join((*lines, f"{len(self.faulty)} of {self.runs:,} runs broke a law"))


def summarised(run: Callable[[int], Outcome], seeds: Sequence[int]) -> Summary:
    """Run the seeds here."""
    summary = Summary()
    for seed in seeds:
        summary.add(run(seed))
    return summary


def spread(run: Callable[[int], Outcome], seeds: Sequence[int]) -> Summary:
    """Run the seeds on all processors if they are many. `run` is a function of a module."""
    if len(seeds) <= 2 * _CHUNK:
        return summarised(run, seeds)
    summary = Summary()
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for part in pool.map(summarised, [run] * len(chunks), chunks):
            summary.merge(part)
    return summary
