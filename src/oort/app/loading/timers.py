"""Schedules at load time: interval, cron expression and time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oort.app.declaring.declarations import TimerDeclared
from oort.app.declaring.signatures import Reader
from oort.model.errors import InvalidValue
from oort.model.functions import Timer
from oort.model.resources import QueueModel
from oort.rules.messaging import schedules

_SHORTEST = timedelta(minutes=1)  # EventBridge Scheduler: one minute is the finest grain
_ANY = datetime(2026, 1, 1, tzinfo=UTC)


def trigger(timer: TimerDeclared, queue: QueueModel, reader: Reader) -> Timer:
    """Return the trigger of a scheduled handler. Invalid options are mistakes."""
    if timer.interval is not None and timer.interval < _SHORTEST:
        what = f"{reader.name}: an interval of {timer.interval} is too short."
        reader.refuse(
            "timer.interval",
            what,
            "A schedule runs at most once a minute, as EventBridge Scheduler does.",
        )
    if timer.cron is not None:
        _check_cron(timer.cron, timer.timezone, reader)
    return Timer(timer.interval, timer.cron, timer.timezone, queue.name)


def _check_cron(expression: str, timezone: str, reader: Reader) -> None:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        what = f"{reader.name}: {timezone!r} is not a time zone."
        reader.refuse(
            "timer.timezone", what, "Write a name of the IANA database, such as Europe/Oslo."
        )
        return
    try:
        next_run = schedules.next_cron(schedules.parse(expression), after=_ANY, zone=zone)
    except InvalidValue as error:
        reader.refuse("timer.cron", f"{reader.name}: {error.what}", error.instead)
        return
    if next_run is None:
        reader.refuse(
            "timer.cron",
            f"{reader.name}: {expression!r} has no run in the calendar.",
            "Name a day that exists.",
        )
