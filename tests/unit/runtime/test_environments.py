"""Where a handler runs: its handles, the ports made for it, async handlers, and what close leaves behind."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import msgspec
import pytest

from oort import Can, Context, Event, Get, Principal, Publish, Put, Service, Table, event
from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.model.errors import InvalidUse
from oort.model.operations import Found, GetItem, Request
from oort.runtime.environments import Environment, in_full, in_short
from tests.unit.runtime.kit import RecordingBroker, Running, document


class Item(msgspec.Struct):
    """An item."""

    id: str


class Pool:
    """A port that is opened and closed."""

    def __init__(self, log: list[str], name: str = "pool") -> None:
        self.log, self.name = log, name
        log.append(f"open {name}")

    def close(self) -> None:
        """Say so."""
        self.log.append(f"close {self.name}")


class Client:
    """A port that needs another one."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool


def pooled(log: list[str], *, fails: list[Exception] | None = None) -> Service:
    """A service whose handler needs a client, which needs a pool. `fails` are raised by the pool, one each time."""
    service = Service("pooled")

    @service.provide
    def pool() -> Iterator[Pool]:
        if fails:
            raise fails.pop()
        opened = Pool(log)
        yield opened
        opened.close()

    @service.provide
    def client(pool: Pool) -> Iterator[Client]:
        log.append("open client")
        yield Client(pool)
        log.append("close client")

    @service.get("/", public=True)
    def use(client: Client, pool: Pool) -> bool:
        return client.pool is pool

    return service


def test_ports_are_made_once_an_environment_and_closed_newest_first() -> None:
    log: list[str] = []
    running = Running(pooled(log))
    assert log == []  # nothing is opened before it is needed
    assert [running.request().body for _ in range(3)] == [b"true"] * 3
    assert log == ["open pool", "open client"]
    running.environment.close()
    assert log[2:] == ["close client", "close pool"]
    running.environment.close()  # twice is fine
    assert len(log) == 4
    running.request()  # and it can be used again
    assert log[4:] == ["open pool", "open client"]


def test_a_provider_that_fails_is_a_500_and_is_tried_again() -> None:
    log: list[str] = []
    running = Running(pooled(log, fails=[OSError("no route"), OSError("no route")]))
    outcomes = [running.request() for _ in range(3)]
    assert [(one.status, one.entered) for one in outcomes] == [
        (500, False),
        (500, False),
        (200, True),
    ]
    assert "no route" in outcomes[0].error
    assert b"no route" not in outcomes[0].body
    assert log == ["open pool", "open client"]


def test_a_provider_that_does_not_close_is_logged_and_the_others_are_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[str] = []
    service = pooled(log)

    class Last:
        """Opened last, so closed first."""

    @service.provide
    def last(client: Client) -> Iterator[Last]:
        yield Last()
        raise OSError("still busy")

    @service.get("/last", public=True)
    def use_last(last: Last) -> None: ...

    functions = load([service]).functions
    environment = Environment(
        functions["pooled.use_last"],
        broker=RecordingBroker(),
        clock=VirtualClock(),
        entropy=SeededEntropy(1),
    )
    environment.arguments()
    with caplog.at_level(logging.WARNING):
        environment.close()
    assert log == ["open pool", "open client", "close client", "close pool"]
    assert "A provider of pooled.use_last did not close" in caplog.text
    assert "still busy" in caplog.text


def test_a_provider_that_yields_nothing_says_so() -> None:
    service = Service("empty")

    @service.provide
    def pool() -> Iterator[Pool]:
        yield from ()

    @service.get("/", public=True)
    def use(pool: Pool) -> None: ...

    outcome = Running(service).request()
    assert outcome.status == 500
    assert "The provider pool ended without a yield. Yield the port once." in outcome.error


@pytest.mark.parametrize("generator", [False, True])
def test_overrides_take_the_place_of_providers_and_are_closed_too(generator: bool) -> None:
    log: list[str] = []

    def plain() -> Pool:
        return Pool(log, "mine")

    def yielding() -> Iterator[Pool]:
        made = Pool(log, "mine")
        yield made
        made.close()

    override: Callable[..., object] = yielding if generator else plain
    running = Running(pooled(log), overrides={Pool: override})
    assert running.request().body == b"true"
    running.environment.close()
    assert log == [
        "open mine",
        "open client",
        "close client",
        *(["close mine"] if generator else []),
    ]


def test_a_bad_request_opens_no_port() -> None:
    log: list[str] = []
    service = Service("strict")

    @service.provide
    def pool() -> Pool:
        return Pool(log)

    @service.get("/", public=True)
    def use(pool: Pool, limit: int) -> None: ...

    assert Running(service).request().status == 400
    assert log == []


@event("handy.done", version=1, key="id")
class Done(Event):
    """Done."""

    id: str


def test_handles_carry_exactly_their_actions_and_the_invocations_token() -> None:
    service = Service("handy")

    @service.table("items", key="id")
    class Items(Table[str, Item, Can]):
        """Items."""

    @service.get("/{id}", public=True)
    def show(id: str, items: Items[Get | Put], out: Publish[Done]) -> Item | None:
        assert items._actions == {Get, Put}
        assert out._events == (Done,)
        return items.get(id)

    broker = RecordingBroker(lambda _: Found({"id": "7"}))
    assert Running(service, broker=broker).request(path={"id": "7"}).body == b'{"id":"7"}'
    assert broker.requests == [Request("t1", GetItem("handy.items", ("7",)))]


def test_the_context_says_what_and_how_long() -> None:
    service = Service("timed")

    @service.get("/", public=True)
    def show(ctx: Context, who: Principal | None = None) -> list[object]:
        return [ctx.message_id, ctx.attempt, ctx.remaining(ctx.now).total_seconds(), who and who.id]

    running = Running(service)
    assert msgspec.json.decode(running.request().body) == ["i1", 1, 29.0, None]
    assert msgspec.json.decode(running.request(principal=Principal("ada")).body)[3] == "ada"


def asynchronous() -> Service:
    """Three handlers that await."""
    service = Service("waits")

    @service.get("/{what}", public=True)
    async def wait(what: str) -> str:
        await asyncio.sleep(0)
        if what == "fail":
            raise ValueError("after waiting")
        if what == "cancel":
            raise asyncio.CancelledError
        return what

    return service


def test_an_async_handler_is_run_to_its_end() -> None:
    running = Running(asynchronous())
    assert [running.request(path={"what": word}).body for word in ("a", "b")] == [b'"a"', b'"b"']


@pytest.mark.parametrize(
    ("what", "error"), [("fail", "after waiting"), ("cancel", "CancelledError")]
)
def test_an_async_handler_that_fails_or_is_cancelled_is_a_500(what: str, error: str) -> None:
    outcome = Running(asynchronous()).request(path={"what": what})
    assert outcome.status == document(outcome)["status"] == 500
    assert error in outcome.error


def test_a_handle_outside_an_invocation_is_refused() -> None:
    service = Service("late")
    kept: list[Table[str, Item, Get]] = []

    @service.table("items", key="id")
    class Items(Table[str, Item, Can]):
        """Items."""

    @service.get("/", public=True)
    def show(items: Items[Get]) -> None:
        kept.append(items)

    Running(service).request()
    with pytest.raises(InvalidUse, match="used after the end of its invocation"):
        kept[0].get("1")


def test_a_port_that_nobody_provides_says_so() -> None:
    log: list[str] = []
    running = Running(pooled(log))
    running.function.providers.pop(Pool)  # type: ignore[attr-defined]  # the loader would have refused it
    assert "No provider makes" in running.request().error


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("a\nb"), "ValueError: a b"),
        (ValueError(), "ValueError"),
        (Mute(), "Mute: its text cannot be read"),
        (ValueError("x" * 1000), f"ValueError: {'x' * 488}"),
    ],
)
def test_an_exception_in_short_is_one_line(error: Exception, line: str) -> None:
    assert in_short(error) == line
    assert type(error).__name__ in in_full(error)[:200] or len(in_full(error)) > 500
