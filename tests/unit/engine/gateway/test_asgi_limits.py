"""What the ASGI application does about time and numbers: slow functions, slow clients, too many requests at once."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from oort import Can, Put, Service, Table
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.asgi import GatewayApp
from oort.engine.gateway.gateway import LOGOUT
from oort.engine.store.direct import DirectStore
from oort.engine.threads import Threads
from oort.model import limits
from oort.model.http import FixedPage
from oort.model.operations import ScanTable
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers

Message = MutableMapping[str, Any]
SHORT = timedelta(milliseconds=50)
PATIENCE = 10  # seconds, for what another thread does at once


class Note(msgspec.Struct):
    """A note."""

    id: str


class Server:
    """A program whose only handler writes, waits until the test lets it go on, and writes again."""

    def __init__(
        self, *, timeout: timedelta, threads: int = 2, most: int = 10, timed: bool = True
    ) -> None:
        self.entered, self.go_on, self.left = (
            threading.Event(),
            threading.Event(),
            threading.Event(),
        )
        self.refused: list[str] = []
        self.store = DirectStore()
        self.callers = KnownCallers()
        self.engine = Engine(
            self._program(timeout),
            store=self.store,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
            identity=self.callers,
            timed=timed,
        )
        self.threads = Threads(threads)
        pages = {"/_oort/live": lambda address: FixedPage("text/plain", address.encode())}
        self.app = GatewayApp(
            self.engine.gateway,
            answers=InThreads(self.engine.gateway, self.threads),
            access=lambda *_: None,
            pages=pages,
            timed=timed,
            most=most,
        )

    def _program(self, timeout: timedelta) -> Program:
        desk = Service("desk")

        @desk.table("notes", key="id")
        class Notes(Table[str, Note, Can]):
            """Notes."""

        def slow(notes: Notes[Put]) -> str:
            notes.put(Note("before"))
            self.entered.set()
            self.go_on.wait(PATIENCE)
            try:
                notes.put(Note("after"))
            except BaseException as error:
                self.refused.append(type(error).__name__)
                raise
            finally:
                self.left.set()
            return "done"

        slow.__annotations__["notes"] = Notes[Put]
        desk.post("/", public=True, timeout=timeout)(slow)
        return load([desk])

    def close(self) -> None:
        """Let the handler end."""
        self.go_on.set()
        self.threads.close()
        self.store.close()

    def notes(self) -> list[str]:
        """The ids of what was written."""
        return [
            str(item["id"]) for item in self.engine.ports.tables.scan(ScanTable("desk.notes")).items
        ]

    async def ask(
        self,
        parts: list[Message] | None = None,
        *,
        method: str = "POST",
        path: str = "/desk",
        token: str = "",
        client: str = "192.0.2.1",
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """The reply; after the parts nothing comes any more."""
        rest, sent = [{"type": "http.request"}] if parts is None else list(parts), list[Message]()

        async def receive() -> Message:
            return rest.pop(0) if rest else await asyncio.get_running_loop().create_future()

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
        }
        await self.app({**scope, "server": ("::1", 8000), "client": (client, 1)}, receive, send)
        start, body = sent
        return start["status"], dict(start["headers"]), body["body"]


@pytest.fixture
def opened() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def made(**settings: Any) -> Server:
        servers.append(Server(**settings))
        return servers[-1]

    yield made
    for server in servers:
        server.close()


Opened = Callable[..., Server]


def test_a_handler_that_takes_too_long_is_504_and_can_write_nothing_more(opened: Opened) -> None:
    server = opened(timeout=SHORT)
    status, headers, body = asyncio.run(server.ask())
    assert status == 504
    assert msgspec.json.decode(body)["detail"].startswith("The function was not done after 0.05 s.")
    assert server.entered.is_set()
    assert not server.left.is_set()
    server.go_on.set()
    assert server.left.wait(PATIENCE)
    server.threads.close()
    assert server.notes() == ["before"]
    assert server.refused in (["TimedOut"], ["NotGranted"])  # its own clock, or the gateway's
    spans = server.engine.ports.traces.read(headers[b"trace-id"].decode())
    assert [span.detail["status"] for span in spans if span.kind == "request"] == ["504"]
    assert [span.kind for span in spans if span.kind == "function"] == [
        "function"
    ]  # what it did is shown all the same


def test_with_a_debugger_nothing_is_too_slow(opened: Opened) -> None:
    server = opened(timeout=timedelta(microseconds=1), timed=False)
    server.go_on.set()
    assert asyncio.run(server.ask())[0] == 200
    assert sorted(server.notes()) == ["after", "before"]


def test_a_request_that_gets_no_thread_in_time_is_503_and_enters_no_handler(opened: Opened) -> None:
    server = opened(timeout=SHORT, threads=1)
    release = threading.Event()

    async def behind() -> Any:
        server.threads.submit(partial(release.wait, PATIENCE))
        return await server.ask()

    status, headers, _ = asyncio.run(behind())
    release.set()
    server.threads.close()
    assert (status, headers[b"retry-after"], server.entered.is_set(), server.notes()) == (
        503,
        b"1",
        False,
        [],
    )


def test_more_requests_than_can_be_held_are_503_at_once(opened: Opened) -> None:
    server = opened(timeout=timedelta(seconds=PATIENCE), most=1)

    async def both() -> list[int]:
        first = asyncio.create_task(server.ask())
        await asyncio.to_thread(server.entered.wait, PATIENCE)
        second = (await server.ask())[0]
        server.go_on.set()
        return [(await first)[0], second, (await server.ask())[0]]

    assert asyncio.run(both()) == [200, 503, 200]


@pytest.mark.parametrize("parts", [[], [{"type": "http.request", "body": b"{", "more_body": True}]])
def test_a_body_that_stops_coming_is_408_and_the_connection_ends(
    opened: Opened, parts: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CLIENT_PAUSE", SHORT)
    server = opened(timeout=timedelta(seconds=PATIENCE))
    status, headers, body = asyncio.run(server.ask(parts))
    assert (status, headers[b"connection"], server.entered.is_set()) == (408, b"close", False)
    assert msgspec.json.decode(body)["type"] == "urn:problem:request-timeout"
    spans = server.engine.ports.traces.read(headers[b"trace-id"].decode())
    assert [span.detail["status"] for span in spans] == ["408"]


def test_a_body_that_drips_is_408_when_its_whole_time_is_over(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CLIENT_TIME", SHORT)
    server = opened(timeout=timedelta(seconds=PATIENCE))
    parts: list[Message] = [{"type": "http.request", "body": b" ", "more_body": True}] * 3
    assert asyncio.run(server.ask(parts))[0] == 408


def test_a_dripping_body_gives_its_place_to_another_request(opened: Opened) -> None:
    server = opened(timeout=timedelta(seconds=PATIENCE), most=2)
    server.go_on.set()
    drip: Message = {"type": "http.request", "body": b" ", "more_body": True}
    whole: Message = {"type": "http.request", "body": b" " * 10_000, "more_body": True}

    async def crowd() -> list[object]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        fast, slow = (
            asyncio.create_task(server.ask([part] * 2)) for part in (whole, drip)
        )  # neither body is complete
        await asyncio.sleep(0)
        early = (await server.ask())[0]
        loop.time = lambda: begun + 2  # type: ignore[method-assign]
        late = (await server.ask())[0]
        given_up, headers, _ = await slow
        del loop.time
        still = fast.done()
        fast.cancel()
        return [early, late, given_up, headers[b"retry-after"], still]

    assert asyncio.run(crowd()) == [503, 200, 503, b"1", False]


def test_the_client_with_most_bodies_gives_one_up_first(opened: Opened) -> None:
    server = opened(timeout=timedelta(seconds=PATIENCE), most=3)
    server.go_on.set()
    drip: Message = {"type": "http.request", "body": b" ", "more_body": True}

    async def crowd() -> list[bool]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        bodies = [
            asyncio.create_task(server.ask([drip] * size, client=client))
            for client, size in (("192.0.2.1", 1), ("192.0.2.2", 3), ("192.0.2.2", 2))
        ]
        await asyncio.sleep(0)
        loop.time = lambda: begun + 2  # type: ignore[method-assign]
        assert (await server.ask(client="192.0.2.3"))[0] == 200
        await bodies[2]
        del loop.time
        ended = [body.done() for body in bodies]
        for body in bodies:
            body.cancel()
        return ended

    assert asyncio.run(crowd()) == [False, False, True]


def test_logout_runs_in_a_thread_and_ends_the_token(opened: Opened) -> None:
    server = opened(timeout=SHORT)
    token = server.callers.token("ada", [])
    assert asyncio.run(server.ask(path=LOGOUT, token=token))[0] == 204
    assert asyncio.run(server.ask(path=LOGOUT, token=token))[0] == 401
    assert asyncio.run(server.ask(path=LOGOUT, method="GET"))[0] == 404


def test_logout_waits_for_no_handler(opened: Opened) -> None:
    server = opened(timeout=SHORT, threads=1)
    token, release = server.callers.token("ada", []), threading.Event()

    async def behind() -> Any:
        server.threads.submit(partial(release.wait, PATIENCE))
        return await server.ask(path=LOGOUT, token=token)

    assert asyncio.run(behind())[0] == 204
    assert not release.is_set()
    release.set()


def test_a_live_page_knows_where_the_server_listens(opened: Opened) -> None:
    server = opened(timeout=SHORT)
    status, headers, body = asyncio.run(server.ask(path="/_oort/live", method="GET"))
    assert (status, headers[b"content-type"], body) == (200, b"text/plain", b"http://[::1]:8000")


def test_the_engines_own_time_out_is_a_500_not_a_504(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = opened(timeout=timedelta(seconds=PATIENCE))

    def broken(*_: object) -> Awaitable[None]:
        raise TimeoutError("the disk")

    monkeypatch.setattr(server.engine.gateway, "answer", broken)
    assert asyncio.run(server.ask())[0] == 500
