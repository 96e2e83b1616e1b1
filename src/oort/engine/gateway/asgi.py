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
from oort.engine.gateway.gateway import LOGOUT, Admission
from oort.engine.gateway.health import Health
from oort.engine.threads import Threads
from oort.model import limits
from oort.model.http import FixedPage, HttpReply, HttpRequest
from oort.model.problems import Problem

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


class Admitting(Protocol):
    """What the application asks of a gateway: of a version's, or of those of all. See `Gateway`."""

    def admit(self, request: HttpRequest) -> Admission | HttpReply:
        """Return the admission of a request, or the reply that refuses it."""

    def turn_away(self, request: HttpRequest, problem: Problem) -> HttpReply:
        """Return the reply that refuses a request before its route is looked for."""

    def refuse(self, problem: Problem, admission: Admission) -> HttpReply:
        """Return the reply that refuses an admitted request."""

    def expire(self, admission: Admission) -> HttpReply | None:
        """Return the reply after a time-out; None if the function has just finished."""

    def too_large(self, admission: Admission) -> HttpReply:
        """Return the reply to a body over the limit."""

    def failed(self, admission: Admission, error: Exception) -> HttpReply:
        """Return the reply to a failure of the engine itself."""

    def logout(self, request: HttpRequest) -> HttpReply:
        """Return the reply to a logout."""


class GatewayApp:
    """An application for our own server and for servers that speak ASGI.

    `access` receives every reply for the log, but not the fixed `pages`, which are served by their
    paths. At most `most` requests run at the same time; further requests are refused. Without
    `timed`, handlers have no time limit, for a debugger. `hosts` are the accepted names of the
    server; without names, every Host header is accepted. `health` has pages of its own.
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
        health: Health | None = None,
    ) -> None:
        self._gateway = gateway
        self._answers = answers
        self._own = Threads(1)  # for work of the gateway, which waits for no handler
        self._access = access
        self._pages = {
            path: page if callable(page) else _page(page) for path, page in pages.items()
        }
        self._timed = timed
        self._most = most
        self._hosts = hosts
        self._running = 0
        self._arriving = Arriving()
        self._health = health
        self._refusal: Problem | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await self.converse(_AsgiExchange(scope, receive, send))

    async def converse(self, exchange: Exchange) -> None:
        """Answer a request."""
        started, method, path, query = (
            time.perf_counter(), exchange.method, exchange.path, exchange.query
        )  # fmt: skip
        headers, fault = heads.read(exchange.headers, version=exchange.version, hosts=self._hosts)
        request = HttpRequest(
            method,
            path.decode("ascii") if path.isascii() else _encoded(path),
            query.decode("ascii") if query.isascii() else _encoded(query),
            headers,
            exchange.client,
        )
        if self._health is not None and (state := self._health.page(request.path)) is not None:
            await exchange.reply(state)
            return
        fault = self._refusal or fault
        if fault is None and method in _READING:
            page = self._pages.get(request.path)
            if page is not None:
                await exchange.reply(
                    page if isinstance(page, HttpReply) else _page(page(exchange.address))
                )
                return
        try:
            reply = (
                await self._reply(request, exchange)
                if fault is None
                else self._gateway.turn_away(request, fault)
            )
        except ClientLeft:
            return
        try:  # noqa: SIM105  suppress() costs three calls
            await exchange.reply(reply)
        except OSError:  # the client left; the reply is logged anyway
            pass
        self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

    def use(self, gateway: Admitting, answers: Answers) -> None:
        """Answer by these from the next request on. Called by the event loop."""
        self._gateway, self._answers = gateway, answers

    def is_busy(self) -> bool:
        """True while a request is read or run."""
        return self._running > 0

    def refuse(self) -> None:
        """Answer new requests with status 503 from now on. Running ones go on."""
        self._refusal = problem_replies.stopping()

    def close(self) -> None:
        """Finish the requests that have begun, and answer no others."""
        self._answers.close()
        self._own.close()

    async def _reply(self, request: HttpRequest, receive: Receive) -> HttpReply:
        if request.path == LOGOUT and request.method == "POST":
            return await self._log_out(request)
        admitted = self._gateway.admit(request)
        if isinstance(admitted, HttpReply):
            return admitted
        if self._running >= self._most and not self._arriving.give_up():
            return self._gateway.refuse(problem_replies.busy(), admitted)
        self._running += 1
        try:
            body = await self._arriving.read(request, receive)
            return (
                self._gateway.too_large(admitted)
                if body is None
                else await self._answer(admitted, body)
            )
        except TooSlow:
            return self._gateway.refuse(problem_replies.too_slow(), admitted)
        except GivenUp:
            return self._gateway.refuse(problem_replies.busy(), admitted)
        finally:
            self._running -= 1

    async def _log_out(self, request: HttpRequest) -> HttpReply:
        outcome = await self._own.submit(partial(self._gateway.logout, request)).outcome()
        if isinstance(outcome, HttpReply):
            return outcome
        raise outcome or RuntimeError("There is no reply.")

    async def _answer(self, admitted: Admission, body: bytes) -> HttpReply:
        """Run the function within its time-out, which includes the wait for a thread."""
        limit = admitted.match.function.timeout.total_seconds() if self._timed else None
        try:
            job = self._answers.begin(admitted, body)
        except RuntimeError as error:  # the threads have ended
            return self._gateway.failed(admitted, error)
        try:
            outcome = await job.outcome(None if limit is None else limit + self._answers.patience)
        except asyncio.CancelledError:  # the server ends, or the client has left
            if job.cancel():
                return self._gateway.refuse(problem_replies.stopping(), admitted)
            self._gateway.expire(admitted)
            return self._gateway.refuse(problem_replies.cut_off(), admitted)
        if outcome is None:
            if job.cancel():
                return self._gateway.refuse(problem_replies.busy(), admitted)
            outcome = self._gateway.expire(admitted) or await job.outcome()
        if isinstance(outcome, HttpReply):
            return outcome
        # A handler's own errors are replies already, so this is an error of the engine.
        return self._gateway.failed(admitted, outcome or RuntimeError("There is no reply."))


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
