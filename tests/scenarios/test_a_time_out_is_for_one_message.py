"""P23: `timeout=` is the time of one message or request; a batch gets the time of all its messages, on both targets."""

import json
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from oort import Can, Context, Put, Queue, Service, Table
from oort.app.loading.loader import load
from oort.engine.invoking.invoker import InProcessInvoker
from oort.model.messages import Message
from oort.rules import triggers
from oort.testing import Platform
from tests.scenarios.targets import IN_PROCESS, LambdaInvoker, OnLambda
from tests.unit.aws.lambdas import Lambda

SHORT = timedelta(milliseconds=600)


class Job(msgspec.Struct):
    id: str
    seconds: float = 0.0


class Ticking(Platform):
    """The test kit with a clock that counts the time that handlers really take."""

    def _load(self, services: object) -> None:
        self._clock.tick = time.perf_counter_ns  # type: ignore[method-assign]
        super()._load(services)  # type: ignore[arg-type]


class TickingOnLambda(Ticking, OnLambda):
    """The same with functions behind Lambda's entry."""


TICKING = pytest.mark.parametrize("target", [Ticking, TickingOnLambda], ids=["engine", "lambda"])


def shop(*, timeout: timedelta = SHORT, batch: int = 10) -> Service:
    service = Service("shop")

    @service.table("done", key="id")
    class Done(Table[str, Job, Can]): ...

    @service.queue("jobs", attempts=5)
    class Jobs(Queue[Job, Can]): ...

    @service.worker(Jobs, batch=batch, timeout=timeout)
    def work(job: Job, done: Done[Put], ctx: Context) -> None:
        assert ctx.deadline - ctx.now == timeout
        done.put(Job(f"begun {job.id}"))
        time.sleep(job.seconds)
        done.put(Job(job.id))

    @service.get("/slow", public=True, timeout=SHORT)
    def slow() -> str:
        time.sleep(2 * SHORT.total_seconds())
        return "late"

    return service


def done(platform: Platform) -> set[str]:
    return {str(item["id"]) for page in platform._pages("shop.done") for item in page.items}


def send(platform: Platform, *jobs: Job) -> None:
    (queue,) = (queue for queue in platform.model.queues if queue.name == "shop.jobs")
    for job in jobs:
        message = platform._stamped(
            name=queue.name, body=msgspec.json.encode(job), key="", version=1, oldest=0, older=()
        )
        platform._engine.ports.queues.send(queue.name, message)


@TICKING
def test_each_message_has_its_own_time(target: type[Platform]) -> None:
    with target(shop(), redeliver=False) as platform:
        jobs = [Job(str(number), 0.13) for number in range(6)]  # together more than one time-out
        send(platform, *jobs)
        platform.settle()
        assert {job.id for job in jobs} <= done(platform)
        assert platform.failures() == []


@TICKING
def test_a_message_that_takes_too_long_fails_alone(target: type[Platform]) -> None:
    with target(shop(), redeliver=False) as platform:
        send(platform, Job("a"), Job("slow", 0.9), Job("b"))
        platform.settle()
        assert done(platform) == {"begun a", "a", "begun slow", "begun b", "b"}
        (report,) = platform.failures()
        assert report.failure is not None
        assert "TimedOut: The function was not done after 0.6 s." in report.failure.error


@TICKING
def test_a_request_that_takes_too_long_is_a_504_with_its_reason_in_the_log(
    target: type[Platform],
) -> None:
    with target(shop()) as platform:
        reply = platform.get("/shop/slow")
        assert reply.status == 504
        assert "TimedOut" in reply.error
        assert b"Traceback" not in reply.body


@IN_PROCESS
def test_a_batch_that_has_no_time_left_gives_back_the_rest_untouched(
    target: type[Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oort.rules.triggers.lasts", lambda _: timedelta(seconds=1))
    with target(shop(), redeliver=False) as platform:
        if isinstance(platform._engine.invoker, LambdaInvoker):
            platform._engine.invoker.remaining = 1.0
        send(platform, Job("a"), Job("b"), Job("c"))
        assert isinstance(platform._engine.invoker, InProcessInvoker)
        for delivered in ({"a"}, {"a", "b"}, {"a", "b", "c"}):
            platform._engine.consumers.deliver("shop.jobs")
            assert {name for name in done(platform) if "begun" not in name} == delivered
        assert platform.failures() == []


def test_an_attempt_that_did_not_begin_does_not_count_on_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oort.rules.triggers.lasts", lambda _: timedelta(seconds=1))
    with Platform(shop(), redeliver=False) as platform:
        send(platform, *(Job(str(number)) for number in range(8)))  # of five attempts each
        platform.settle()
        assert len([name for name in done(platform) if "begun" not in name]) == 8
        assert platform._engine.ports.queue_inspection.dead("shop.jobs", most=10) == []


def test_the_rest_of_a_batch_comes_back_at_once_on_lambda_and_is_told() -> None:
    cloud = Lambda()
    cloud.remaining = 30.0  # the first message begins; the second would need 30 s and the report
    first, second = (
        Message(id=name, name="shop.work", body=f'{{"id":"{name}","cents":1}}'.encode())
        for name in ("1", "2")
    )
    assert cloud.deliver("shop.work", first, second) == ["m1"]
    assert cloud.ports.tables.get("shop.orders", ("2",)) is None
    assert cloud.waits == [timedelta(0)]
    (line,) = (line for line in cloud.lines() if line.get("message_id") == "2")
    assert line["message"] == "not begun: the invocation has no time left"


@pytest.mark.parametrize(
    ("timeout", "batch", "fetched", "lasts"),
    [(30, 10, 10, 310), (120, 10, 7, 850), (600, 10, 1, 610), (900, 10, 1, 900), (1, 1, 1, 11)],
)
def test_function_queue_and_batch_have_times_that_fit(
    timeout: int, batch: int, fetched: int, lasts: int
) -> None:
    (service,) = load([shop(timeout=timedelta(seconds=timeout), batch=batch)]).model.services
    (work,) = (function for function in service.functions if function.name == "shop.work")
    (queue,) = (each for each in service.resources if each.name == "shop.jobs")
    assert work.trigger.batch == fetched  # type: ignore[union-attr]
    assert triggers.lasts(work) == timedelta(seconds=lasts)
    assert queue.visibility == timedelta(seconds=6 * lasts)  # type: ignore[union-attr]
    assert fetched * timeout <= 900


def test_the_template_gives_a_function_the_time_of_its_batch() -> None:
    template = json.loads(Path("tests/golden/cometbid/email.template.json").read_text("utf-8"))
    resources = template["Resources"].values()
    times = {
        resource["Properties"]["FunctionName"].rpartition("_")[2]: resource["Properties"]["Timeout"]
        for resource in resources
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert times["deliver"] == 310
