"""Schedules at load time: whether the interval, the expression and the time zone make sense."""

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


def trigger(said: TimerDeclared, queue: QueueModel, reader: Reader) -> Timer:
    """The trigger of a scheduled handler; what is wrong with it is a mistake."""
    if said.interval is not None and said.interval < _SHORTEST:
        what = f"{reader.name}: every {said.interval} is too often."
        reader.refuse(
            "timer.interval",
            what,
            "A schedule runs at most once a minute, as EventBridge Scheduler does.",
        )
    if said.cron is not None:
        _check_cron(said.cron, said.timezone, reader)
    return Timer(said.interval, said.cron, said.timezone, queue.name)


def _check_cron(expression: str, timezone: str, reader: Reader) -> None:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        what = f"{reader.name}: there is no time zone {timezone!r}."
        reader.refuse(
            "timer.timezone", what, "Write a name of the IANA database, such as Europe/Oslo."
        )
        return
    try:
        comes = schedules.next_cron(schedules.parse(expression), after=_ANY, zone=zone)
    except InvalidValue as error:
        reader.refuse("timer.cron", f"{reader.name}: {error.what}", error.instead)
        return
    if comes is None:
        reader.refuse(
            "timer.cron", f"{reader.name}: {expression!r} never comes.", "Name a day that exists."
        )
