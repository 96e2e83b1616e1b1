"""Retries of failed deliveries.

The engine and the Lambda runtime use the same visibility time-out.
"""

from datetime import timedelta

from oort.model import limits

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)
JITTER = 0.2


def backoff(attempt: int, *, chance: float, least: float = 0.0) -> timedelta:
    """Return the wait after an attempt (from 1): it doubles from a second to 15 minutes, ±20 %.

    `chance` lies in [0, 1) and spreads consumers that failed together. The wait is at least `least`
    seconds, and at most as long as a message may be invisible.

    >>> backoff(1, chance=0.5), backoff(4, chance=0.5)
    (datetime.timedelta(seconds=1), datetime.timedelta(seconds=8))
    """
    doubled = FIRST * int(2 ** min(attempt - 1, 30))
    wait = min(doubled, LONGEST) * (1 - JITTER + 2 * JITTER * chance)
    return min(max(wait, timedelta(seconds=least)), limits.VISIBILITY)


def exhausted(attempt: int, *, attempts: int) -> bool:
    """True if the failed attempt was the last allowed attempt."""
    return attempt >= attempts
