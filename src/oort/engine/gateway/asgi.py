"""The gateway as an application of a server: runs functions in threads, writes replies.

Our own server talks to `converse`; every other server talks ASGI. The application enforces the time
limits of functions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from oort.engine.gateway import heads, problem_replies
from oort.engine.gateway.answers import Answers
from oort.engine.gateway.arriving import Arriving, ClientLeft, GivenUp, Receive, TooSlow
from oort.engine.gateway.calls import Admitting, Calls
from oort.engine.gateway.gateway import LOGOUT, Admission
from oort.engine.gateway.health import Health
from oort.engine.threads import Awaited, Threads
from oort.model import limits
from oort.model.http import PREFIX, FixedPage, HttpReply, HttpRequest
from oort.model.problems import Problem
from oort.rules.http.forwarding import Proxies

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shape
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_READING = frozenset({"GET", "HEAD"})
Access: TypeAlias = Callable[[HttpRequest, HttpReply, timedelta], None]
# A page that is made for each request, from the server's own address.
LivePage: TypeAlias = Callable[[str], FixedPage]


class Exchange(Protocol):
    """A request on a connection, and the place for its reply.

    A call gives the next message of ASGI about the body.
    """

    method: str
    path: bytes
    query: bytes
    version: str
    headers: heads.Headers
    client: str

    @property
    def address(self) -> str:
        """The URL of the server."""

    async def __call__(self) -> MutableMapping[str, Any]:
        """Return the next message of ASGI."""

    async def reply(self, reply: HttpReply) -> None:
        """Write the reply, unless the client has gone."""


class DirectExchange(Exchange, Protocol):
    """An exchange of our own server."""

    def whole(self) -> bytes | None:
        """Return the body if all parts have come."""

    def answer(self, reply: HttpReply) -> None:
        """Write the reply as soon as the client reads."""


class GatewayApp:
    """An application for our own server and for servers that speak ASGI.

    `access` receives every reply for the log, but not the fixed `pages`, which are served by their
    paths. At most `most` requests run at the same time; further requests are refused. Without
    `timed`, handlers have no time limit, for a debugger. `hosts` are the accepted names of the
    server; without names, every Host header is accepted. `proxies` are in front of the server.
    `health` has pages of its own.
    """

    def __init__(
        self,
        gateway: Admitting,
        *,
        answers: Answers,
        access: Access,
        pages: Mapping[str, FixedPage | LivePage] = MappingProxyType({}),
        timed: bool = True,
        most: int = limits.REQUESTS,
        hosts: Collection[str] = (),
        proxies: Proxies | None = None,
        health: Health | None = None,
    ) -> None:
        self._gateway = gateway
        self._answers = answers
        self._calls = Calls(gateway, answers, timed=timed)
        self._own = Threads(1)  # for work of the gateway, which waits for no handler
        self._access = access
        self._pages = {
            path: page if callable(page) else _page(page) for path, page in pages.items()
        }
        self._most = most
        self._hosts = hosts
        self._proxies = proxies
        self._reading = 0  # requests whose body arrives
        self._arriving = Arriving()
        self._health = health
        self._refusal: Problem | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await self.converse(_AsgiExchange(scope, receive, send))

    def begin(self, exchange: DirectExchange, tasks: set[Any]) -> bool:
        """Begin to answer a request, without a task. False if that takes a task: see `converse`.

        While the function runs, `tasks` has an entry, which can be cancelled like a task.
        """
        body = exchange.whole()
        if body is None:
            return False
        started = time.perf_counter()
        request, reply, is_page = self._received(exchange)
        if is_page:
            assert reply is not None
            exchange.answer(reply)
            return True
        if reply is None:
            if request.path == LOGOUT:
                return False
            admitted = self._gateway.admit(request)
            if isinstance(admitted, HttpReply):
                reply = admitted
            elif self._is_full():
                reply = self._gateway.refuse(problem_replies.busy(), admitted)
            elif len(body) > limits.REQUEST_BYTES:
                reply = self._gateway.too_large(admitted)
            else:

                def then(reply: HttpReply) -> None:
                    tasks.discard(call)
                    exchange.answer(reply)
                    self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

                call = self._calls.prepared(admitted, then=then)
                tasks.add(call)
                self._calls.begin(call, body)
                return True
        self._end(exchange, request, reply, started)
        return True

    async def converse(self, exchange: Exchange) -> None:
        """Answer a request."""
        started = time.perf_counter()
        request, reply, is_page = self._received(exchange)
        if is_page:
            assert reply is not None
            await exchange.reply(reply)
            return
        try:
            reply = reply or await self._reply(request, exchange)
        except ClientLeft:
            return
        try:  # noqa: SIM105  suppress() costs three calls
            await exchange.reply(reply)
        except OSError:  # the client left; the reply is logged anyway
            pass
        self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

    def use(self, gateway: Admitting, answers: Answers) -> None:
        """Answer by these from the next request on. Called by the event loop."""
        self._gateway = self._calls.gateway = gateway
        self._answers = self._calls.answers = answers

    def is_busy(self) -> bool:
        """True while a request is read or run."""
        return self._reading > 0 or bool(self._calls.running)

    def refuse(self) -> None:
        """Answer new requests with status 503 from now on. Running ones go on."""
        self._refusal = problem_replies.stopping()

    def close(self) -> None:
        """Finish the requests that have begun, and answer no others."""
        self._answers.close()
        self._own.close()

    def _received(self, exchange: Exchange) -> tuple[HttpRequest, HttpReply | None, bool]:
        """Return the request, its reply if no route is asked for it, and True if that is a page."""
        method, path, query = exchange.method, exchange.path, exchange.query
        headers, fault = heads.read(exchange.headers, version=exchange.version, hosts=self._hosts)
        client = exchange.client
        if self._proxies is not None:
            client = self._proxies.client(client, headers.get("x-forwarded-for", ""))
        request = HttpRequest(
            method,
            path.decode("ascii") if path.isascii() else _encoded(path),
            query.decode("ascii") if query.isascii() else _encoded(query),
            headers,
            client,
        )
        if (
            self._health is not None
            and request.path.startswith(PREFIX)
            and (state := self._health.page(request.path)) is not None
        ):
            return request, state, True
        fault = self._refusal or fault
        if fault is not None:
            return request, self._gateway.turn_away(request, fault), False
        if method in _READING and (page := self._pages.get(request.path)) is not None:
            made = page if isinstance(page, HttpReply) else _page(page(exchange.address))
            return request, made, True
        return request, None, False

    def _end(
        self, exchange: "DirectExchange", request: HttpRequest, reply: HttpReply, started: float
    ) -> None:
        exchange.answer(reply)
        self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

    def _is_full(self) -> bool:
        """True if too many requests are read or run, and none of those that arrive can be given up."""
        running = self._reading + len(self._calls.running)
        return running >= self._most and not self._arriving.give_up()

    async def _reply(self, request: HttpRequest, receive: Receive) -> HttpReply:
        if _is_logout(request):
            return await self._log_out(request)
        admitted = self._gateway.admit(request)
        if isinstance(admitted, HttpReply):
            return admitted
        if self._is_full():
            return self._gateway.refuse(problem_replies.busy(), admitted)
        self._reading += 1
        try:
            body = await self._arriving.read(request, receive)
        except TooSlow:
            return self._gateway.refuse(problem_replies.too_slow(), admitted)
        except GivenUp:
            return self._gateway.refuse(problem_replies.busy(), admitted)
        finally:
            self._reading -= 1
        if body is None:
            return self._gateway.too_large(admitted)
        return await self._answer(admitted, body)

    async def _log_out(self, request: HttpRequest) -> HttpReply:
        outcome = await self._own.submit(partial(self._gateway.logout, request)).outcome()
        if isinstance(outcome, HttpReply):
            return outcome
        raise outcome or RuntimeError("There is no reply.")

    async def _answer(self, admitted: Admission, body: bytes) -> HttpReply:
        """Run the function within its time-out, which includes the wait for a thread or process."""
        answer: Awaited[HttpReply] = Awaited(asyncio.get_running_loop())
        call = self._calls.prepared(admitted, then=answer.settle)
        self._calls.begin(call, body)
        while True:
            try:
                reply = await answer.outcome()
            except asyncio.CancelledError:  # the server ends, or the client has left
                call.cancel()
            else:
                assert isinstance(reply, HttpReply), reply
                return reply


def _is_logout(request: HttpRequest) -> bool:
    return request.path == LOGOUT and request.method == "POST"


def _page(page: FixedPage) -> HttpReply:
    headers = (
        ("content-type", page.content_type),
        ("content-security-policy", page.policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),  # a reload of the program changes it
    )
    return HttpReply(200, headers, page.body, trace="")


class _AsgiExchange:
    """The exchange of a server that speaks ASGI."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self.version: str = scope.get("http_version", "1.1")
        self.headers: heads.Headers = scope["headers"]
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self._scope, self._receive, self._send = scope, receive, send

    @property
    def address(self) -> str:
        host, port = self._scope["server"]
        scheme = self._scope.get("scheme", "http")
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    async def __call__(self) -> MutableMapping[str, Any]:
        return await self._receive()

    async def reply(self, reply: HttpReply) -> None:
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in reply.headers
        ]
        if reply.status not in limits.BODILESS:
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await self._send(
            {"type": "http.response.start", "status": reply.status, "headers": headers}
        )
        body = b"" if self.method == "HEAD" else reply.body
        await self._send({"type": "http.response.body", "body": body})


def _encoded(raw: bytes) -> str:
    """Return a path or query as text.

    Raw bytes are percent-encoded, so that later checks see their UTF-8.
    """
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)
