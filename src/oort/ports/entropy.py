"""Randomness as an argument."""

from typing import Protocol


class Entropy(Protocol):
    """Random numbers of a target; seeded in tests."""

    def bits(self, count: int) -> int:
        """Return an integer of `count` random bits."""

    def chance(self) -> float:
        """Return a float in [0, 1)."""
