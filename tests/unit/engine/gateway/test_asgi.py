"""The gateway as an ASGI application, driven as a server drives it: scopes and messages in, messages out."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import timedelta
from functools import partial
from typing import Any, Self

import msgspec
import pytest

from oort.engine.gateway.answers import InThreads, Then
from oort.engine.gateway.asgi import GatewayApp
from oort.engine.gateway.gateway import Admission
from oort.engine.store.direct import DirectStore
from oort.engine.threads import Threads
from oort.model.http import HttpReply, HttpRequest
from tests.unit.engine.desk import Desk

MOST = 6 * 1024 * 1024
JSON = [(b"content-type", b"application/json")]
Message = MutableMapping[str, Any]


class Server:
    """What a server does for one connection. `leaves` makes every write fail, as after the client has gone."""

    def __init__(self, *, leaves: bool = False) -> None:
        self.store = DirectStore()
        self.desk = Desk(self.store)
        self.access: list[tuple[str, int]] = []
        self.threads = Threads(1)
        self.app = GatewayApp(
            self.desk.engine.gateway,
            answers=InThreads(self.desk.engine.gateway, self.threads),
            access=self._note,
        )
        self.received = 0
        self.sent: list[Message] = []
        self._leaves = leaves

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.threads.close()
        self.store.close()

    def ask(
        self,
        method: str,
        path: bytes,
        *,
        headers: Iterable[tuple[bytes, bytes]] = (),
        parts: Iterable[Message] = ({"type": "http.request"},),
        query: bytes = b"",
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers and body."""
        scope = {
            "type": "http", "method": method, "raw_path": path, "query_string": query, "headers": list(headers)
        }  # fmt: skip
        asyncio.run(self._run(scope, list(parts)))
        start, body = self.sent
        assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
        return start["status"], dict(start["headers"]), body["body"]

    async def _run(self, scope: Message, parts: list[Message]) -> None:
        self.sent.clear()
        await self.app(scope, self._receiving(parts), self._send)

    def run(self, scope: Message, parts: Iterable[Message] = ()) -> list[Message]:
        """Any scope at all; what was sent."""
        asyncio.run(self._run(scope, list(parts)))
        return self.sent

    def _receiving(self, parts: list[Message]) -> Callable[[], Awaitable[Message]]:
        async def receive() -> Message:
            self.received += 1
            return parts.pop(0)

        return receive

    async def _send(self, message: Message) -> None:
        if self._leaves:
            raise ConnectionResetError("gone")
        self.sent.append(message)

    def _note(self, request: HttpRequest, reply: HttpReply, duration: timedelta) -> None:
        assert duration >= timedelta(0)
        self.access.append((f"{request.method} {request.path}", reply.status))


def part(body: bytes, *, more: bool = False) -> Message:
    """A piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_request_is_answered_and_told_to_the_log() -> None:
    with Server() as server:
        status, headers, body = server.ask(
            "POST",
            b"/desk",
            headers=[(b"Content-Type", b"application/json")],
            parts=[part(b'{"id":', more=True), part(b'"1"}')],
        )
        assert (status, body) == (201, b'{"id":"1","count":0}')
        assert headers[b"content-length"] == b"20"
        assert headers[b"content-type"] == b"application/json"
        assert len(headers[b"trace-id"]) == 32
        assert server.access == [("POST /desk", 201)]


def test_refusals_are_answered_without_reading_the_body() -> None:
    with Server() as server:
        for method, path, status in (
            ("GET", b"/nowhere", 404),
            ("POST", b"/desk/1", 405),
            ("GET", b"/desk/private/all", 401),
        ):
            assert server.ask(method, path)[0] == status
        assert server.received == 0
        assert server.ask("POST", b"/desk/1")[1][b"allow"] == b"GET, HEAD"


@pytest.mark.parametrize(
    "announced",
    [b"6291457", b"99999999999999999999", b"9" * 5000, b"0006291457"],
    ids=["just", "huge", "digits", "zeros"],
)
def test_an_announced_length_over_the_limit_is_413_before_anything_is_read(
    announced: bytes,
) -> None:
    with Server() as server:
        status, _, body = server.ask("POST", b"/desk", headers=[(b"content-length", announced)])
        assert (status, server.received) == (413, 0)
        assert msgspec.json.decode(body)["detail"] == "The body may have 6,291,456 bytes."


@pytest.mark.parametrize("announced", [b"", b"-1", b"\xb2", b"1e9", b"0", b"000"])
def test_an_announced_length_that_says_nothing_is_passed_over(announced: bytes) -> None:
    with Server() as server:
        assert server.ask("GET", b"/desk/1", headers=[(b"content-length", announced)])[0] == 200


def test_a_body_that_grows_over_the_limit_is_413_and_no_more_of_it_is_read() -> None:
    with Server() as server:
        megabyte = b" " * 1024 * 1024
        parts = [part(megabyte, more=True) for _ in range(20)]
        assert server.ask("POST", b"/desk", parts=parts)[0] == 413
        assert server.received == 7
        assert (
            server.ask("POST", b"/desk", headers=JSON, parts=[part(b" " * MOST)])[0] == 400
        )  # exactly the limit is read


@pytest.mark.parametrize(
    "before", [[], [{"type": "http.request", "body": b"{", "more_body": True}]]
)
def test_a_client_that_leaves_early_gets_nothing_and_the_handler_is_not_entered(
    before: list[Message],
) -> None:
    with Server() as server:
        scope = {
            "type": "http",
            "method": "POST",
            "raw_path": b"/desk",
            "query_string": b"",
            "headers": [],
        }
        assert server.run(scope, [*before, {"type": "http.disconnect"}]) == []
        assert server.access == []
        assert server.desk.engine.ports.queue_inspection.peek("desk.jobs", most=1) == []


def test_a_client_that_leaves_before_the_reply_does_no_harm() -> None:
    with Server(leaves=True) as server:
        scope = {
            "type": "http",
            "method": "GET",
            "raw_path": b"/desk/1",
            "query_string": b"",
            "headers": [],
        }
        assert server.run(scope, [part(b"")]) == []
        assert server.access == [("GET /desk/1", 200)]


def test_head_is_get_without_the_body() -> None:
    with Server() as server:
        server.ask("POST", b"/desk", headers=JSON, parts=[part(b'{"id":"1"}')])
        status, got, body = server.ask("GET", b"/desk/1")
        assert (status, body) == (200, b'{"id":"1","count":0}')
        assert server.ask("HEAD", b"/desk/1")[0] == 200
        _, headed, nothing = server.ask("HEAD", b"/desk/1")
        assert nothing == b""
        assert {**headed, b"trace-id": b""} == {**got, b"trace-id": b""}
        refused, headers, _ = server.ask("HEAD", b"/desk")
        assert (refused, headers[b"allow"]) == (405, b"POST")


def test_repeated_headers_are_joined_and_their_case_does_not_matter() -> None:
    with Server() as server:
        token = server.desk.callers.token("ada", ["staff"])
        headers = [
            (b"Authorization", f"Bearer {token}".encode()),
            (b"X-Tag", b"a"),
            (b"x-tag", b"\xe5"),
        ]
        status, _, body = server.ask("GET", b"/desk/private/room", headers=headers)
        assert (status, msgspec.json.decode(body)) == (200, ["ada", "a, å"])


def test_raw_bytes_in_path_and_query_are_read_as_if_they_were_encoded() -> None:
    with Server() as server:
        for raw, query in (("å".encode(), "word=é".encode()), (b"%C3%A5", b"word=%C3%A9")):
            headers = server.ask("GET", b"/desk/" + raw, query=query)[1]
            assert headers[b"x-id"] == "å".encode().hex().encode()
            assert headers[b"x-word"] == b"\xe9"
        assert server.ask("GET", b"/desk/\xff")[0] == 400


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_scopes_are_not_for_us(kind: str) -> None:
    with Server() as server:
        assert server.run({"type": kind}) == []
        assert server.received == 0


def test_nothing_to_show_is_null() -> None:
    with Server() as server:
        status, headers, body = server.ask("GET", b"/desk/1")
        assert (status, body, headers[b"content-length"]) == (200, b"null", b"4")


def test_a_state_that_fails_is_a_503_with_retry_after_and_the_server_goes_on() -> None:
    with Server() as server:
        server.store.close()
        status, headers, body = server.ask("GET", b"/desk/1")
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert b"closed" not in body
        assert server.access == [("GET /desk/1", 503)]


def test_after_the_threads_have_ended_the_reply_is_a_500_too() -> None:
    with Server() as server:
        server.threads.close()
        assert server.ask("GET", b"/desk/1")[0] == 500


def test_a_handler_runs_in_a_thread_and_the_loop_goes_on() -> None:
    with Server() as server:
        release = threading.Event()

        async def both() -> int:
            server.threads.submit(partial(release.wait, 10))  # is busy
            scope = {
                "type": "http",
                "method": "GET",
                "raw_path": b"/desk/1",
                "query_string": b"",
                "headers": [],
            }
            waiting = asyncio.create_task(server._run(scope, [part(b"")]))
            await asyncio.sleep(0)
            refused = {**scope, "raw_path": b"/nowhere"}
            await server.app(refused, server._receiving([]), server._send)
            before = len(server.sent)
            release.set()
            await waiting
            return before

        assert asyncio.run(both()) == 2
        assert [status for _, status in server.access] == [404, 200]


class Unfinished:
    """A request whose handler does not end."""

    def __init__(self, *, has_begun: bool) -> None:
        self._has_begun = has_begun

    def cancel(self) -> bool:
        """See `Begun`."""
        return not self._has_begun


class Waiting:
    """Answers that never come."""

    patience = 0.0

    def __init__(self, *, has_begun: bool) -> None:
        self._has_begun = has_begun

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> Unfinished:
        """See `Answers`."""
        return Unfinished(has_begun=self._has_begun)

    def close(self) -> None:
        """See `Answers`."""


@pytest.mark.parametrize(
    ("has_begun", "detail"), [(True, "was cut off"), (False, "Nothing was done")]
)
def test_a_request_that_the_end_of_the_server_cuts_off_gets_a_reply(
    has_begun: bool, detail: str
) -> None:
    """uvicorn cancels the tasks of requests that take longer than the grace."""
    with Server() as server:
        server.app = GatewayApp(
            server.desk.engine.gateway, answers=Waiting(has_begun=has_begun), access=server._note
        )
        scope = {
            "type": "http", "method": "GET", "raw_path": b"/desk/1", "query_string": b"", "headers": []
        }  # fmt: skip

        async def ended() -> None:
            task = asyncio.create_task(server._run(scope, [{"type": "http.request"}]))
            for _ in range(10):
                await asyncio.sleep(0)
            task.cancel()
            await task

        asyncio.run(ended())
        start, body = server.sent
        assert start["status"] == 503
        assert detail in msgspec.json.decode(body["body"])["detail"]
        assert server.access == [("GET /desk/1", 503)]
