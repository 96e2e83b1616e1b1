"""Moments as the store keeps them: Unix seconds, always made from a datetime, so that equal moments are equal numbers."""

from datetime import datetime, timedelta


def unix(moment: datetime, *, after: timedelta = timedelta(0)) -> float:
    """Unix seconds of the moment, or of the one `after` it.

    Adding floats instead would make "one second later" differ in the last digit from the clock that arrives there.
    """
    return (moment + after).timestamp()
