"""One connection cannot hold on to the server: headers must come, replies must be read, and there are only so many connections.

The protocol is driven without a socket, on a loop whose timers the test fires.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from oort.cli.dev import connections
from oort.cli.dev.connections import HEAD_BYTES, KEEP_ALIVE, Connection
from oort.model import limits

PAUSE = limits.CLIENT_PAUSE.total_seconds()
HALF = b"GET /notes HTTP/1.1\r\nhost: x\r\n"


class Timer:
    """What `call_later` gives."""

    def __init__(self, seconds: float, call: Callable[[], None], due: float) -> None:
        self.seconds, self.call, self.due, self.cancelled = seconds, call, due, False

    def cancel(self) -> None:
        """It will not fire."""
        self.cancelled = True


class Loop:
    """Timers that fire when the test says so; requests are noted and not run."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.requests = 0
        self.now = 0.0

    def time(self) -> float:
        """What the test says."""
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Note it."""
        self.timers.append(Timer(seconds, call, self.now + seconds))
        return self.timers[-1]

    def call_soon(self, call: Callable[..., None], *arguments: object) -> None:
        """Call it at once."""
        call(*arguments)

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
        """Let the time of the next timer pass."""
        timer = min((each for each in self.timers if not each.cancelled), key=lambda each: each.due)
        timer.cancelled = True
        self.now = timer.due
        timer.call()


class _Task:
    def add_done_callback(self, _: object) -> None:
        """Nobody waits."""


class Wire:
    """The transport: what was written, what the client has not read, and how it ended."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.written, self.unread, self.end, self.half = b"", 0, "", False

    def write(self, data: bytes) -> None:
        """Send it."""
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nothing more will be written; the client may still send."""
        self.half = True

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
        """Only the address of the client is known."""
        return (self.address, 1) if name == "peername" else None

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self) -> None:
        """Nothing to go on with."""


class Client:
    """One connection with its wire and its loop."""

    def __init__(
        self,
        state: ServerState | None = None,
        *,
        loop: Loop | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        async def app(scope: object, receive: object, send: object) -> None: ...

        self.loop, self.wire = loop or Loop(), Wire(address)
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
    assert PAUSE in client.loop.waiting
    client.loop.fire()
    assert (client.wire.end, client.loop.now) == ("closed", PAUSE)


def test_a_connection_without_a_request_is_closed_a_while_after_its_last_reply() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.answered()
    client.loop.now = KEEP_ALIVE - 5
    client.say(HALF + b"\r\n")
    client.answered()
    assert client.loop.waiting == [KEEP_ALIVE]  # one timer for many requests
    client.loop.fire()
    assert (client.wire.end, client.loop.now) == ("", KEEP_ALIVE)
    client.loop.fire()
    assert (client.wire.end, client.loop.now) == ("closed", 2 * KEEP_ALIVE - 5)


def test_a_request_that_runs_when_that_time_is_over_gets_its_reply_and_another_while() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.answered()
    client.loop.now = KEEP_ALIVE - 5
    client.say(HALF + b"\r\n")
    client.loop.fire()
    assert (client.wire.end, client.loop.waiting) == ("", [])
    client.loop.now = KEEP_ALIVE + 10
    client.answered()
    client.loop.fire()
    assert (client.wire.end, client.loop.now) == ("closed", 2 * KEEP_ALIVE + 10)


def test_a_lost_connection_leaves_no_timer_after_a_reply_either() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.answered()
    client.connection.connection_lost(None)
    assert client.loop.waiting == []


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


# -- offers of another protocol, trailers, and requests in one burst

OFFER = b"POST /notes?a=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, keep-alive\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nAccept: */*\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n"
BODIES = {
    "length": (b"content-length: %d\r\n\r\n" % len(HIDDEN), HIDDEN),
    "chunked": (b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(HIDDEN), HIDDEN + b"\r\n0\r\n\r\n"),
}  # fmt: skip


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("framing", BODIES)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_request_that_offers_another_protocol_keeps_its_body(framing: str, size: int) -> None:
    client, (head, body) = Client(), BODIES[framing]
    for piece in _pieces(OFFER + head + body, size):
        client.say(piece)
    cycle = client.connection.cycle
    assert (client.loop.requests, client.wire.written) == (1, b"")
    assert (bytes(cycle.body), cycle.more_body, cycle.keep_alive) == (HIDDEN, False, True)
    assert [cycle.scope[part] for part in ("method", "raw_path", "query_string")] == [
        "POST", b"/notes", b"a=1"
    ]  # fmt: skip
    names = [name for name, _ in cycle.scope["headers"]]
    assert names[:3] == [b"host", b"connection", b"accept"]


def test_requests_before_and_after_an_offer_are_read_too() -> None:
    client = Client()
    client.say(
        HALF + b"\r\n" + OFFER + b"content-length: 2\r\n\r\n{}" + OFFER + b"\r\n" + HALF + b"\r\n"
    )
    assert (len(client.connection.pipeline), client.wire.end) == (3, "")
    client.answered()
    assert client.loop.requests == 2


def test_a_web_socket_is_not_opened() -> None:
    client = Client()
    client.say(HALF + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n")
    assert (client.loop.requests, client.wire.written) == (1, b"")
    client.answered()
    client.say(HALF + b"\r\n")
    assert client.loop.requests == 2


@pytest.mark.parametrize("target", [b"x:443", b"/notes"])
def test_a_tunnel_is_refused(target: bytes) -> None:
    client = Client()
    client.say(b"CONNECT " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n" + HIDDEN)
    assert (client.loop.requests, client.wire.end) == (0, "closed")
    assert client.wire.written.startswith(b"HTTP/1.1 400 ")


def test_what_follows_a_body_is_no_header() -> None:
    client = Client()
    client.say(HALF + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    client.say(b"authorization: Bearer x\r\nexpect: 100-continue\r\n\r\n")
    cycle = client.connection.cycle
    assert (bytes(cycle.body), cycle.more_body) == (b"{}", False)
    assert cycle.scope["headers"] == [(b"host", b"x"), (b"transfer-encoding", b"chunked")]


def test_trailers_without_an_end_are_refused() -> None:
    client = Client()
    client.say(HALF + b"transfer-encoding: chunked\r\n\r\n0\r\n")
    client.say(b"x: " + b"y" * HEAD_BYTES)
    assert client.wire.written.startswith(b"HTTP/1.1 400 ")


def test_a_body_in_many_parts_is_not_taken_for_headers() -> None:
    client = Client()
    client.say(HALF + b"content-length: 200000\r\n\r\n")
    for _ in range(20):
        client.say(b"y" * 10_000)
    assert (client.wire.written, client.connection.cycle.more_body) == (b"", False)


def test_a_burst_of_requests_may_end_within_a_head() -> None:
    client, whole = Client(), HALF + b"\r\n"
    count = HEAD_BYTES // len(whole) + 1
    client.say(whole * count + HALF)
    client.say(b"\r\n")
    assert (client.wire.end, len(client.connection.pipeline)) == ("", count)


def test_one_head_without_an_end_is_refused() -> None:
    client = Client()
    client.say(HALF + b"x: " + b"y" * HEAD_BYTES)
    assert client.wire.written.startswith(b"HTTP/1.1 400 ")


# -- more connections than there may be


def _crowd(monkeypatch: pytest.MonkeyPatch) -> tuple[ServerState, Loop, list[Client]]:
    monkeypatch.setattr(limits, "CONNECTIONS", 2)
    state, loop = ServerState(), Loop()
    clients = []
    for _ in range(2):
        clients.append(Client(state, loop=loop))
        loop.now += 0.1
    return state, loop, clients


def test_one_connection_too_many_is_told_so_and_can_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, loop, clients = _crowd(monkeypatch)
    for client in clients:
        client.say(HALF + b"\r\n")
    loop.now += 100
    third = Client(state)
    assert [client.wire.end for client in (*clients, third)] == ["", "", ""]
    assert third.wire.written.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n")
    assert len(third.wire.written.partition(b"\r\n\r\n")[2]) == 30
    third.say(HALF + b"\r\n")  # unread bytes would reset the connection
    assert (third.loop.requests, third.wire.half, third.loop.waiting) == (0, True, [1.0])
    third.loop.fire()
    assert third.wire.end == "closed"
    clients[0].connection.connection_lost(None)
    assert not Client(state).wire.written  # the refused one needs no place


def test_refused_connections_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    state, _, _ = _crowd(monkeypatch)
    refused = [Client(state) for _ in range(70)]
    assert [client.wire.end for client in refused] == [""] * 64 + ["closed"] * 6


def test_a_silent_connection_gives_its_place_to_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    loop.now += 1
    third = Client(state, loop=loop)
    third.say(HALF + b"\r\n")
    assert [client.wire.end for client in (first, second, third)] == ["closed", "", ""]
    first.say(HALF + b"\r\n")  # too late: it is closed
    assert (loop.requests, third.wire.written) == (1, b"")


def test_connections_of_the_same_moment_do_not_end_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    third = Client(state, loop=loop)
    assert [client.wire.end for client in (first, second)] == ["", ""]
    assert third.wire.written.startswith(b"HTTP/1.1 503 ")


def test_a_connection_counts_as_quiet_from_its_last_reply_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    loop.now += 1
    first.say(HALF + b"\r\n")
    first.answered()
    Client(state, loop=loop)
    assert [client.wire.end for client in (first, second)] == ["", "closed"]


def test_half_a_head_goes_after_a_silent_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    first.say(HALF)
    loop.now += 1
    Client(state, loop=loop)
    assert [client.wire.end for client in (first, second)] == ["", "closed"]
    Client(state, loop=loop)
    assert first.wire.end == "closed"


def test_the_client_with_most_connections_loses_one_first(monkeypatch: pytest.MonkeyPatch) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    many = [Client(state, loop=loop, address="127.0.0.2")]
    first.connection.connection_lost(None)
    loop.now += 0.1
    many.append(Client(state, loop=loop, address="127.0.0.2"))
    loop.now += 1
    Client(state, loop=loop, address="127.0.0.3")
    assert [client.wire.end for client in (second, *many)] == ["", "closed", ""]


# -- clients that do not read


def test_a_client_that_does_not_read_is_cut_off_whatever_else_it_sends() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.wire.unread = 1000
    client.connection.pause_writing()
    client.answered()
    client.say(HALF + b"\r\n")  # a request behind the reply that nobody reads
    seconds = limits.CLIENT_TIME.total_seconds()
    assert seconds in client.loop.waiting
    while not client.wire.end:
        client.loop.fire()
    assert (client.wire.end, client.loop.now) == ("aborted", seconds)


def test_a_client_that_reads_in_time_is_not() -> None:
    client = Client()
    client.say(HALF + b"\r\n")
    client.connection.pause_writing()
    client.connection.resume_writing()
    assert client.loop.waiting == []
    client.connection.pause_writing()
    client.connection.connection_lost(None)
    assert client.loop.waiting == []


def test_replies_that_nobody_reads_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_BYTES", 2500)
    state, loop = ServerState(), Loop()
    clients = [Client(state, loop=loop) for _ in range(4)]
    for client in clients:
        loop.now += 1
        client.wire.unread = 1000
        client.connection.pause_writing()
    assert [client.wire.end for client in clients] == ["aborted", "aborted", "", ""]


def test_a_client_that_does_not_read_loses_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    state, loop, (first, second) = _crowd(monkeypatch)
    for client in (first, second):
        client.say(HALF + b"\r\n")
        client.wire.unread = 1000
        client.connection.pause_writing()
        loop.now += 5.5
    third = Client(state, loop=loop)  # the first has not read for ten seconds
    assert [client.wire.end for client in (first, second, third)] == ["aborted", "", ""]
    fourth = Client(state, loop=loop)
    first.connection.connection_lost(None)
    assert fourth.wire.written.startswith(b"HTTP/1.1 503 ")


def test_a_client_that_sends_nothing_more_still_gets_its_reply() -> None:
    client = Client()
    assert client.connection.eof_received() is False  # no request
    client.say(HALF)
    assert client.connection.eof_received() is False  # half of one
    client.say(b"\r\n")
    assert client.connection.eof_received() is True
    assert client.connection.cycle.keep_alive is False  # the connection ends with the reply
    client.answered()
    assert client.connection.eof_received() is False
    posting = Client()
    posting.say(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab")
    assert posting.connection.eof_received() is False  # the rest of its body will not come
