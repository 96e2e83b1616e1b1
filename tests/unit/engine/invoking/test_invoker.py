"""Warm environments: kept between invocations, one invocation at a time each, closed at the end."""

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from oort.engine.engine import Deviations
from oort.engine.store.direct import DirectStore
from oort.model.invocations import HttpInvocation, HttpOutcome
from oort.model.messages import Delivery, Message
from oort.model.operations import GetItem, Refused, Request
from tests.unit.engine.desk import Desk, Doing, Note


def job(number: int) -> Delivery:
    """A delivery of a job."""
    message = Message(id=f"m{number}", name="desk.jobs", body=f'{{"id":"{number}"}}'.encode())
    return Delivery(message=message, receipt=f"r{number}", attempt=1)


class Ports:
    """Makes ports that log their life, and may hold their call until a test lets go."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.inside = threading.Semaphore(0)
        self.release = threading.Event()
        self.release.set()

    def __call__(self) -> Iterator[Doing]:
        number = len(self.opened)
        self.opened.append(number)
        yield Waiting(self)
        self.closed.append(number)


class Waiting(Doing):
    """Waits inside the handler."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def __call__(self, note: Note, ctx: object) -> None:
        self._ports.inside.release()
        assert self._ports.release.wait(10)


def read(desk: Desk, id: str = "1") -> HttpOutcome:
    """A request to `show`."""
    invocation = HttpInvocation(
        id="i",
        token="",
        traceparent="",
        path={"id": id},
        query=(),
        headers={},
        body=b"",
        principal=None,
    )
    return desk.engine.invoker.request("desk.show", invocation)


def test_an_environment_is_kept_and_used_again() -> None:
    ports = Ports()
    desk = Desk(DirectStore(), overrides={Doing: ports})
    for number in range(3):
        assert desk.engine.invoker.batch("desk.work", (job(number),), id="i").failures == ()
    assert (ports.opened, ports.closed) == ([0], [])
    desk.engine.invoker.close()
    assert ports.closed == [0]
    desk.engine.invoker.batch("desk.work", (job(4),), id="i")
    assert ports.opened == [0, 1]


def test_invocations_at_the_same_time_have_environments_of_their_own() -> None:
    ports = Ports()
    ports.release.clear()
    desk = Desk(DirectStore(), overrides={Doing: ports})
    threads = [
        threading.Thread(
            target=desk.engine.invoker.batch, args=("desk.work", (job(number),)), kwargs={"id": "i"}
        )
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert ports.inside.acquire(timeout=10)
    ports.release.set()
    for thread in threads:
        thread.join(10)
    assert len(ports.opened) == 3
    desk.engine.invoker.close()
    assert sorted(ports.closed) == [0, 1, 2]


class Keeping(Doing):
    """Keeps the tokens that are good while it runs."""

    def __init__(self, kept: list[str], holders: Mapping[str, object]) -> None:
        self._kept, self._holders = kept, holders

    def __call__(self, note: Note, ctx: object) -> None:
        self._kept.extend(self._holders)


def test_the_token_is_good_only_while_the_invocation_runs() -> None:
    kept: list[str] = []
    overrides: dict[object, Callable[[], Doing]] = {}
    desk = Desk(DirectStore(), overrides=overrides)
    broker = desk.engine.broker
    overrides[Doing] = lambda: Keeping(kept, broker._holders)
    desk.engine.invoker.batch("desk.work", (job(1),), id="i")
    assert len(kept) == 1
    result = broker.perform(Request(kept[0], GetItem("desk.notes", ("1",))))
    assert result == Refused(
        "permission.denied", "The invocation is over; its token is no longer good."
    )
    assert read(desk).status == 200
    assert broker._holders == {}


def test_an_unknown_function_is_a_key_error_and_leaves_nothing_behind() -> None:
    desk = Desk(DirectStore())
    with pytest.raises(KeyError):
        desk.engine.invoker.batch("desk.nothing", (), id="i")
    assert desk.engine.broker._holders == {}


class Ending(Doing):
    """Raises what ends a test."""

    def __call__(self, note: Note, ctx: object) -> None:
        raise KeyboardInterrupt


def test_what_ends_a_test_gives_the_environment_and_the_token_back() -> None:
    through = Deviations(through=(KeyboardInterrupt,))
    desk = Desk(DirectStore(), overrides={Doing: Ending}, deviations=through)
    with pytest.raises(KeyboardInterrupt):
        desk.engine.invoker.batch("desk.work", (job(1),), id="i")
    assert desk.engine.broker._holders == {}
