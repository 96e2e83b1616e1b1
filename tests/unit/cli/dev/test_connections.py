"""One connection cannot hold on to the server: headers must come, replies must be read, and there are only so many connections.

The protocol is driven without a socket, on a loop whose timers the test fires.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from oort.cli.dev.connections import KEEP_ALIVE, Connection
from oort.model import limits

PAUSE = limits.CLIENT_PAUSE.total_seconds()
HALF = b"GET /notes HTTP/1.1\r\nhost: x\r\n"


class Timer:
    """What `call_later` gives."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds, self.call, self.cancelled = seconds, call, False

    def cancel(self) -> None:
        """It will not fire."""
        self.cancelled = True


class Loop:
    """Timers that fire when the test says so; requests are noted and not run."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.requests = 0

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Note it."""
        self.timers.append(Timer(seconds, call))
        return self.timers[-1]

    def create_task(self, work: Any, **_: object) -> "asyncio.Future[None]":
        """Do not run it."""
        self.requests += 1
        work.close()
        return _Task()  # type: ignore[return-value]

    @property
    def waiting(self) -> list[float]:
        """After how many seconds something would happen."""
        return [timer.seconds for timer in self.timers if not timer.cancelled]

    def fire(self) -> None:
        """Let the time of the only timer pass."""
        (timer,) = [one for one in self.timers if not one.cancelled]
        timer.call()


class _Task:
    def add_done_callback(self, _: object) -> None:
        """Nobody waits."""


class Wire:
    """The transport: what was written, what the client has not read, and how it ended."""

    def __init__(self) -> None:
        self.written, self.unread, self.end = b"", 0, ""

    def write(self, data: bytes) -> None:
        """Send it."""
        self.written += data

    def close(self) -> None:
        """After what is written was read."""
        self.end = self.end or "closed"

    def abort(self) -> None:
        """At once."""
        self.end = "aborted"

    def is_closing(self) -> bool:
        """Whether it ended."""
        return bool(self.end)

    def get_write_buffer_size(self) -> int:
        """What the client has not read."""
        return self.unread

    def get_extra_info(self, name: str) -> object:
        """Nothing is known."""
        return None

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self) -> None:
        """Nothing to go on with."""


class Client:
    """One connection with its wire and its loop."""

    def __init__(self, state: ServerState | None = None) -> None:
        async def app(scope: object, receive: object, send: object) -> None: ...

        self.loop, self.wire = Loop(), Wire()
        config = uvicorn.Config(
            app, interface="asgi3", lifespan="off", log_config=None, timeout_keep_alive=KEEP_ALIVE
        )
        self.connection = Connection(
            config, state or ServerState(), {}, cast(asyncio.AbstractEventLoop, self.loop)
        )
        self.connection.connection_made(cast(asyncio.Transport, self.wire))

    def say(self, data: bytes) -> None:
        """The client sends this."""
        self.connection.data_received(data)

    def answered(self) -> None:
        """The reply was written."""
        self.connection.cycle.response_complete = True
        self.connection.on_response_complete()


def test_a_connection_that_says_nothing_may_wait_as_an_idle_one() -> None:
    client = Client()
    assert client.loop.waiting == [KEEP_ALIVE]
    client.loop.fire()
    assert client.wire.end == "closed"


def test_headers_that_do_not_come_to_an_end_end_the_connection_however_they_drip() -> None:
    client = Client()
    for byte in HALF:
        client.say(bytes([byte]))
        assert client.loop.waiting == [PAUSE]
    assert len(client.loop.timers) == 2  # drops do not begin the time anew
    client.loop.fire()
    assert (client.wire.end, client.loop.requests) == ("closed", 0)


def test_line_breaks_are_no_request_either() -> None:
    client = Client()
    client.say(b"\r\n")
    client.say(b"\r\n")
    assert client.loop.waiting == [PAUSE]


def test_a_request_that_is_complete_is_under_no_hurry() -> None:
    client = Client()
    client.say(HALF)
    client.say(b"\r\n")
    assert (client.loop.requests, client.loop.waiting) == (1, [])


@pytest.mark.parametrize("rest", [b"\r\n", HALF])
def test_after_a_reply_the_next_request_must_come_as_fast(rest: bytes) -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.answered()
    assert client.loop.waiting == [KEEP_ALIVE]
    client.say(rest)
    assert client.loop.waiting == [PAUSE]


def test_a_client_that_does_not_read_its_reply_is_cut_off() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.wire.unread = 1000
    client.answered()
    client.loop.fire()
    assert client.wire.end == "aborted"


def test_so_is_one_whose_connection_was_to_end_with_the_reply() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.wire.unread = 1000
    client.wire.close()
    client.answered()
    assert client.loop.waiting == [limits.CLIENT_TIME.total_seconds()]
    client.loop.fire()
    assert client.wire.end == "aborted"


def test_a_lost_connection_leaves_no_timer() -> None:
    client = Client()
    client.say(HALF)
    client.connection.connection_lost(None)
    assert client.loop.waiting == []


def test_one_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 2)
    state = ServerState()
    first, second, third = (Client(state) for _ in range(3))
    assert [client.wire.end for client in (first, second, third)] == ["", "", "closed"]
    assert third.wire.written.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n")
    assert len(third.wire.written.partition(b"\r\n\r\n")[2]) == 30
    first.connection.connection_lost(None)
    third.connection.connection_lost(None)
    assert Client(state).wire.end == ""
