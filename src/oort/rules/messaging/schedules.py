"""The next run of a schedule: intervals, and cron expressions in a time zone.

The engine waits for the next run; synthesis writes the schedule. Changes of the clocks are handled
as by EventBridge Scheduler: a local time that does not exist is skipped, a time that happens twice
runs once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from oort.model.errors import InvalidValue
from oort.model.functions import Timer

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_DAYS = {
    name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
}
_YEARS = 8  # the longest wait for a date that exists: 29 February across 2100


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed cron expression: minutes, hours, days, months and weekdays (0 is Sunday).

    `either` is the rule of cron for two restricted days: a match of one of them suffices.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def fits(self, day: datetime) -> bool:
        """True if the schedule runs on this day."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


def parse(expression: str) -> Cron:
    """Parse the five fields of a cron expression: minute, hour, day, month, weekday.

    InvalidValue if the expression is not valid.

    >>> parse("30 2 * * mon-fri").hours
    (2,)
    """
    fields = expression.split()
    if len(fields) != 5:
        raise InvalidValue(
            f"{expression!r} has {len(fields)} fields.",
            "Write five: minute hour day month weekday.",
        )
    minute, hour, day, month, weekday = fields
    weekdays = {number % 7 for number in _field(weekday, 0, 7, _DAYS, expression)}
    return Cron(
        minutes=tuple(sorted(_field(minute, 0, 59, {}, expression))),
        hours=tuple(sorted(_field(hour, 0, 23, {}, expression))),
        days=frozenset(_field(day, 1, 31, {}, expression)),
        months=frozenset(_field(month, 1, 12, _MONTHS, expression)),
        weekdays=frozenset(weekdays),
        either=not day.startswith("*") and not weekday.startswith("*"),
    )


def next_cron(cron: Cron, *, after: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first run after the time, in UTC; None if no such day exists, as 30 February.

    >>> oslo = ZoneInfo("Europe/Oslo")
    >>> next_cron(parse("0 2 * * *"), after=datetime(2026, 7, 1, tzinfo=UTC), zone=oslo)
    datetime.datetime(2026, 7, 2, 0, 0, tzinfo=datetime.timezone.utc)
    """
    day = after.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for _ in range(366 * _YEARS):
        if cron.fits(day):
            for local in _times(cron, day):
                moment = _exact(local, zone)
                if moment is not None and moment > after:
                    return moment
        day += timedelta(days=1)
    return None


def next_interval(interval: timedelta, *, after: datetime) -> datetime:
    """Return the first multiple of the interval, counted from the Unix epoch, after the time.

    >>> next_interval(timedelta(minutes=5), after=datetime(2026, 1, 1, 0, 3, tzinfo=UTC)).minute
    5
    """
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((after - epoch) // interval + 1) * interval


def _times(cron: Cron, day: datetime) -> Iterator[datetime]:
    return (day.replace(hour=hour, minute=minute) for hour in cron.hours for minute in cron.minutes)


def _exact(local: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the time in UTC, the first of two; None if the clocks skip the local time."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def _field(
    text: str, lowest: int, highest: int, names: dict[str, int], expression: str
) -> set[int]:
    numbers: set[int] = set()
    for part in text.lower().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = lowest, highest
        else:
            low = _number(first, names, expression)
            high = _number(last, names, expression) if dash else (highest if slash else low)
        stride = _number(step, {}, expression) if slash else 1
        if not lowest <= low <= high <= highest or stride < 1:
            raise InvalidValue(
                f"{part!r} in {expression!r} is not within {lowest} to {highest}.",
                "Fix that field.",
            )
        numbers.update(range(low, high + 1, stride))
    return numbers


def _number(text: str, names: dict[str, int], expression: str) -> int:
    if text in names:
        return names[text]
    if not (text.isascii() and text.isdigit()):
        raise InvalidValue(
            f"{text!r} in {expression!r} is not a number.",
            "Write * , - / and numbers, or mon and jan.",
        )
    return int(text)


_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def aws_rate(interval: timedelta) -> str:
    """Return the interval as EventBridge Scheduler writes it. InvalidValue unless in whole minutes.

    >>> aws_rate(timedelta(minutes=1)), aws_rate(timedelta(hours=36))
    ('rate(1 minute)', 'rate(36 hours)')
    """
    for unit, length in _UNITS:
        if interval >= length and not interval % length:
            count = interval // length
            return f"rate({count} {unit}{'' if count == 1 else 's'})"
    raise InvalidValue(
        f"An interval of {interval} is not possible on AWS.", "Write a number of whole minutes."
    )


def timer_expressions(timer: Timer) -> tuple[str, ...]:
    """Return a timer's schedule in the form of EventBridge Scheduler.

    InvalidValue if it has no such form.

    >>> timer_expressions(Timer(timedelta(minutes=5), None, "UTC", queue="jobs"))
    ('rate(5 minutes)',)
    """
    if timer.interval is not None:
        return (aws_rate(timer.interval),)
    assert timer.cron is not None  # a timer has one of the two
    return aws_expressions(parse(timer.cron))


def aws_expressions(cron: Cron) -> tuple[str, ...]:
    """Return the expression in the form of EventBridge Scheduler: two, if either day may match.

    EventBridge Scheduler has no single expression for either day. A day that matches both then has
    two runs, with the same id; runs are at least once in any case. InvalidValue if both days must
    match. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

    >>> aws_expressions(parse("30 2 * * mon-fri"))
    ('cron(30 2 ? * MON,TUE,WED,THU,FRI *)',)
    """
    every_day, every_weekday = len(cron.days) == 31, len(cron.weekdays) == 7
    days = _ranges(sorted(cron.days), 1, 31)
    # By name: EventBridge Scheduler's numbers of weekdays begin with Sunday = 1.
    weekdays = ",".join(name.upper() for name, number in _DAYS.items() if number in cron.weekdays)
    if cron.either and not every_day and not every_weekday:
        return _aws(cron, days, "?"), _aws(cron, "?", weekdays)
    if cron.either or every_weekday:
        return (_aws(cron, "*" if cron.either else days, "?"),)
    if every_day:
        return (_aws(cron, "?", weekdays),)
    what = "A day of the month and a weekday that must both fit are not possible on AWS."
    raise InvalidValue(what, "Restrict one of the two days, and look at the other in the handler.")


def _aws(cron: Cron, days: str, weekdays: str) -> str:
    minutes, hours = _ranges(cron.minutes, 0, 59), _ranges(cron.hours, 0, 23)
    return f"cron({minutes} {hours} {days} {_ranges(sorted(cron.months), 1, 12)} {weekdays} *)"


def _ranges(numbers: Sequence[int], lowest: int, highest: int) -> str:
    """Return the numbers in their shortest form: `*`, `1-5,9`."""
    if len(numbers) == highest - lowest + 1:
        return "*"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
