"""Says how often a test repeats itself: all of it in `make thorough`, a share of it in `make check`.

The profile is that of hypothesis, in HYPOTHESIS_PROFILE. A profile changes counts only: every test runs in each of them.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row")
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "gate")
SHARES = {"quick": 0.1, "gate": 0.2, "full": 1.0, "explore": 10.0}


def times(full: int, *, least: int = 1) -> int:
    """The number of repetitions; `full` is that of `make thorough`."""
    return max(least, round(full * SHARES[PROFILE]))


def share(rows: Sequence[Row], *, start: int) -> Sequence[Row]:
    """Every row in `make thorough`; else some of them, and others for another start."""
    step = max(1, round(1 / SHARES[PROFILE]))
    return rows[start % step :: step]
