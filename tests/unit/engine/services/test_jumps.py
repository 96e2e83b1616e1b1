"""A wall clock that is set: waits last as long as they should, and nothing becomes old by it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from oort import Service
from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.rows import messages
from oort.engine.services.jumps import LEAST, Jump, Jumps
from oort.engine.services.queue_inspection import QueueInspection
from oort.engine.services.schedules import Schedules
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model import limits
from oort.model.messages import Fault, Reason
from oort.model.operations import SendMessage
from oort.testing.port_suites.target import PLATFORM, VISIBILITY, WORK, message
from tests.unit.engine.services.conftest import Services

T = TypeVar("T")
SECOND, HOUR, DAYS = timedelta(seconds=1), timedelta(hours=1), timedelta(days=40)


class SettableClock(VirtualClock):
    """A clock whose wall time can be set, while its monotonic time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.error = timedelta(0)

    def now(self) -> datetime:
        """The time, with the error of the clock."""
        return super().now() + self.error


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def services(clock: SettableClock) -> Iterator[Services]:
    store = DirectStore()
    yield Services(store, clock)
    store.close()


def failed(services: Services, *, after: timedelta) -> None:
    """Send a message whose first delivery fails, and that waits for a retry."""
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    services.deliveries.retry(WORK, delivery.receipt, after=after, error="no")


def received(services: Services) -> list[str]:
    """Receive and acknowledge as the dispatcher does."""
    names = []
    for queue in services.deliveries.ready_queues():
        for delivery in services.deliveries.receive(queue, most=10):
            services.deliveries.acknowledge(queue, [delivery.receipt])
            names.append(delivery.message.id)
    return names


@pytest.mark.parametrize("by", [DAYS, -DAYS, HOUR, -HOUR], ids=str)
def test_a_retry_waits_as_long_as_it_should_when_the_clock_is_set(
    services: Services, clock: SettableClock, by: timedelta
) -> None:
    failed(services, after=10 * SECOND)
    clock.advance(4 * SECOND)
    assert received(services) == []
    clock.error = by
    assert received(services) == []
    clock.advance(5 * SECOND)
    assert received(services) == []
    clock.advance(SECOND)
    assert received(services) == ["a"]
    assert services.queue_inspection.dead(WORK, most=1) == []


def test_a_jump_that_is_shorter_than_a_wait_does_not_shorten_it(
    services: Services, clock: SettableClock
) -> None:
    failed(services, after=5 * HOUR)
    clock.error = HOUR
    services.queues.send(WORK, message("sent after the jump"), delay=10 * SECOND)
    assert received(services) == []
    clock.advance(10 * SECOND)
    assert received(services) == ["sent after the jump"]
    clock.advance(5 * HOUR - 11 * SECOND)
    assert received(services) == []
    clock.advance(SECOND)
    assert received(services) == ["a"]


def test_a_clock_that_was_ahead_and_came_back_leaves_no_wait_behind(
    services: Services, clock: SettableClock
) -> None:
    clock.error = DAYS
    failed(services, after=10 * SECOND)
    services.queues.send(WORK, message("b"))
    clock.error = timedelta(0)
    assert received(services) == ["b"]
    clock.advance(10 * SECOND)
    assert received(services) == ["a"]


@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=str)
def test_a_running_delivery_keeps_its_lease_when_the_clock_is_set(
    services: Services, clock: SettableClock, by: timedelta
) -> None:
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    clock.advance(VISIBILITY / 2)
    clock.error = by
    assert received(services) == []
    services.deliveries.acknowledge(WORK, [delivery.receipt])
    depth = services.queue_inspection.depth(WORK)
    assert (depth.waiting, depth.in_flight, depth.dead) == (0, 0, 0)


def test_a_message_that_is_sent_after_the_jump_is_delivered_at_once(
    services: Services, clock: SettableClock
) -> None:
    clock.error = DAYS
    services.queues.send(WORK, message("a"))
    clock.advance(SECOND / 2)  # before anything looks
    assert received(services) == ["a"]


def test_age_counts_again_when_a_clock_that_was_ahead_has_come_back(
    services: Services, clock: SettableClock
) -> None:
    failed(services, after=10 * SECOND)
    for error in (DAYS, timedelta(0)):
        clock.error = error
        assert received(services) == []
    clock.advance(timedelta(days=15))
    assert received(services) == []
    (letter,) = services.queue_inspection.dead(WORK, most=1)
    assert "within 14 days" in letter.error


@pytest.mark.parametrize("how", ["redrive", "replay", "release"])
def test_what_is_put_back_while_the_clock_is_wrong_is_not_old_after_the_next_start(
    services: Services, clock: SettableClock, how: str
) -> None:
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    if how == "release":
        services.deliveries.park(WORK, delivery, Fault(Reason.CONTENT_TYPE, ""))
    else:
        services.deliveries.retry(WORK, delivery.receipt, after=timedelta(0), error="no")
        while not services.queue_inspection.depth(WORK).dead:
            (delivery,) = services.deliveries.receive(WORK, most=1)
            services.deliveries.retry(WORK, delivery.receipt, after=timedelta(0), error="no")
    clock.error = -DAYS  # and nobody has looked yet
    if how == "redrive":
        assert services.queue_inspection.redrive(WORK) == 1
    elif how == "release":
        assert services.ports.parking.release(WORK, ready=lambda _: True) == 1
    else:
        services.ports.history.replay(WORK, [delivery.message])
    clock.error = timedelta(0)  # the platform was killed, and somebody has corrected the clock
    again = services.running(PLATFORM)
    assert received(again) == ["a"]


def test_a_start_after_the_clock_came_back_ends_waits_that_no_message_may_have(
    services: Services, clock: SettableClock
) -> None:
    clock.error = DAYS
    failed(services, after=10 * SECOND)
    clock.error = timedelta(0)
    again = services.running(PLATFORM)
    again.queues.send(WORK, message("delayed"), delay=15 * 60 * SECOND)
    assert again.deliveries.release_all() == 0
    assert received(again) == ["a"]
    assert again.queue_inspection.depth(WORK).waiting == 1


class Planned:
    """An hourly schedule on a store."""

    def __init__(self, clock: SettableClock) -> None:
        made = Service("clock")

        def tick() -> None:
            """Nothing."""

        made.every(HOUR)(tick)
        self._platform, self._store, self._clock = load([made]).model, DirectStore(), clock
        self.schedules = self.started()

    def names(self) -> list[str]:
        """Return the ids of the runs."""
        queues = QueueInspection(self._store, platform=self._platform, clock=self._clock)
        return [run.id for run in queues.peek("clock.tick", most=10)]

    def started(self) -> Schedules:
        """Start the platform."""
        schedules = Schedules(self._store, platform=self._platform, clock=self._clock)
        schedules.plan()
        return schedules


def test_a_schedule_runs_at_its_next_time_after_the_clock_came_back(clock: SettableClock) -> None:
    clock.error = DAYS
    planned = Planned(clock)
    clock.error = timedelta(0)
    assert planned.schedules.fire() == 0
    clock.advance(HOUR)
    assert planned.schedules.fire() == 1


def test_a_start_plans_a_schedule_anew_after_the_clock_came_back(clock: SettableClock) -> None:
    clock.error = DAYS
    planned = Planned(clock)
    clock.error = timedelta(0)
    assert planned.started().next_due() == (clock.now() + HOUR).timestamp()


def test_a_small_correction_is_no_jump(clock: SettableClock) -> None:
    jumps, found = Jumps(clock), list[Jump]()
    for error in (LEAST, timedelta(0), -LEAST, timedelta(0)):
        clock.error = error
        jumps.follow(found.append)
    assert found == []
    clock.error = 2 * LEAST
    clock.advance(SECOND)
    jumps.follow(found.append)
    jumps.follow(found.append)
    (jump,) = found
    assert jump.by == 120
    assert jump.now - jump.earliest == 1


def test_a_jump_that_could_not_be_followed_is_followed_at_the_next_look(
    clock: SettableClock,
) -> None:
    jumps, found = Jumps(clock), list[Jump]()

    def fails(_: Jump) -> None:
        raise OSError("full")

    clock.error = HOUR
    with pytest.raises(OSError, match="full"):
        jumps.follow(fails)
    jumps.follow(found.append)
    assert [jump.by for jump in found] == [3600]


def test_a_delay_in_the_outbox_is_no_longer_than_any_delay_may_be(
    services: Services, clock: SettableClock
) -> None:
    clock.error = DAYS
    services.transactions.commit([SendMessage(WORK, message("a"), delay=60.0)], None)
    clock.error = timedelta(0)
    again = services.running(PLATFORM)
    assert again.relay.move() == 1
    assert again.deliveries.next_due() == (clock.now() + limits.MESSAGE_DELAY).timestamp()


class Setting:
    """A store in front of whose next transaction somebody sets the clock, and another thread follows the jump."""

    def __init__(self, store: DirectStore, clock: SettableClock) -> None:
        self.on_commit = store.on_commit
        self._store, self._clock = store, clock
        self.by: timedelta | None = None
        self.follow: Callable[[], object] = lambda: None

    def write(self, work: Callable[[Session], T]) -> T:
        """See `Store.write`."""
        if self.by is not None:
            self._clock.error, self.by = self.by, None
            self.follow()
        return self._store.write(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def setting(clock: SettableClock) -> Iterator[Setting]:
    store = DirectStore()
    yield Setting(store, clock)
    store.close()


@pytest.mark.parametrize("by", [DAYS, -DAYS, HOUR, -HOUR], ids=str)
@pytest.mark.parametrize("is_followed", [True, False])
def test_a_wait_that_is_written_at_the_moment_of_a_jump_has_its_length(
    setting: Setting, clock: SettableClock, by: timedelta, is_followed: bool
) -> None:
    services = Services(setting, clock)  # type: ignore[arg-type]
    if is_followed:
        setting.follow = services.deliveries.ready_queues
    setting.by = by
    services.queues.send(WORK, message("a"), delay=10 * SECOND)
    setting.by = timedelta(0)
    services.transactions.commit([SendMessage(WORK, message("b"), delay=60.0)], None)
    setting.by = by
    assert services.relay.move() == 1
    clock.advance(9 * SECOND)
    assert received(services) == []
    clock.advance(SECOND)
    (delivery,) = services.deliveries.receive(WORK, most=1)
    setting.by = timedelta(0)
    services.deliveries.retry(WORK, delivery.receipt, after=20 * SECOND, error="no")
    clock.advance(19 * SECOND)
    assert received(services) == []
    clock.advance(SECOND)
    assert received(services) == ["a"]
    clock.advance(30 * SECOND)
    assert received(services) == ["b"]
    assert services.queue_inspection.dead(WORK, most=1) == []


@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=str)
def test_a_delay_in_the_outbox_has_its_length_when_the_clock_is_set(
    services: Services, clock: SettableClock, by: timedelta
) -> None:
    services.transactions.commit([SendMessage(WORK, message("a"), delay=60.0)], None)
    clock.error = by
    assert received(services) == []
    assert services.relay.move() == 1
    assert services.deliveries.next_due() == (clock.now() + 60 * SECOND).timestamp()


def test_a_commit_that_fails_leaves_the_jump_to_the_next_look(
    setting: Setting, clock: SettableClock
) -> None:
    services = Services(setting, clock)  # type: ignore[arg-type]
    services.queues.send(WORK, message("a"), delay=10 * SECOND)
    clock.error = HOUR

    def fails(work: Callable[[Session], object]) -> object:
        def broken(session: Session) -> None:
            work(session)
            raise OSError("full")

        return setting._store.write(broken)

    setting.write, write = fails, setting.write  # type: ignore[assignment,method-assign]
    with pytest.raises(OSError, match="full"):
        services.deliveries.ready_queues()
    setting.write = write  # type: ignore[method-assign]
    assert received(services) == []
    clock.advance(10 * SECOND)
    assert received(services) == ["a"]


def test_a_time_that_the_clock_shows_again_is_another_run(clock: SettableClock) -> None:
    planned = Planned(clock)
    clock.error = HOUR
    assert planned.schedules.fire() == 1
    clock.error = timedelta(0)
    assert planned.schedules.fire() == 0
    clock.advance(HOUR)
    assert planned.schedules.fire() == 1
    names = planned.names()
    assert len(set(names)) == 2
    assert names[1] == names[0].partition(" ")[0]


@pytest.mark.parametrize("statement", [messages._SHIFT, messages._SHORTEN])
def test_messages_that_wait_for_nothing_are_not_read(services: Services, statement: str) -> None:
    steps = services.store.read(
        lambda session: session.rows(f"EXPLAIN QUERY PLAN {statement}", 1, 1, 2)
    )
    plan = [step for *_, step in steps]
    assert not [step for step in plan if step.startswith("SCAN messages")]
    assert any("messages_visible (queue=? AND visible>?)" in step for step in plan)
