"""The token bucket: never more than its rate over time, never more than its burst at once, and an honest time to wait."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model.functions import Rate
from oort.rules.http.throttles import retry_after, take

SECOND = 1_000_000_000


def asked(rate: Rate, times: list[int]) -> list[timedelta]:
    """What each request at these times has to wait; zero for those that pass."""
    full_at, waits = 0, []
    for now in times:
        verdict = take(rate, full_at, now=now)
        full_at = verdict.full_at
        waits.append(verdict.wait)
    return waits


def test_a_burst_passes_and_the_next_request_waits_for_one_token() -> None:
    rate = Rate(per_second=2, burst=3)
    assert asked(rate, [0, 0, 0, 0]) == [timedelta(0)] * 3 + [timedelta(seconds=0.5)]
    assert asked(rate, [0, 0, 0, SECOND // 2, SECOND // 2]) == [timedelta(0)] * 4 + [
        timedelta(seconds=0.5)
    ]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    hour = 3600 * SECOND
    assert asked(Rate(per_second=100, burst=2), [0, hour, hour, hour])[1:] == [
        timedelta(0), timedelta(0), timedelta(milliseconds=10)
    ]  # fmt: skip


rates = st.builds(Rate, per_second=st.floats(0.01, 10_000), burst=st.integers(1, 50))


@given(rates, st.lists(st.integers(0, 5 * SECOND), max_size=60))
def test_what_passes_never_exceeds_burst_and_rate(rate: Rate, gaps: list[int]) -> None:
    times = [sum(gaps[:position]) for position in range(len(gaps))]
    passed = [now for now, wait in zip(times, asked(rate, times), strict=True) if not wait]
    for first, start in enumerate(passed):
        for last, end in enumerate(passed[first:], first):
            allowed = rate.burst + (end - start) * rate.per_second / SECOND
            assert last - first + 1 <= allowed + 1e-3 * rate.burst


@given(rates, st.integers(0, 100))
def test_who_waits_as_long_as_told_passes_and_a_refusal_costs_nothing(
    rate: Rate, more: int
) -> None:
    full_at = 0
    for _ in range(rate.burst):
        full_at = take(rate, full_at, now=0).full_at
    refused = take(rate, full_at, now=0)
    for _ in range(more):
        refused = take(rate, refused.full_at, now=0)
    assert not refused.passes
    assert take(rate, refused.full_at, now=refused.wait // timedelta(microseconds=1) * 1000).passes


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=1.01), 2),
        (timedelta(minutes=2), 120),
    ],
)
def test_retry_after_is_whole_seconds_rounded_up(wait: timedelta, seconds: int) -> None:
    assert retry_after(wait) == seconds
