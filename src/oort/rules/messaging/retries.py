"""When a failed delivery is tried again. The engine and the Lambda runtime both take the visibility time-out from here."""

from datetime import timedelta

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)
JITTER = 0.2


def backoff(attempt: int, *, chance: float, least: float = 0.0) -> timedelta:
    """The wait after the given attempt (from 1): doubling from one second up to 15 minutes, give or take a fifth.

    `chance` lies in [0, 1) and spreads consumers that failed together; before `least` seconds it would be in vain.

    >>> backoff(1, chance=0.5), backoff(4, chance=0.5)
    (datetime.timedelta(seconds=1), datetime.timedelta(seconds=8))
    """
    doubled = FIRST * int(2 ** min(attempt - 1, 30))
    return max(min(doubled, LONGEST) * (1 - JITTER + 2 * JITTER * chance), timedelta(seconds=least))


def exhausted(attempt: int, *, attempts: int) -> bool:
    """Whether the attempt that just failed was the last one allowed."""
    return attempt >= attempts
