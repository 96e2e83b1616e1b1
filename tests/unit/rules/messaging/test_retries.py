"""Waits double, stay within their bounds, and end."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.rules.messaging import retries

attempts = st.integers(1, 10_000)
chances = st.floats(0, 1, exclude_max=True)


@given(attempts, chances)
def test_a_wait_is_never_shorter_than_the_first_nor_longer_than_the_longest(
    attempt: int, chance: float
) -> None:
    wait = retries.backoff(attempt, chance=chance)
    assert retries.FIRST * 0.8 <= wait <= retries.LONGEST * 1.2


@given(attempts, chances)
def test_waits_never_shrink_from_one_attempt_to_the_next(attempt: int, chance: float) -> None:
    assert retries.backoff(attempt, chance=chance) <= retries.backoff(attempt + 1, chance=chance)


def test_waits_double() -> None:
    waits = [retries.backoff(attempt, chance=0.5) for attempt in range(1, 13)]
    assert waits[:10] == [timedelta(seconds=2**step) for step in range(10)]
    assert waits[10:] == [timedelta(minutes=15)] * 2


def test_chance_spreads_the_wait_by_a_fifth() -> None:
    assert retries.backoff(4, chance=0.0) == timedelta(seconds=6.4)
    assert retries.backoff(4, chance=0.75) == timedelta(seconds=8.8)


def test_a_wait_is_at_least_as_long_as_it_must_be() -> None:
    assert retries.backoff(1, chance=0.5, least=3600.0) == timedelta(hours=1)
    assert retries.backoff(4, chance=0.5, least=1.0) == timedelta(seconds=8)


def test_the_last_attempt_is_the_one_allowed_last() -> None:
    assert [retries.exhausted(attempt, attempts=3) for attempt in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_wait_is_never_longer_than_a_message_may_be_invisible() -> None:
    forty_days = timedelta(
        days=40
    ).total_seconds()  # a lease that a clock which came back made longer
    assert retries.backoff(1, chance=0.5, least=forty_days) == limits.VISIBILITY
