"""How often and how long an adapter tries again when AWS says that others are at the same item."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from oort.model.errors import Unavailable

if TYPE_CHECKING:
    from oort.ports.entropy import Entropy

TRIES = 10
FIRST = 0.02
LONGEST = 1.0


class Patience:
    """A bounded number of tries with growing, random pauses, so that those who met once do not meet again."""

    def __init__(
        self, entropy: "Entropy", *, tries: int = TRIES, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._entropy = entropy
        self.tries = tries
        self._sleep = sleep

    def wait(self, turn: int) -> None:
        """Pause after the try of that number, from 0."""
        self._sleep(min(FIRST * 2**turn, LONGEST) * self._entropy.chance())

    def lost(self, where: str) -> Unavailable:
        """The error after the last try."""
        return Unavailable(
            f"Others were at {where} each of the {self.tries} times it was tried.",
            "Try again, or touch fewer items at once.",
        )
