"""Cron expressions and intervals: every field, every refusal, and laws that hold for any of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model.errors import InvalidValue
from oort.rules.schedules import next_cron, next_interval, parse

OSLO = ZoneInfo("Europe/Oslo")
TIMES = st.integers(946_684_800, 3_786_912_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def following(expression: str, after: str, zone: str = "UTC") -> str:
    """The next time after the given one, both in UTC."""
    found = next_cron(parse(expression), after=datetime.fromisoformat(after).replace(tzinfo=UTC), zone=ZoneInfo(zone))
    return "never" if found is None else found.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * *", "2026-01-01T00:00", "2026-01-01 00:01"),
        ("*/20 * * * *", "2026-01-01T00:41", "2026-01-01 01:00"),
        ("5-10/5 3 * * *", "2026-01-01T03:05", "2026-01-01 03:10"),
        ("50/5 * * * *", "2026-01-01T00:00", "2026-01-01 00:50"),
        ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29 00:00"),
        ("0 12 * * mon-fri", "2026-01-02T13:00", "2026-01-05 12:00"),
        ("0 12 * * 7", "2026-01-01T00:00", "2026-01-04 12:00"),
        ("0 12 * * SUN", "2026-01-01T00:00", "2026-01-04 12:00"),
        ("0 0 13 * fri", "2026-01-01T00:00", "2026-01-02 00:00"),  # cron's old rule: either day
        ("0 0 1 jan,jul *", "2026-01-01T00:00", "2026-07-01 00:00"),
        ("0 0 31 * *", "2026-03-31T00:00", "2026-05-31 00:00"),
        ("0 0 30 2 *", "2026-01-01T00:00", "never"),
    ],
)
def test_the_next_time_of_an_expression(expression: str, after: str, expected: str) -> None:
    assert following(expression, after) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "a * * * *",
        ),
        *("5-1 * * * *", "*/0 * * * *", "1- * * * *", "-1 * * * *", "1,,2 * * * *", "* * * mon *", "² * * * *"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(InvalidValue):
        parse(expression)


def test_a_local_time_that_does_not_exist_is_skipped() -> None:
    assert following("30 2 * * *", "2026-03-28T02:00", "Europe/Oslo") == "2026-03-30 00:30"


def test_a_local_time_that_comes_twice_runs_once() -> None:
    first = following("30 2 * * *", "2026-10-24T12:00", "Europe/Oslo")
    assert first == "2026-10-25 00:30"
    assert following("30 2 * * *", first.replace(" ", "T"), "Europe/Oslo") == "2026-10-26 01:30"


@given(after=TIMES, minute=st.integers(0, 59), hour=st.integers(0, 23))
def test_a_daily_time_comes_within_two_days_and_shows_that_time_on_the_clock(
    after: datetime, minute: int, hour: int
) -> None:
    found = next_cron(parse(f"{minute} {hour} * * *"), after=after, zone=OSLO)
    assert found is not None
    assert after < found <= after + timedelta(days=2, hours=2)
    local = found.astimezone(OSLO)
    assert (local.hour, local.minute, local.second) == (hour, minute, 0)


@given(after=TIMES, minutes=st.integers(1, 10_000))
def test_an_interval_comes_within_one_interval(after: datetime, minutes: int) -> None:
    interval = timedelta(minutes=minutes)
    found = next_interval(interval, after=after)
    assert after < found <= after + interval
    assert (found - datetime(1970, 1, 1, tzinfo=UTC)) % interval == timedelta(0)
