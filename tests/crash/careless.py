"""Controls: `oort serve` with one thing left out of what protects others from hurt workers. The trial must notice it.

Usage: python -m tests.crash.careless NAME serve …, where NAME may be "everything".
"""

import sys
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from oort.cli import main
from oort.engine.workers import losses, processes
from oort.model.invocations import BatchOutcome


def _done() -> None:
    """Take what a lost process had for done."""
    batch = losses.batch

    def careless(loss: Any, *arguments: Any, **options: Any) -> BatchOutcome:
        outcome = batch(loss, *arguments, **options)
        return outcome if loss is None else replace(outcome, failures=(), left=())

    vars(losses)["batch"] = careless


def _open() -> None:
    """Leave the pipe of a process open after its end."""
    vars(processes)["Claims"].close = lambda _: None


def _patient() -> None:
    """Never kill a process that goes on after its time-out."""
    vars(processes)["GRACE"] = 3600.0


CONTROLS: dict[str, Callable[[], None]] = {"done": _done, "open": _open, "patient": _patient}
EVERYTHING = "everything"

if __name__ == "__main__":
    name = sys.argv.pop(1)
    for each, leave_out in CONTROLS.items():
        if name in (each, EVERYTHING):
            leave_out()
    main()
