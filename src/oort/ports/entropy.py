"""Randomness as an argument."""

from typing import Protocol


class Entropy(Protocol):
    """Random numbers of a target; seeded in tests."""

    def bits(self, count: int) -> int:
        """An integer of that many random bits."""

    def chance(self) -> float:
        """A float in [0, 1)."""
