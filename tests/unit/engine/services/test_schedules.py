"""Schedules on the store: planned once, made up for after a pause, planned anew when they change, forgotten when they go."""

from datetime import timedelta

import pytest

from oort import Service
from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.services.queue_inspection import QueueInspection
from oort.engine.services.schedules import Schedules
from oort.engine.store.direct import DirectStore

HOUR = timedelta(hours=1)


def service(interval: timedelta | None) -> Service:
    """A service with one scheduled handler, or without any."""
    made = Service("clock")

    def tick() -> None:
        """Nothing."""

    if interval is not None:
        made.every(interval)(tick)
    return made


class Plan:
    """Schedules and queues on one store and clock; `running` is the program that runs now."""

    def __init__(self) -> None:
        self.store = DirectStore()
        self.clock = VirtualClock()

    def running(self, interval: timedelta | None) -> tuple[Schedules, QueueInspection]:
        """Start a program with this interval."""
        platform = load([service(interval)]).model
        schedules = Schedules(self.store, platform=platform, clock=self.clock)
        schedules.plan()
        return schedules, QueueInspection(self.store, platform=platform, clock=self.clock)


@pytest.fixture
def plan() -> Plan:
    """An empty store at a full hour."""
    return Plan()


def test_a_run_is_planned_and_becomes_one_message(plan: Plan) -> None:
    schedules, queues = plan.running(HOUR)
    assert schedules.next_due() == (plan.clock.now() + HOUR).timestamp()
    assert schedules.fire() == 0
    plan.clock.advance(HOUR)
    assert schedules.fire() == 1
    assert schedules.fire() == 0
    (message,) = queues.peek("clock.tick", most=10)
    assert message.id == f"clock.tick@{plan.clock.now().isoformat()}"


def test_runs_missed_while_it_was_stopped_are_made_up_for_by_one(plan: Plan) -> None:
    plan.running(HOUR)
    plan.clock.advance(HOUR * 10)
    schedules, queues = plan.running(HOUR)
    assert schedules.fire() == 1
    assert schedules.fire() == 0
    assert len(queues.peek("clock.tick", most=10)) == 1
    assert schedules.next_due() == (plan.clock.now() + HOUR).timestamp()


def test_another_interval_is_planned_anew(plan: Plan) -> None:
    plan.running(HOUR * 24)
    schedules, _ = plan.running(HOUR)
    assert schedules.next_due() == (plan.clock.now() + HOUR).timestamp()


def test_a_schedule_that_is_gone_is_forgotten(plan: Plan) -> None:
    plan.running(HOUR)
    gone, _ = plan.running(None)
    assert (gone.next_due(), gone.fire()) == (None, 0)
    plan.clock.advance(HOUR * 5)
    schedules, _ = plan.running(HOUR)
    assert schedules.fire() == 0
