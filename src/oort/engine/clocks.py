"""The clock that tests and seeded runs move by hand."""

from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class VirtualClock:
    """A clock that stands still until it is advanced.

    >>> clock = VirtualClock()
    >>> clock.advance(timedelta(hours=1))
    >>> clock.now().hour
    1
    """

    def __init__(self, start: datetime = _START) -> None:
        self._start = start.astimezone(UTC)
        self._now = self._start

    def now(self) -> datetime:
        """Return the current virtual time."""
        return self._now

    def tick(self) -> int:
        """Return the nanoseconds since the clock's start."""
        return (self._now - self._start) // _MICROSECOND * 1000

    def advance(self, by: timedelta) -> None:
        """Move the clock forward. ValueError if `by` is negative: time never runs backwards."""
        if by < timedelta(0):
            raise ValueError(f"A clock cannot go back by {-by}.")
        self._now += by

    def advance_to(self, moment: datetime) -> None:
        """Move the clock forward to the moment. A moment in the past changes nothing."""
        self._now = max(self._now, moment.astimezone(UTC))
