"""How much a run measures: rounds and seconds, in the full form and in the short one of `make bench QUICK=1`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds alternate between the contenders; `seconds` is the length of one, `starts` how often a server is started."""

    rounds: int
    seconds: float
    starts: int


FULL = Effort(rounds=7, seconds=2.0, starts=5)
QUICK = Effort(rounds=3, seconds=0.8, starts=2)
