"""Whether a request comes too soon: a token bucket as one number, and when to try again. The gateway asks it.

Time is an argument, so the same judgement holds in virtual time.
"""

from dataclasses import dataclass
from datetime import timedelta

from oort.model.functions import Rate

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, how long to wait if not, and the bucket as it is afterwards."""

    full_at: int
    wait: timedelta

    @property
    def passes(self) -> bool:
        """Whether there was a token."""
        return not self.wait


def take(rate: Rate, full_at: int, *, now: int) -> Verdict:
    """Take a token, if there is one, from a bucket that is full again at `full_at`.

    Times are nanoseconds of one monotonic clock. A bucket holds `burst` tokens and gains `per_second`; the moment at which
    it will be full says how many are missing, so that one number is all that has to be kept. A refusal takes nothing.

    >>> one = Rate(per_second=2, burst=1)
    >>> first = take(one, 0, now=0)
    >>> first.passes, take(one, first.full_at, now=0).wait
    (True, datetime.timedelta(microseconds=500000))
    """
    cost = _SECOND / rate.per_second  # the time in which a token comes back
    full_at = max(full_at, now)
    after = full_at + round(cost)
    too_early = after - now - round(cost * rate.burst)
    if too_early <= 0:
        return Verdict(after, timedelta(0))
    return Verdict(full_at, timedelta(microseconds=-(-too_early // 1000)))


def retry_after(wait: timedelta) -> int:
    """The wait in whole seconds, as the header Retry-After has them: rounded up, and at least 1.

    >>> retry_after(timedelta(milliseconds=1200))
    2
    """
    return max(1, -(-wait // timedelta(seconds=1)))
