"""A running request ends once: by its handler, by its time-out, or with the server."""

import asyncio
import gc
from collections.abc import Callable, Iterator

import pytest

from oort.engine.gateway.answers import Then
from oort.engine.gateway.calls import Call, Calls
from oort.engine.gateway.gateway import Admission, Gateway
from oort.engine.store.direct import DirectStore
from oort.model.http import HttpReply, HttpRequest
from tests.unit.engine.desk import Desk

DONE = HttpReply(200, (), b"done", trace="")


class Answers:
    """Handlers that end when the test says so, and can be cancelled until they begin."""

    patience = 0.0

    def __init__(self) -> None:
        self.has_begun = True
        self.fails = False
        self.ends: list[Then] = []

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> "Begun":
        """See `Answers`."""
        if self.fails:
            raise RuntimeError("The threads have ended.")
        self.ends.append(then)
        return Begun(then, has_begun=self.has_begun)

    def close(self) -> None:
        """See `Answers`."""


class Begun:
    """A request that has begun, or that waits."""

    def __init__(self, then: Then, *, has_begun: bool) -> None:
        self.then = then
        self._has_begun = has_begun

    def cancel(self) -> bool:
        """See `answers.Begun`."""
        return not self._has_begun


class Kit:
    """The calls of a gateway, and the replies that were sent."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.answers = Answers()
        self.replies: list[HttpReply] = []
        self.calls = Calls(gateway, self.answers, timed=True)

    def begin(self) -> Call:
        """Begin a request."""
        admitted = self.gateway.admit(HttpRequest("GET", "/desk/1"))
        assert isinstance(admitted, Admission)
        call = self.calls.prepared(admitted, then=self.replies.append)
        self.calls.begin(call, b"")
        return call

    def run(self, steps: Callable[[], None]) -> list[int]:
        """Run the steps on an event loop, and return the statuses of the replies."""

        async def work() -> None:
            steps()
            await asyncio.sleep(0)

        asyncio.run(work())
        return [reply.status for reply in self.replies]


@pytest.fixture
def kit() -> Iterator[Kit]:
    store = DirectStore()
    yield Kit(Desk(store).engine.gateway)
    store.close()


def test_a_handler_ends_its_request_once(kit: Kit) -> None:
    def steps() -> None:
        call = kit.begin()
        assert kit.calls.running == {call}
        kit.answers.ends[0](DONE)
        kit.answers.ends[0](DONE)
        call.expire()
        call.cancel()

    assert kit.run(steps) == [200]
    assert not kit.calls.running


def test_an_error_of_the_engine_is_a_reply_without_details(kit: Kit) -> None:
    def steps() -> None:
        kit.begin()
        kit.answers.ends[0](ZeroDivisionError("details"))
        kit.answers.fails = True
        kit.begin()

    assert kit.run(steps) == [500, 500]
    assert b"details" not in kit.replies[0].body


def test_a_request_that_has_ended_leaves_no_cycle(kit: Kit) -> None:
    """Garbage in cycles waits for a collection, which stops every request."""

    def steps() -> None:
        kit.begin()
        gc.collect()
        for _ in range(20):
            kit.begin()
        for then in kit.answers.ends:
            then(DONE)
        kit.answers.ends.clear()
        assert gc.collect() < 20

    kit.run(steps)


@pytest.mark.parametrize(("has_begun", "status"), [(True, 504), (False, 503)])
def test_a_time_out_ends_a_request(kit: Kit, has_begun: bool, status: int) -> None:
    def steps() -> None:
        kit.answers.has_begun = has_begun
        call = kit.begin()
        kit.calls._look()
        assert kit.replies == []
        call.due = 0.0
        kit.calls._look()
        kit.answers.ends[0](DONE)

    assert kit.run(steps) == [status]


def test_a_function_that_has_just_finished_ends_its_request_itself(kit: Kit) -> None:
    def steps() -> None:
        call = kit.begin()
        assert call.admitted.cutoff.finish()
        call.expire()
        assert kit.replies == []
        kit.answers.ends[0](DONE)

    assert kit.run(steps) == [200]


def test_a_request_without_a_time_limit_waits(kit: Kit) -> None:
    def steps() -> None:
        kit.calls = Calls(kit.gateway, kit.answers, timed=False)
        assert kit.begin().due == float("inf")
        kit.calls._look()

    assert kit.run(steps) == []


@pytest.mark.parametrize(("has_begun", "word"), [(True, b"cut off"), (False, b"Nothing was done")])
def test_the_end_of_the_server_ends_a_request(kit: Kit, has_begun: bool, word: bytes) -> None:
    def steps() -> None:
        kit.answers.has_begun = has_begun
        kit.begin().cancel(msg="as of a task")
        assert kit.replies == []

    assert kit.run(steps) == [503]
    assert word in kit.replies[0].body
