"""Limit the rate of requests with a token bucket, stored as one number. Used by the gateway.

Time is an argument, so the rule works in virtual time, too.
"""

from datetime import timedelta

import msgspec

from oort.model.functions import Rate

_SECOND = 1_000_000_000
_NONE = timedelta(0)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The decision for a request: the bucket afterwards, and the wait for a refused request."""

    full_at: int
    wait: timedelta

    @property
    def passes(self) -> bool:
        """True if the bucket had a token."""
        return not self.wait


def take(rate: Rate, full_at: int, *, now: int) -> Verdict:
    """Take a token from a bucket that is full again at `full_at`, if it has one.

    Times are nanoseconds of one monotonic clock. A bucket holds `burst` tokens and gains
    `per_second`. The
    time at which the bucket is full again tells the number of missing tokens, so one number is
    enough. A
    refusal takes no token.

    >>> rate = Rate(per_second=2, burst=1)
    >>> first = take(rate, 0, now=0)
    >>> first.passes, take(rate, first.full_at, now=0).wait
    (True, datetime.timedelta(microseconds=500000))
    """
    cost = _SECOND / rate.per_second  # the time in which a token comes back
    full_at = max(full_at, now)
    after = full_at + round(cost)
    too_early = after - now - round(cost * rate.burst)
    if too_early <= 0:
        return Verdict(after, _NONE)
    return Verdict(full_at, timedelta(microseconds=-(-too_early // 1000)))


def retry_after(wait: timedelta) -> int:
    """Return the wait in whole seconds for Retry-After: rounded up, at least 1.

    >>> retry_after(timedelta(milliseconds=1200))
    2
    """
    return max(1, -(-wait // timedelta(seconds=1)))
