"""Schedules on the store: each run becomes a message on its function's own queue, in the commit
that plans the next run.

So a run is never lost. Its id consists of the function and the time, so that the inbox
recognizes a repeat.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.steady import SUMS, SteadyTime, read_sums
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.functions import Timer
from oort.model.messages import Message
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import schedules


class Schedules:
    """The scheduled functions of a platform."""

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        steady: SteadyTime | None = None,
    ) -> None:
        self._store = store
        self._steady = steady or SteadyTime(store, clock=clock)
        self._jumped = 0.0  # at the last plan
        self.adopt(platform)

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._timers = {
            function.name: function.trigger
            for function in platform.functions
            if isinstance(function.trigger, Timer)
        }

    def plan(self) -> None:
        """Plan the next run of every new or changed schedule, and delete schedules
        of removed functions.

        Runs that were due while the platform was stopped stay planned, and become a single run. A
        run that is planned for later than the next one was planned before the wall clock went back.
        """

        jumped = self._steady.jumped()

        def work(session: Session) -> None:
            planned = {
                function: (definition, due)
                for function, definition, due in session.rows(
                    "SELECT function, definition, due FROM schedules"
                )
            }
            for name in planned.keys() - self._timers.keys():
                session.run("DELETE FROM schedules WHERE function = ?", name)
            for name, timer in self._timers.items():
                definition, due = planned.get(name, ("", 0.0))
                following = _following(timer, self._steady.moment())
                late = following is not None and due > unix(following)
                if definition != _definition(timer) or late:
                    self._set(session, name, timer)

        planned = self._store.read(lambda session: session.row("SELECT 1 FROM schedules LIMIT 1"))
        if self._timers or planned:
            self._store.write(work)
        self._jumped = jumped

    def fire(self) -> int:
        """Put a message on the queue of each due function and plan its next run.

        Return the number of messages.
        """
        if not self._timers:
            return 0
        self._steady.follow()
        if self._steady.jumped() != self._jumped:
            self.plan()
        now = unix(self._steady.moment())
        due = "SELECT function, due FROM schedules WHERE due <= ? ORDER BY due"
        if not self._store.read(lambda session: session.row(due, now)):
            return 0

        def work(session: Session) -> int:
            now, (jumped, _) = unix(self._steady.moment()), read_sums(session.row(SUMS))
            rows = [
                (name, planned) for name, planned in session.rows(due, now) if name in self._timers
            ]
            for name, planned in rows:
                timer = self._timers[name]
                payload = messages.packed(_message(timer, name, planned, now, jumped))
                messages.add(session, timer.queue, payload, sent=now, visible=now)
                self._set(session, name, timer)
            return len(rows)

        return self._store.write(work)

    def next_due(self) -> float | None:
        """Return the time of the next run, in Unix seconds; None without schedules."""
        if not self._timers:
            return None
        row = self._store.read(lambda session: session.row("SELECT min(due) FROM schedules"))
        return None if row is None else row[0]

    def _set(self, session: Session, name: str, timer: Timer) -> None:
        following = _following(timer, self._steady.moment())
        if following is not None:
            sql = "INSERT OR REPLACE INTO schedules(function, definition, due) VALUES(?, ?, ?)"
            session.run(sql, name, _definition(timer), unix(following))


def _following(timer: Timer, after: datetime) -> datetime | None:
    if timer.interval is not None:
        return schedules.next_interval(timer.interval, after=after)
    assert timer.cron is not None  # a timer has one of the two
    return schedules.next_cron(
        schedules.parse(timer.cron), after=after, zone=ZoneInfo(timer.timezone)
    )


def _definition(timer: Timer) -> str:
    return f"{timer.interval} | {timer.cron} | {timer.timezone}"


def _message(timer: Timer, function: str, planned: float, now: float, jumped: float) -> Message:
    """Return the message of a run. A clock that was set shows a time again: that run is another."""
    moment = datetime.fromtimestamp(planned, UTC).isoformat()
    clock = f" by a clock set by {jumped:.0f} s" if abs(jumped) >= 1 else ""
    return Message(id=f"{function}@{moment}{clock}", name=timer.queue, body=b"null", sent=now)
