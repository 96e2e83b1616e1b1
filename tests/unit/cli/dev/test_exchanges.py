"""Requests and replies without ASGI: what is written to the client, in which order, and when nothing is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from oort.cli.dev.connections import KEEP_ALIVE, Connection
from oort.cli.dev.exchanges import Exchange
from oort.model.http import HttpReply
from tests.unit.cli.dev.test_connections import Wire
from tests.unit.engine.gateway.test_asgi import Server

GET = b"GET /notes?a=1 HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST /notes HTTP/1.1\r\nhost: x\r\n"
OK = HttpReply(200, (("content-type", "text/plain"),), b"hello", trace="")
Answer = Callable[[Exchange], Awaitable[None]]


class App:
    """An application that knows exchanges."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[Exchange] = []

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """See ASGI."""
        raise AssertionError("ASGI is for other applications.")

    async def converse(self, exchange: Exchange) -> None:
        """Note the request and answer it."""
        self.seen.append(exchange)
        await self.answer(exchange)


class Pipe(Wire):
    """A wire that knows if reading pauses."""

    _reads = True

    def reads(self) -> bool:
        """Whether what the client sends is read."""
        return self._reads

    def pause_reading(self) -> None:
        """Nothing more is read."""
        self._reads = False

    def resume_reading(self) -> None:
        """Reading goes on."""
        self._reads = True


class Client:
    """A connection on the running loop."""

    def __init__(self, answer: Answer) -> None:
        self.app, self.wire, self.state = App(answer), Pipe("127.0.0.1"), ServerState()
        config = uvicorn.Config(
            self.app, interface="asgi3", lifespan="off", log_config=None, proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
        )  # fmt: skip
        self.connection = Connection(config, self.state, {})
        self.connection.connection_made(cast(asyncio.Transport, self.wire))

    async def say(self, data: bytes) -> bytes:
        """Send the bytes; what was written when nothing more happens."""
        self.connection.data_received(data)
        return await self.written()

    async def written(self) -> bytes:
        """What was written since the last time, when nothing more happens."""
        for _ in range(10):
            await asyncio.sleep(0)
        written, self.wire.written = self.wire.written, b""
        return written

    def lose(self) -> None:
        """The client goes away, and its wire with it."""
        self.wire.close()
        self.connection.connection_lost(ConnectionResetError("gone"))


async def hello(exchange: Exchange) -> None:
    """Reply at once."""
    await exchange.reply(OK)


def test_a_request_has_its_parts_and_its_reply_is_one_write() -> None:
    async def run() -> None:
        client = Client(hello)
        client.state.default_headers = [(b"date", b"today")]
        assert await client.say(GET) == (
            b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: text/plain\r\n"
            b"content-length: 5\r\n\r\nhello"
        )
        (exchange,) = client.app.seen
        assert (exchange.method, exchange.path, exchange.query) == ("GET", b"/notes", b"a=1")
        assert (exchange.version, exchange.client) == ("1.1", "127.0.0.1")
        assert list(exchange.headers) == [(b"host", b"x")]
        client.state.default_headers = [(b"date", b"tomorrow")]
        assert b"\r\ndate: tomorrow\r\n" in await client.say(GET)
        assert (client.wire.end, client.state.total_requests, len(client.state.tasks)) == ("", 2, 0)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"*", b"*", b""),
        (b"http://x", b"/", b""),
        (b"http://x?a=1", b"/", b"a=1"),
        (b"http://x/notes?a=1#b", b"/notes", b"a=1"),
        (b"//x/y", b"//x/y", b""),
        (b"/%C3%A5?", b"/%C3%A5", b""),
    ],
)
def test_the_target_of_a_request_has_several_forms(
    target: bytes, path: bytes, query: bytes
) -> None:
    async def run() -> None:
        client = Client(hello)
        await client.say(b"OPTIONS " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert [(one.path, one.query) for one in client.app.seen] == [(path, query)]

    asyncio.run(run())


@pytest.mark.parametrize("target", [b"?a=1", b"x", "/å".encode(), b"/a b", b""])
def test_what_is_no_target_is_refused(target: bytes) -> None:
    async def run() -> None:
        client = Client(hello)
        refusal = await client.say(b"GET " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (refusal[:13], client.wire.end) == (b"HTTP/1.1 400 ", "closed")
        assert client.app.seen == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "length"), [(200, b"content-length: 5\r\n"), (204, b""), (304, b""), (205, b"content-length: 0\r\n")]
)  # fmt: skip
def test_a_reply_without_a_body_ends_where_the_client_expects_it(
    status: int, length: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(HttpReply(status, (), b"hello", trace=""))

    async def run() -> None:
        client = Client(answer)
        head = await client.say(GET.replace(b"GET", b"HEAD"))
        assert head.partition(b"\r\n")[2] == length + b"\r\n"
        body = (await client.say(GET)).partition(b"\r\n")[2]
        assert body == length + b"\r\n" + (b"hello" if status == 200 else b"")

    asyncio.run(run())


@pytest.mark.parametrize(
    "request_", [GET.replace(b"1.1", b"1.0"), GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")]
)  # fmt: skip
def test_a_connection_ends_with_the_reply_if_the_client_wants_it(request_: bytes) -> None:
    async def run() -> None:
        client = Client(hello)
        assert b"\r\nconnection: close\r\n" in await client.say(request_)
        assert client.wire.end == "closed"

    asyncio.run(run())


def test_a_reply_can_end_the_connection() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(HttpReply(408, (("connection", "close"),), b"", trace=""))

    async def run() -> None:
        client = Client(answer)
        written = await client.say(GET)
        assert (written.count(b"connection: close"), client.wire.end) == (1, "closed")

    asyncio.run(run())


def test_replies_come_in_the_order_of_the_requests_and_one_at_a_time() -> None:
    async def run() -> None:
        gates = [asyncio.Event() for _ in range(3)]

        async def answer(exchange: Exchange) -> None:
            number = len(client.app.seen) - 1
            await gates[number].wait()
            await exchange.reply(HttpReply(200, (), b"%d" % number, trace=""))

        client = Client(answer)
        gates[1].set()
        assert await client.say(GET * 3) == b""
        assert (len(client.app.seen), client.wire.reads()) == (1, False)
        gates[0].set()
        written = await client.written()
        assert [part[-1:] for part in written.split(b"HTTP/1.1 200 OK")[1:]] == [b"0", b"1"]
        gates[2].set()
        assert (await client.written()).endswith(b"2")
        assert client.wire.reads()

    asyncio.run(run())


def test_a_body_that_is_there_is_not_awaited() -> None:
    bodies: list[bytes | None] = []

    async def answer(exchange: Exchange) -> None:
        bodies.append(exchange.whole())
        await hello(exchange)

    async def run() -> None:
        client = Client(answer)
        await client.say(GET)
        await client.say(POST + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}")
        await client.say(POST + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
        written = await client.say(POST + b"content-length: 2\r\n\r\n")
        assert bodies == [b"", b"{}", b"{}", None]
        assert b"100 Continue" not in written
        await client.say(b"{}")  # the rest of a body after its reply is no request
        assert len(client.app.seen) == 4
        assert (await client.say(GET)).startswith(b"HTTP/1.1 200 ")

    asyncio.run(run())


def test_a_body_comes_in_parts_and_reading_pauses_until_they_are_taken() -> None:
    parts: list[bytes] = []

    async def run() -> None:
        take = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            more = True
            while more:
                await take.wait()
                message = await exchange()
                parts.append(message["body"])
                more = message["more_body"]
            await hello(exchange)

        client, part = Client(answer), b"y" * 40_000
        await client.say(POST + b"content-length: 80001\r\n\r\n" + part)
        assert client.wire.reads()
        await client.say(part)
        assert not client.wire.reads()
        take.set()
        await client.written()
        assert (client.wire.reads(), parts) == (True, [part * 2])
        assert (await client.say(b"y")).endswith(b"hello")
        assert parts == [part * 2, b"y"]

    asyncio.run(run())


def test_a_client_that_waits_for_leave_gets_it_when_the_body_is_wanted() -> None:
    async def run() -> None:
        async def answer(exchange: Exchange) -> None:
            if exchange.whole() is None:
                await exchange()
            await hello(exchange)

        client = Client(answer)
        head = POST + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        assert await client.say(head) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await client.say(b"{}")).endswith(b"hello")

    asyncio.run(run())


def test_a_reply_waits_for_a_client_that_has_not_read_the_last_one() -> None:
    async def run() -> None:
        client = Client(hello)
        client.connection.pause_writing()
        assert await client.say(GET) == b""
        client.connection.resume_writing()
        assert (await client.written()).endswith(b"hello")

    asyncio.run(run())


def test_a_client_that_leaves_gets_nothing_and_nobody_waits_for_its_body() -> None:
    messages: list[str] = []

    async def answer(exchange: Exchange) -> None:
        messages.append((await exchange())["type"])
        await hello(exchange)

    async def run() -> None:
        client = Client(answer)
        await client.say(POST + b"content-length: 2\r\n\r\n")
        client.lose()
        assert await client.written() == b""
        assert (messages, len(client.state.tasks)) == (["http.disconnect"], 0)

    asyncio.run(run())


def test_a_client_that_leaves_ends_the_wait_of_its_running_request_too() -> None:
    async def run() -> None:
        async def answer(exchange: Exchange) -> None:
            await exchange()
            await exchange()  # nothing comes any more, until the client leaves
            await hello(exchange)

        client = Client(answer)
        client.connection.pause_writing()
        assert await client.say(GET * 2) == b""
        client.lose()
        assert (await client.written(), len(client.state.tasks)) == (b"", 0)

    asyncio.run(run())


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\0b"])
def test_a_header_cannot_begin_another_header(value: str) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(HttpReply(200, (("x", value),), b"", trace=""))

    async def run() -> None:
        client = Client(answer)
        written = await client.say(GET)
        assert written.startswith(b"HTTP/1.1 500 ")
        assert (b"set-cookie" in written, client.wire.end) == (False, "closed")

    asyncio.run(run())


async def _raise(_: Exchange) -> None:
    raise KeyError("x")


async def _leave(_: Exchange) -> None:
    return


async def _cancel(_: Exchange) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("answer", [_raise, _leave, _cancel])
def test_a_request_without_a_reply_is_a_500_and_ends_the_connection(answer: Answer) -> None:
    async def run() -> None:
        client = Client(answer)
        written = await client.say(GET)
        assert written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert written.endswith(b"\r\n\r\nInternal Server Error")
        assert (client.wire.end, len(client.state.tasks)) == ("closed", 0)

    asyncio.run(run())


def test_nothing_is_written_after_the_refusal_of_what_follows() -> None:
    async def run() -> None:
        gate = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            await gate.wait()
            await hello(exchange)

        client = Client(answer)
        refusal = await client.say(GET + b"nonsense\r\n\r\n")
        assert (refusal.startswith(b"HTTP/1.1 400 "), client.wire.end) == (True, "closed")
        gate.set()
        assert await client.written() == b""

    asyncio.run(run())


def test_a_large_body_is_written_whole() -> None:
    body = b"z" * 200_000

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(HttpReply(200, (), body, trace=""))

    async def run() -> None:
        written = await Client(answer).say(GET)
        assert written.partition(b"\r\n\r\n")[2] == body

    asyncio.run(run())


def test_the_address_is_that_of_the_server() -> None:
    async def run() -> None:
        client = Client(hello)
        await client.say(GET)
        for server, address in (
            (("127.0.0.1", 80), "http://127.0.0.1:80"),
            (("::1", 80), "http://[::1]:80"),
        ):
            client.connection.server = server
            assert client.app.seen[0].address == address

    asyncio.run(run())


async def done(state: ServerState) -> None:
    """Let the requests end."""
    for _ in range(1_000_000):
        if not state.tasks:
            return
        await asyncio.sleep(0)
    raise AssertionError("A request does not end.")


def test_the_gateway_answers_requests_without_asgi() -> None:
    async def run(server: Server) -> bytes:
        config = uvicorn.Config(
            server.app, interface="asgi3", lifespan="off", log_config=None, proxy_headers=False
        )
        state, wire = ServerState(), Pipe("127.0.0.1")
        connection = Connection(config, state, {})
        connection.connection_made(cast(asyncio.Transport, wire))
        head = b"POST /desk HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        body, other = b'{"id":"1"}', b'{"id":"2"}'
        for data in (
            head + b"content-length: 10\r\n\r\n" + body,
            head + b"transfer-encoding: chunked\r\n\r\na\r\n" + other + b"\r\n0\r\n\r\n",
            head + b"content-length: 6291457\r\n\r\n",
        ):
            connection.data_received(data)
            await done(state)
        connection.connection_lost(None)
        return wire.written

    with Server() as server:
        written = asyncio.run(run(server))
        statuses = [reply[:3] for reply in written.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [b"201", b"201", b"413"]
        assert b'\r\n\r\n{"id":"2","count":0}' in written
        assert server.access == [("POST /desk", int(status)) for status in statuses]
        assert server.received == 0
