"""How many processes a service has: more while invocations wait, fewer when nothing happens."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from oort.engine.workers.pools import Pool
from oort.engine.workers.processes import Job, Process
from oort.engine.workers.wire import Answered, Use

SMALL = Use(cpu=0.0001, elsewhere=0.1, memory=1)


class Worker:
    """Stands for a process, without one."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.is_retired = False
        self.use, self.waited, self.written, self.since = SMALL, 0.0, 0.0, 0.0
        self.job: Job | None = None
        self.following: Job | None = None

    def begin(self, job: Job) -> None:
        """See `Process`."""
        self.jobs.append(job)
        self.job = job

    def retire(self) -> None:
        """See `Process`."""
        self.is_retired = True

    def look(self, now: float) -> None:
        """See `Process`."""

    def take_back(self) -> Job | None:
        """See `Process`."""
        job, self.following = self.following, None
        return job


class Service:
    """A pool and its processes, at most `most`."""

    def __init__(self, most: int = 100) -> None:
        self.processes: list[Worker] = []
        self._most = most
        self.pool = Pool(start=self._start, memory=1000, commit=lambda: 0.001)

    def _start(self) -> Process | None:
        if len(self.processes) == self._most:
            return None
        self.processes.append(Worker())
        return self.processes[-1]  # type: ignore[return-value]

    def run(self, count: int = 1, *, at_once: bool = False) -> list[bool]:
        """Run invocations."""
        return [self.pool.run(job(), at_once=at_once) for _ in range(count)]

    def free(self, number: int, *, use: Use = SMALL, now: float = 0.0) -> None:
        """End the invocation of a process."""
        worker = self.processes[number]
        worker.use, worker.since, worker.job = use, now, None
        self.pool.free(worker)  # type: ignore[arg-type]


def job() -> Job:
    """Return an invocation."""
    done: Callable[[object], None] = lambda _: None  # noqa: E731
    return Job("s.f", "", b"", Answered, timedelta(seconds=1), done)


def test_the_first_invocation_starts_a_process_and_the_next_waits_for_it() -> None:
    service = Service()
    service.run(2)
    assert [len(worker.jobs) for worker in service.processes] == [1]
    service.free(0)
    assert [len(worker.jobs) for worker in service.processes] == [2]


def test_processes_double_while_invocations_wait() -> None:
    service = Service()
    service.run(20)
    counts = []
    for _ in range(6):
        service.pool.grow(idle=True, now=0.0)
        counts.append(len(service.processes))
    assert counts == [2, 4, 8, 16, 20, 20]
    assert service.pool.grow(idle=True, now=0.0) is False


def test_there_are_no_more_while_the_broker_is_busy() -> None:
    service = Service()
    service.run(20)
    service.free(0)
    assert service.pool.grow(idle=False, now=0.0) is True
    assert len(service.processes) == 1


def test_there_are_more_if_all_may_hang_however_busy_the_broker_is() -> None:
    service = Service()
    service.run(20)
    service.free(0)
    service.pool.grow(idle=False, now=1.0)
    assert len(service.processes) == 2


def test_there_are_no_more_while_the_cores_are_busy() -> None:
    service = Service()
    service.run(400)
    for _ in range(100):
        service.free(0, use=Use(cpu=0.1, elsewhere=0.0, memory=1))
        service.pool.grow(idle=True, now=0.0)
    busy = len(service.processes)
    assert 2 <= busy <= 2 * (os.cpu_count() or 1)
    for _ in range(100):
        service.free(0, use=Use(cpu=0.001, elsewhere=0.1, memory=1))
    service.pool.grow(idle=True, now=0.0)
    assert len(service.processes) > busy


def test_a_write_waits_for_its_commit_and_for_the_cores() -> None:
    """What it waits for the cores does not call for more processes."""
    counts = []
    for written in (0.0, 0.002, 1.0):
        service = Service()
        service.run(400)
        for _ in range(200):
            service.processes[0].written = written
            service.free(0, use=Use(cpu=0.0002, elsewhere=0.0, memory=1))
            service.pool.grow(idle=True, now=0.0)
        counts.append(len(service.processes))
    assert counts[0] < counts[1] == counts[2] < 50


def test_there_are_more_if_nothing_ends_whatever_was_before() -> None:
    service = Service()
    service.run(100)
    for _ in range(20):
        service.free(0, use=Use(cpu=0.1, elsewhere=0.0, memory=1))
    service.pool.grow(idle=True, now=0.0)
    before = len(service.processes)
    for now in (1.0, 1.01, 1.02, 1.03):
        service.pool.grow(idle=True, now=now)
    assert len(service.processes) >= 4 + before


def test_a_broker_that_is_late_itself_blames_no_invocation() -> None:
    service = Service()
    service.run(100)
    for _ in range(20):
        service.free(0, use=Use(cpu=0.1, elsewhere=0.0, memory=1))
    service.pool.grow(idle=True, now=0.0)
    before = len(service.processes)
    for _ in range(20):
        service.pool.grow(idle=False, now=0.3)
    assert len(service.processes) == before


def test_a_process_that_is_killed_while_it_is_idle_gets_no_invocation() -> None:
    service = Service()
    service.run(1)
    service.free(0)
    service.pool.leave(service.processes[0])  # type: ignore[arg-type]
    service.run(1)
    service.pool.gone(service.processes[0])  # type: ignore[arg-type]
    assert [len(worker.jobs) for worker in service.processes] == [1, 1]


class TestAhead:
    """A short invocation takes the next along; a long one gives it back."""

    def service(self) -> Service:
        service = Service()
        service.run(3)
        service.free(0, use=Use(cpu=0.0001, elsewhere=0.0, memory=1))
        return service

    def test_the_next_goes_ahead_of_its_turn(self) -> None:
        service = self.service()
        worker = service.processes[0]
        following = service.pool.follow(worker)  # type: ignore[arg-type]
        assert following is not None
        assert service.pool.follow(worker) is None  # type: ignore[arg-type]  # none waits

    def test_none_goes_ahead_behind_what_may_take_long(self) -> None:
        service = Service()
        service.run(30)
        service.free(0, use=Use(cpu=0.0001, elsewhere=0.5, memory=1))
        assert service.pool.follow(service.processes[0]) is None  # type: ignore[arg-type]

    def test_none_goes_ahead_to_a_process_that_is_to_end(self) -> None:
        service = self.service()
        service.processes[0].use = Use(cpu=0.0001, elsewhere=0.0, memory=2000)
        assert service.pool.follow(service.processes[0]) is None  # type: ignore[arg-type]

    def test_it_comes_back_if_the_other_does_not_end(self) -> None:
        service = self.service()
        worker = service.processes[0]
        worker.following = service.pool.follow(worker)  # type: ignore[arg-type]
        assert service.pool.grow(idle=True, now=0.01) is True
        assert (worker.following is None, len(service.processes)) == (False, 1)
        service.pool.grow(idle=True, now=0.03)
        assert (worker.following is None, len(service.processes)) == (True, 2)

    def test_a_client_that_leaves_takes_it_back(self) -> None:
        service = self.service()
        worker = service.processes[0]
        worker.following = job = service.pool.follow(worker)  # type: ignore[arg-type]
        assert job is not None
        assert service.pool.cancel(job)
        assert not service.pool.cancel(job)

    def test_it_is_the_first_to_run_if_its_process_is_gone(self) -> None:
        service = self.service()
        worker = service.processes[0]
        job = service.pool.follow(worker)  # type: ignore[arg-type]
        assert job is not None
        service.pool.gone(worker)  # type: ignore[arg-type]
        service.pool.again(job)
        assert service.processes[1].jobs == [job]


def test_a_call_gets_a_process_at_once_or_is_refused() -> None:
    service = Service(most=2)
    assert service.run(3, at_once=True) == [True, True, False]


def test_the_number_of_processes_has_an_end() -> None:
    service = Service(most=3)
    service.run(10)
    for _ in range(5):
        service.pool.grow(idle=True, now=0.0)
    assert len(service.processes) == 3
    service.free(1)
    assert len(service.processes[1].jobs) == 2


def test_a_process_with_much_memory_ends_and_another_takes_its_place() -> None:
    service = Service()
    service.run(2)
    service.free(0, use=Use(cpu=0.0, elsewhere=0.0, memory=1001))
    assert service.processes[0].is_retired
    assert [len(worker.jobs) for worker in service.processes] == [1, 1]


def test_a_process_that_is_gone_is_replaced_if_invocations_wait() -> None:
    service = Service()
    service.run(2)
    service.pool.gone(service.processes[0])  # type: ignore[arg-type]
    assert [len(worker.jobs) for worker in service.processes] == [1, 1]


def test_idle_processes_end_the_last_one_later() -> None:
    service = Service()
    service.run(3, at_once=True)
    for number in range(3):
        service.free(number, now=float(number))
    service.pool.look(29.0)
    assert not any(worker.is_retired for worker in service.processes)
    service.pool.look(31.5)
    assert [worker.is_retired for worker in service.processes] == [True, True, False]
    service.pool.look(301.0)
    assert not service.processes[2].is_retired
    service.pool.look(303.0)
    assert service.processes[2].is_retired


def test_what_waits_can_be_taken_back() -> None:
    service = Service()
    first, second = job(), job()
    service.pool.run(first)
    service.pool.run(second)
    assert (service.pool.cancel(first), service.pool.cancel(second)) == (False, True)
    assert service.pool.close() == []


@pytest.mark.parametrize("count", [0, 3])
def test_the_end_gives_back_what_waits(count: int) -> None:
    service = Service()
    service.run(1 + count)
    assert len(service.pool.close()) == count
