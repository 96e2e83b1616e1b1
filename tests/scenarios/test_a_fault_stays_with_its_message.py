"""P14, P23: whatever a handler raises concerns its own message or request; its mates go on, on both targets."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from oort import Call, Can, Event, Publish, Put, Queue, Send, Service, Table, atomic, call, event
from oort.model.errors import InvalidUse
from oort.testing import Platform
from tests.scenarios.targets import EVERY_TARGET, IN_PROCESS

POISON = "poison"


class Job(msgspec.Struct):
    id: str


class Unreadable(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise KeyboardInterrupt


class Silent(BaseException):
    """An exception that nobody expects."""


def group() -> BaseException:
    return BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError("x")])


FAULTS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("x"),
    "CancelledError": asyncio.CancelledError,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "SystemExit": lambda: SystemExit(3),
    "StopIteration": StopIteration,
    "BaseExceptionGroup": group,
    "Silent": Silent,
    "half of a surrogate pair": lambda: ValueError("\ud800"),
    "an unreadable text": Unreadable,
}
raised = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


class Port:
    """What a provider makes."""


@event("shop.happened", version=1, key="id")
class Happened(Event):
    id: str


@call("shop.ask")
class Ask(Call[Job, Job]): ...


def shop(fault: Callable[[], BaseException], *, where: str = "handler") -> Service:
    """A service that fails with the fault for the poison, in the handler or in its provider."""
    service = Service("shop")

    @service.table("done", key="id")
    class Done(Table[str, Job, Can]): ...

    @service.queue("jobs", attempts=2)
    class Jobs(Queue[Job, Can]): ...

    def check(identifier: str) -> None:
        if identifier == POISON:
            raise fault()

    @service.provide
    def port() -> Port:
        if where == "provider":
            raise fault()
        return Port()

    @service.worker(Jobs, batch=10)
    def work(job: Job, done: Done[Put], port: Port) -> None:
        check(job.id)
        done.put(job)

    @service.on(Happened, batch=10)
    def hear(event: Happened, done: Done[Put]) -> None:
        check(event.id)
        done.put(Job(f"heard {event.id}"))

    @service.post("/jobs/{id}", public=True)
    def send(id: str, jobs: Jobs[Send], out: Publish[Happened]) -> None:
        jobs.send(Job(id))
        out.publish(Happened(id=id))

    add_requests(service, check)
    return service


def add_requests(service: Service, check: Callable[[str], None]) -> None:
    """Add a route and a call that always fail."""

    @service.get("/fail", public=True)
    def fail(port: Port) -> None:
        check(POISON)

    @service.answer(Ask)
    def answer(request: Job) -> Job:
        check(POISON)
        return request

    @service.get("/ask", public=True)
    def ask(question: Ask) -> Job:
        return question(Job("1"))


def done(platform: Platform) -> set[str]:
    (table,) = (model for model in platform.model.tables)
    return {str(item["id"]) for page in platform._pages(table.name) for item in page.items}


@EVERY_TARGET
@raised
def test_mates_of_a_message_go_on(
    target: type[Platform], fault: Callable[[], BaseException]
) -> None:
    with target(shop(fault), redeliver=False) as platform:
        for name in ("a", POISON, "b"):
            assert platform.post(f"/shop/jobs/{name}").status == 200
        platform.settle()
        assert done(platform) == {"a", "b", "heard a", "heard b"}
        platform.advance(timedelta(hours=1))
        failures = platform.failures()
        assert {report.delivery.message.name for report in failures} == {
            "shop.jobs",
            "shop.happened",
        }
        assert all(report.failure and report.failure.traceback for report in failures)
        dead = platform._engine.ports.queue_inspection.dead("shop.jobs", most=10)
        assert [letter.message.body for letter in dead] == [b'{"id":"poison"}']


@EVERY_TARGET
@raised
def test_a_request_that_fails_is_a_problem_with_a_trace_and_a_traceback(
    target: type[Platform], fault: Callable[[], BaseException]
) -> None:
    with target(shop(fault)) as platform:
        for path, status in (("/shop/fail", 500), ("/shop/ask", 502)):
            reply = platform.get(path)
            assert reply.status == status
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.headers["trace-id"] == reply.trace
        assert "Traceback" in platform.get("/shop/fail").error
        assert platform.post("/shop/jobs/a").status == 200


@EVERY_TARGET
@raised
def test_a_provider_that_fails_costs_the_messages_that_need_it_and_no_other_consumer(
    target: type[Platform], fault: Callable[[], BaseException]
) -> None:
    with target(shop(fault, where="provider"), redeliver=False) as platform:
        platform.post("/shop/jobs/a")
        platform.settle()
        assert done(platform) == {"heard a"}
        assert platform.get("/shop/fail").status == 500


@EVERY_TARGET
def test_an_atomic_block_that_is_left_open_ends_with_its_message(target: type[Platform]) -> None:
    service = Service("shop")

    @service.table("done", key="id")
    class Done(Table[str, Job, Can]): ...

    @service.queue("jobs")
    class Jobs(Queue[Job, Can]): ...

    @service.worker(Jobs, batch=10)
    def work(job: Job, done: Done[Put]) -> None:
        if job.id == POISON:
            atomic().__enter__()
            return
        with atomic() as tx:
            tx.put(done, job)

    with target(service, redeliver=False) as platform:
        for name in (POISON, "a", "b"):
            platform.inject(Jobs, msgspec.json.encode(Job(name)))
        platform.settle()
        assert done(platform) == {"a", "b"}


def test_a_test_that_fails_inside_a_handler_fails() -> None:
    service = Service("shop")

    @service.get("/", public=True)
    def handle() -> None:
        pytest.fail("seen")

    with Platform(service) as platform, pytest.raises(pytest.fail.Exception, match="seen"):
        platform.get("/shop")


class Line(msgspec.Struct):
    id: str


@IN_PROCESS
def test_a_thread_that_outlives_its_handler_has_no_rights_of_the_next_message(
    target: type[Platform],
) -> None:
    shop = Service("shop")
    go_on, errors, threads = threading.Event(), list[BaseException](), list[threading.Thread]()

    @shop.table("lines", key="id")
    class Lines(Table[str, Line, Can]): ...

    @shop.queue("jobs", attempts=1)
    class Jobs(Queue[Line, Can]): ...

    @shop.post("/", public=True)
    def add(body: Line, jobs: Jobs[Send]) -> None:
        jobs.send(body)

    def late(lines: Lines[Put], out: Callable[[], None]) -> None:
        go_on.wait(10)
        for write in (out, lambda: lines.put(Line("late"))):
            try:
                write()
            except BaseException as error:
                errors.append(error)

    def block(lines: Lines[Put], line: Line) -> None:
        with atomic() as tx:
            tx.put(lines, line)

    @shop.worker(Jobs, batch=1)
    def work(message: Line, lines: Lines[Put]) -> None:
        if message.id == "first":
            write = partial(block, lines, Line("late in a block"))
            threads.append(threading.Thread(target=late, args=(lines, write)))
            threads[0].start()
            return
        go_on.set()
        threads[0].join(10)
        block(lines, message)

    with target(shop, redeliver=False) as platform:
        for name in ("first", "second"):
            assert platform.post("/shop", {"id": name}).status == 200
            platform.settle()
        assert [line.id for line in platform.items(Lines)] == ["second"]
        assert [type(error) for error in errors] == [InvalidUse, InvalidUse]
        assert platform.dead(Jobs) == []
