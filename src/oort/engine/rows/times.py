"""Moments in the store: Unix seconds, always computed from a datetime, so that equal
moments are equal numbers.
"""

from datetime import datetime, timedelta


def unix(moment: datetime, *, after: timedelta = timedelta(0)) -> float:
    """Return the Unix seconds of the moment plus `after`.

    A sum of floats could differ in its last digit from the clock that arrives at the same moment.
    """
    return (moment + after).timestamp()
