"""Cron expressions and intervals: every field, every refusal, and laws that hold for any of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model.errors import InvalidValue
from oort.model.functions import Timer
from oort.model.limits import SCHEDULE_CHARACTERS
from oort.rules.messaging.schedules import (
    aws_expressions,
    aws_rate,
    next_cron,
    next_interval,
    parse,
    timer_expressions,
)

OSLO = ZoneInfo("Europe/Oslo")
TIMES = st.integers(946_684_800, 3_786_912_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


def following(expression: str, after: str, zone: str = "UTC") -> str:
    """The next time after the given one, both in UTC."""
    found = next_cron(
        parse(expression),
        after=datetime.fromisoformat(after).replace(tzinfo=UTC),
        zone=ZoneInfo(zone),
    )
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
        *(
            "5-1 * * * *",
            "*/0 * * * *",
            "1- * * * *",
            "-1 * * * *",
            "1,,2 * * * *",
            "* * * mon *",
            "² * * * *",
        ),
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


# -- the same schedules as EventBridge Scheduler writes them


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (timedelta(minutes=1), "rate(1 minute)"),
        (timedelta(minutes=90), "rate(90 minutes)"),
        (timedelta(hours=1), "rate(1 hour)"),
        (timedelta(hours=36), "rate(36 hours)"),
        (timedelta(days=1), "rate(1 day)"),
        (timedelta(days=7), "rate(7 days)"),
    ],
)
def test_an_interval_on_aws(interval: timedelta, expected: str) -> None:
    assert aws_rate(interval) == expected


@pytest.mark.parametrize(
    "interval", [timedelta(seconds=90), timedelta(seconds=30), timedelta(days=1, microseconds=1)]
)
def test_an_interval_that_aws_does_not_have(interval: timedelta) -> None:
    with pytest.raises(InvalidValue, match="whole minutes"):
        aws_rate(interval)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", ["cron(* * * * ? *)"]),
        ("30 2 * * *", ["cron(30 2 * * ? *)"]),
        ("*/15 8-17 * * mon-fri", ["cron(0,15,30,45 8-17 ? * MON,TUE,WED,THU,FRI *)"]),
        ("0 12 * * 0", ["cron(0 12 ? * SUN *)"]),
        ("0 12 * * 7", ["cron(0 12 ? * SUN *)"]),
        ("0 0 1,15 * *", ["cron(0 0 1,15 * ? *)"]),
        ("0 0 29 2 *", ["cron(0 0 29 2 ? *)"]),
        ("0 0 1 jan,jul *", ["cron(0 0 1 1,7 ? *)"]),
        (
            "0 0 13 * fri",
            ["cron(0 0 13 * ? *)", "cron(0 0 ? * FRI *)"],
        ),  # cron's old rule: either day
        ("0 0 1-31 * fri", ["cron(0 0 * * ? *)"]),
        ("0 0 13 * 0-6", ["cron(0 0 * * ? *)"]),
        ("0 0 */2 * *", ["cron(0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * ? *)"]),
    ],
)
def test_an_expression_on_aws(expression: str, expected: list[str]) -> None:
    assert list(aws_expressions(parse(expression))) == expected


def test_two_days_that_must_both_fit_are_refused() -> None:
    with pytest.raises(InvalidValue, match="must both fit"):
        aws_expressions(parse("0 0 */2 * mon"))


NUMBERS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}


def test_a_timer_is_written_for_aws_by_its_interval_or_its_cron() -> None:
    daily = Timer(timedelta(days=1), None, "UTC", queue="books.daily")
    at_two = Timer(None, "30 2 * * *", "Europe/Oslo", queue="books.nightly")
    assert timer_expressions(daily) == ("rate(1 day)",)
    assert timer_expressions(at_two) == aws_expressions(parse("30 2 * * *"))


def lists(lowest: int, highest: int) -> st.SearchStrategy[str]:
    numbers = st.sets(st.integers(lowest, highest), min_size=1).map(sorted)
    return st.one_of(st.just("*"), numbers.map(lambda found: ",".join(map(str, found))))


def values(field: str, lowest: int, highest: int) -> set[int]:
    """What a field of an expression on AWS means; weekdays by name."""
    if field in ("*", "?"):
        return set(range(lowest, highest + 1))
    days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    if field[0].isalpha():
        return {days.index(name) for name in field.split(",")}
    spans = [part.split("-") for part in field.split(",")]
    return {number for span in spans for number in range(int(span[0]), int(span[-1]) + 1)}


@given(fields=st.tuples(*(lists(*NUMBERS[name]) for name in NUMBERS)))
def test_both_ways_of_writing_fit_the_same_days(fields: tuple[str, ...]) -> None:
    cron = parse(" ".join(fields))
    written = aws_expressions(cron)
    assert all(len(expression) <= SCHEDULE_CHARACTERS for expression in written)
    day = datetime(2027, 1, 1)  # noqa: DTZ001 - a day on the calendar of the schedule's own zone
    read = [expression.removeprefix("cron(").removesuffix(")").split() for expression in written]
    for minute, hour, dom, month, weekday, year in read:
        assert values(minute, 0, 59) == set(cron.minutes)
        assert values(hour, 0, 23) == set(cron.hours)
        assert (dom == "?") != (weekday == "?")
        assert year == "*"
        assert values(month, 1, 12) == cron.months
    for offset in range(0, 400, 3):
        one = day + timedelta(days=offset)
        fits = [
            one.day in values(dom, 1, 31)
            and one.month in values(month, 1, 12)
            and one.isoweekday() % 7 in values(week, 0, 6)
            for _, _, dom, month, week, _ in read
        ]
        assert any(fits) == cron.fits(one)
