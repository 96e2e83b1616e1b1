"""Deliveries by threads on a store on disk: nothing is lost, nothing is stuck, and the end is graceful. Waits have bounds."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from oort import Context
from oort.engine.clocks import VirtualClock
from oort.engine.invoking.dispatcher import SLICE
from oort.engine.services.queues import Queues
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Row, Session, Value
from oort.engine.store.store import Store
from oort.model.errors import StateUnusable
from oort.model.invocations import HttpInvocation
from oort.model.messages import Message
from oort.model.operations import PutItem
from oort.rules import triggers
from oort.runtime.system import SystemClock
from tests.unit.engine.desk import Desk, Doing, Note
from tests.unit.programs import sign_up

T = TypeVar("T")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GroupCommitStore]:
    made = GroupCommitStore(tmp_path / "oort.db")
    yield made
    made.close()


class Jobs(Doing):
    """Does what the test says, and remembers what it did."""

    def __init__(self, act: Callable[[Note, Context], None] = lambda _note, _ctx: None) -> None:
        self.done: list[str] = []
        self._act = act

    def __call__(self, note: Note, ctx: Context) -> None:
        self._act(note, ctx)
        self.done.append(note.id)


def started(
    store: Store, jobs: Jobs, *, clock: VirtualClock | None = None, threads: int = 4
) -> Desk:
    """A desk that delivers."""
    desk = Desk(
        store, clock=clock or SystemClock(), overrides={Doing: lambda: jobs}, threads=threads
    )
    desk.engine.start()
    return desk


def job(number: int) -> Message:
    """A job."""
    return Message(id=f"m{number}", name="desk.jobs", body=f'{{"id":"{number}"}}'.encode())


def send(desk: Desk, *numbers: int) -> None:
    """Put jobs on the queue."""
    for number in numbers:
        desk.engine.ports.queues.send("desk.jobs", job(number))


def empty(desk: Desk) -> bool:
    """Nothing is left on the queue."""
    depth = desk.engine.ports.queue_inspection.depth("desk.jobs")
    return depth.waiting + depth.in_flight == 0


def test_messages_are_delivered_as_they_come(store: GroupCommitStore) -> None:
    jobs = Jobs()
    desk = started(store, jobs)
    try:
        send(desk, *range(50))
        desk.deliveries.until(lambda: len(desk.deliveries.reports) == 50)
    finally:
        desk.engine.stop()
    assert sorted(jobs.done, key=int) == [str(number) for number in range(50)]
    assert empty(desk)
    report = desk.deliveries.reports[0]
    assert (report.function, report.attempts, report.failure, report.retry) == (
        "desk.work",
        3,
        None,
        None,
    )
    assert report.duration >= timedelta(0)


def test_what_was_there_before_the_start_is_delivered_too(store: GroupCommitStore) -> None:
    jobs = Jobs()
    send(Desk(store, clock=SystemClock()), 1, 2)
    desk = started(store, jobs)
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 2)
    desk.engine.stop()
    assert sorted(jobs.done) == ["1", "2"]


def test_a_request_reaches_worker_and_subscriber_through_the_outbox(
    store: GroupCommitStore,
) -> None:
    jobs = Jobs()
    desk = started(store, jobs)
    invocation = HttpInvocation(
        id="i",
        token="",
        traceparent="",
        path={},
        query=(),
        headers={"content-type": "application/json"},
        body=b'{"id":"1"}',
        principal=None,
    )
    outcome = desk.engine.invoker.request("desk.ring", invocation)
    assert outcome.status == 201
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 2)
    desk.engine.stop()
    assert {one.function for one in desk.deliveries.reports} == {"desk.work", "desk.count"}
    assert desk.engine.ports.tables.get("desk.notes", ("1",)) == {"id": "1", "count": 1}


def test_a_failed_delivery_is_tried_again_and_then_dead_with_its_error(
    store: GroupCommitStore,
) -> None:
    clock = VirtualClock()

    def fails(note: Note, ctx: Context) -> None:
        raise ValueError(f"attempt {ctx.attempt}")

    desk = started(store, Jobs(fails), clock=clock)
    send(desk, 1)
    for attempt in (1, 2, 3):
        desk.deliveries.until(lambda attempt=attempt: len(desk.deliveries.reports) == attempt)  # type: ignore[misc]
        clock.advance(timedelta(minutes=1))
        desk.engine._dispatcher.wake()
    desk.engine.stop()
    waits = [report.retry for report in desk.deliveries.reports]
    assert waits[2] is None
    assert waits[0] is not None
    assert waits[1] is not None
    assert (
        timedelta(seconds=0.8)
        <= waits[0]
        < timedelta(seconds=1.2)
        < waits[1]
        < timedelta(seconds=2.4)
    )
    (letter,) = desk.engine.ports.queue_inspection.dead("desk.jobs", most=10)
    assert (letter.message, letter.attempts) == (job(1), 3)
    assert letter.error.startswith("ValueError: attempt 3\n\nTraceback")


def test_a_retry_that_becomes_due_is_noticed_without_being_told(store: GroupCommitStore) -> None:
    def once(note: Note, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError

    jobs = Jobs(once)
    desk = started(store, jobs)  # the machine's clock: about a second
    send(desk, 1)
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 2)
    desk.engine.stop()
    assert jobs.done == ["1"]


def test_a_message_that_another_connection_writes_is_noticed(
    store: GroupCommitStore, tmp_path: Path
) -> None:
    jobs = Jobs()
    desk = started(store, jobs)
    other = DirectStore(tmp_path / "oort.db")
    Queues(other, platform=desk.engine.program.model, clock=SystemClock()).send("desk.jobs", job(7))
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 1)
    other.close()
    desk.engine.stop()
    assert jobs.done == ["7"]


def test_stop_lets_what_runs_finish_begins_nothing_new_and_loses_nothing(
    store: GroupCommitStore,
) -> None:
    inside, release = threading.Semaphore(0), threading.Event()

    def waits(note: Note, ctx: Context) -> None:
        inside.release()
        assert release.wait(10)

    jobs = Jobs(waits)
    desk = started(store, jobs, threads=1)
    send(desk, *range(10))
    assert inside.acquire(timeout=10)
    stopping = threading.Thread(target=desk.engine.stop)
    stopping.start()
    assert desk.engine._dispatcher._stopping.wait(10)
    assert stopping.is_alive()  # it waits for the delivery that runs
    release.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert 1 <= len(jobs.done) <= 2  # a batch is two
    depth = desk.engine.ports.queue_inspection.depth("desk.jobs")
    assert (depth.waiting, depth.in_flight) == (10 - len(jobs.done), 0)
    again = Jobs()
    desk = started(store, again)
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 10 - len(jobs.done))
    desk.engine.stop()
    assert sorted(jobs.done + again.done, key=int) == [str(number) for number in range(10)]


def test_stop_is_quick_when_nothing_runs_and_fine_before_the_start(store: GroupCommitStore) -> None:
    never = Desk(store)
    never.engine.stop()
    for _ in range(20):  # the end may come at any moment of the loop
        started(store, Jobs()).engine.stop()


def test_deliveries_that_wait_for_a_thread_at_the_stop_stay_on_the_queue(
    store: GroupCommitStore,
) -> None:
    desk = Desk(store, clock=SystemClock())
    send(desk, 1)
    desk.engine.consumers.drain("desk.jobs", stopping=lambda: True)
    depth = desk.engine.ports.queue_inspection.depth("desk.jobs")
    assert (depth.waiting, depth.in_flight) == (1, 0)


class FailingStore:
    """A store whose next calls of one kind fail, as a full disk makes them."""

    def __init__(self, inner: GroupCommitStore) -> None:
        self._inner = inner
        self.commit_seconds = 0.0
        self.failing: dict[str, int] = {}
        self.failed = 0

    @property
    def on_commit(self) -> Callable[[], None]:
        """That of the store."""
        return self._inner.on_commit

    @on_commit.setter
    def on_commit(self, call: Callable[[], None]) -> None:
        self._inner.on_commit = call

    def row(self, sql: str, *values: Value) -> Row | None:
        self._check("read")
        return self._inner.row(sql, *values)

    def read(self, work: Callable[[Session], T]) -> T:
        self._check("read")
        return self._inner.read(work)

    def write(self, work: Callable[[Session], T]) -> T:
        self._check("write")
        return self._inner.write(work)

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        self._check("submit")
        return self._inner.submit(work)

    def begin(self, work: Callable[[Session], T], then: Callable[[T | Exception], None]) -> None:
        self._inner.begin(work, then)

    def later(self, work: Callable[[Session], object]) -> None:
        self._inner.later(work)

    def free(self) -> int | None:
        return self._inner.free()

    def data_version(self) -> int:
        self._check("version")
        return self._inner.data_version()

    def close(self) -> None:
        self._inner.close()

    def _check(self, kind: str) -> None:
        if self.failing.get(kind, 0):
            self.failing[kind] -= 1
            self.failed += 1
            raise StateUnusable(f"The disk is full ({kind}).")


@pytest.mark.parametrize("kind", ["read", "write", "version"])
def test_a_store_that_fails_for_a_moment_is_reported_and_deliveries_go_on(
    store: GroupCommitStore, kind: str
) -> None:
    failing, jobs, clock = FailingStore(store), Jobs(), VirtualClock()
    desk = started(failing, jobs, clock=clock)
    failing.failing[kind] = 2
    Desk(store).engine.ports.queues.send("desk.jobs", job(1))
    desk.deliveries.until(
        lambda: len(desk.deliveries.errors) >= 2 or len(desk.deliveries.reports) >= 1
    )
    clock.advance(
        timedelta(hours=1)
    )  # what was leased when it failed comes back after its visibility time-out
    desk.engine._dispatcher.wake()
    desk.deliveries.until(lambda: len(desk.deliveries.reports) >= 1)
    send(desk, 2)
    desk.deliveries.until(
        lambda: any(report.delivery.message.id == "m2" for report in desk.deliveries.reports)
    )
    desk.engine.stop()
    assert set(jobs.done) == {"1", "2"}
    assert failing.failed == 2
    assert all(isinstance(error, StateUnusable) for error in desk.deliveries.errors)
    assert empty(desk)


def test_one_slow_consumer_does_not_take_every_thread(store: GroupCommitStore) -> None:
    release = threading.Event()
    desk = started(store, Jobs(lambda _note, _ctx: _checked(release)), threads=8)
    send(desk, *range(40))
    desk.engine.ports.tables.put(PutItem("desk.notes", {"id": "n", "count": 0}))
    desk.engine.ports.events.publish(
        "desk.rung", Message(id="e", name="desk.rung", body=b'{"id":"n"}')
    )
    desk.deliveries.until(
        lambda: any(one.function == "desk.count" for one in desk.deliveries.reports)
    )
    assert desk.engine._dispatcher._shares._running["desk.jobs"] <= 4  # half of them stay free
    release.set()
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 41)
    desk.engine.stop()


def _checked(event: threading.Event) -> None:
    assert event.wait(10)


def test_a_thread_makes_room_for_others_after_a_slice_of_time(store: GroupCommitStore) -> None:
    clock = VirtualClock()
    jobs = Jobs(lambda _note, _ctx: clock.advance(SLICE / 3))
    desk = Desk(store, clock=clock, overrides={Doing: lambda: jobs})
    send(desk, *range(10))
    desk.engine.consumers.drain("desk.jobs", stopping=lambda: False)
    assert len(jobs.done) == 4  # two batches of two take more than a slice
    depth = desk.engine.ports.queue_inspection.depth("desk.jobs")
    assert (depth.waiting, depth.in_flight) == (6, 0)


def test_quick_batches_are_delivered_until_the_queue_is_empty(store: GroupCommitStore) -> None:
    jobs = Jobs()
    desk = Desk(store, clock=VirtualClock(), overrides={Doing: lambda: jobs})
    send(desk, *range(60))
    desk.engine.consumers.drain("desk.jobs", stopping=lambda: False)
    assert len(jobs.done) == 60


def test_a_thread_leases_nothing_further_once_the_platform_stops(store: GroupCommitStore) -> None:
    jobs, asked = Jobs(), iter([False, True])
    desk = Desk(store, clock=VirtualClock(), overrides={Doing: lambda: jobs})
    send(desk, *range(10))
    desk.engine.consumers.drain("desk.jobs", stopping=lambda: next(asked))
    assert len(jobs.done) == 2
    assert desk.engine.ports.queue_inspection.depth("desk.jobs").in_flight == 0


def test_a_backlog_gets_all_the_environments_of_its_consumer_at_once(
    store: GroupCommitStore,
) -> None:
    together = threading.Barrier(3)  # passed only while three environments run
    desk = Desk(
        store,
        clock=SystemClock(),
        overrides={Doing: lambda: Jobs(lambda _note, _ctx: _met(together))},
        threads=12,
    )
    send(desk, *range(6))  # three batches of two
    desk.engine._dispatcher._pass()
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 6)
    desk.engine.stop()
    assert [report.failure for report in desk.deliveries.reports] == [None] * 6


def _met(barrier: threading.Barrier) -> None:
    barrier.wait(10)


def test_batches_are_counted_no_further_than_asked() -> None:
    desk = Desk(DirectStore())
    assert desk.engine.consumers.batches("desk.jobs", most=4) == 0
    send(desk, *range(3))
    assert desk.engine.consumers.batches("desk.jobs", most=4) == 2
    send(desk, *range(3, 20))
    assert desk.engine.consumers.batches("desk.jobs", most=4) == 4


def test_consumers_know_their_queues() -> None:
    desk = Desk(DirectStore())
    assert "desk.jobs" in desk.engine.consumers
    assert "desk.nothing" not in desk.engine.consumers
    assert desk.engine.consumers.deliver("desk.jobs") == 0
    assert {queue: one.name for queue, one in triggers.consumers(sign_up().functions).items()} == {
        "email.welcome": "email.welcome",
        "email.outgoing": "email.deliver",
    }
