"""A count of the work for a verdict, so that each ends in time, and at the same place on each machine."""

from dataclasses import dataclass

ENDLESS = 10**18


class Spent(Exception):
    """No steps are left."""


@dataclass(slots=True)
class Work:
    """The steps that are left: about 100,000 of them take a second."""

    left: int = ENDLESS

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises Spent when none is left."""
        self.left -= steps
        if self.left < 0:
            raise Spent
