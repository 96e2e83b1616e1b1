"""Says how often a test repeats itself: all of it in `make thorough`, a share of it in `make check`.

The profile is that of hypothesis, in HYPOTHESIS_PROFILE. A profile changes counts only: every test runs in each of them.
"""

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "gate")
SHARES = {"quick": 0.1, "gate": 0.25, "full": 1.0, "explore": 10.0}


def times(full: int, *, least: int = 1) -> int:
    """The number of repetitions; `full` is that of `make thorough`."""
    return max(least, round(full * SHARES[PROFILE]))
