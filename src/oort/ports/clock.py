"""Time as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time of a target. Tests move it by hand."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""

    def tick(self) -> int:
        """Monotonic nanoseconds, for durations."""
