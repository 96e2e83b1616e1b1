"""Compare the gateway of these sources with that of older sources, under the same load in turn.

Run `python -m benchmarks.versions OLD/src`, where OLD is a folder with other sources:
`git archive COMMIT src | tar -x -C OLD`. `--connections 1` measures a single client, `--write` durable
writes. Both servers run all the time, so other load of the machine disturbs both. The CPU time of a
request and its ratio vary less than the rate.
"""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import programs
from benchmarks.figures import ratio
from benchmarks.gateway import MANY, Contender
from benchmarks.processes import ROOT


def main() -> None:
    """Print the CPU time and the rate of both versions, and the ratio of the new to the old."""
    asked = _arguments()
    with ExitStack() as stack:
        old, new = (_started(stack, sources) for sources in (asked.old.resolve(), ROOT / "src"))
        for contender in (old, new):
            contender.fill()
            contender.round(connections=asked.connections, seconds=0.5, write=asked.write)
            contender.rates.clear()
            contender.cpu.clear()
        for _ in range(asked.rounds):
            for contender in (old, new):
                contender.round(
                    connections=asked.connections, seconds=asked.seconds, write=asked.write
                )
    for name, contender in (("old", old), ("new", new)):
        cpu, rate = median(contender.cpu) * 1e6, median(contender.rates)
        print(f"{name}: {cpu:.0f} µs of CPU a request, {rate:.0f} requests/s")
    print(f"CPU of the new to the old: {ratio(new.cpu, old.cpu):.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="the folder `src` of the older version")
    parser.add_argument("--connections", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _started(stack: ExitStack, sources: Path) -> Contender:
    os.environ["PYTHONPATH"] = str(sources)
    folder = stack.enter_context(programs.scratch())
    server = stack.enter_context(programs.oort(programs.SUBJECT, folder, ready=programs.READY))
    return Contender(server, {"authorization": f"Bearer {programs.token(folder)}"})


if __name__ == "__main__":
    main()
