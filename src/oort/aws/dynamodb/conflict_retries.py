"""Retry policy for conflicts: another transaction writes the same item."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from oort.model.errors import Unavailable

if TYPE_CHECKING:
    from oort.ports.entropy import Entropy

ATTEMPTS = 10
FIRST = 0.02
LONGEST = 1.0


class ConflictRetries:
    """A bounded number of attempts with growing, random pauses, so that conflicting writers
    do not conflict again.
    """

    def __init__(
        self,
        entropy: "Entropy",
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._entropy = entropy
        self.attempts = attempts
        self._sleep = sleep

    def wait(self, attempt: int) -> None:
        """Pause after attempt number `attempt`, counted from 0."""
        self._sleep(min(FIRST * 2**attempt, LONGEST) * self._entropy.chance())

    def exhausted(self, where: str) -> Unavailable:
        """Return the error after the last attempt."""
        return Unavailable(
            f"Other writers conflicted on {where} in each of {self.attempts} attempts.",
            "Try again, or touch fewer items at once.",
        )
