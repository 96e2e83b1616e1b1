"""The gateway as a raw ASGI application: reads bodies within the limits, runs functions in threads, writes replies.

It keeps the time: of clients that send slowly, and of functions that take too long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from oort.engine.gateway import problem_replies
from oort.engine.gateway.gateway import LOGOUT, Admission, Gateway
from oort.model import limits
from oort.model.fixed_pages import FixedPage
from oort.model.http import HttpReply, HttpRequest

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shape
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Access: TypeAlias = Callable[[HttpRequest, HttpReply, timedelta], None]
LivePage: TypeAlias = Callable[
    [str], FixedPage
]  # made for each request, from the server's own address


class ClientLeft(Exception):
    """The client closed the connection before the body was complete."""


class TooSlow(Exception):
    """The body did not come in time."""


class GatewayApp:
    """An ASGI application. `access` is told of every reply, for the log; not of `pages`, which are served by their paths.

    More requests than `most` at once are refused; without `timed`, handlers may take as long as they like, as a debugger
    needs it.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        threads: ThreadPoolExecutor,
        access: Access,
        pages: Mapping[str, FixedPage | LivePage] = MappingProxyType({}),
        timed: bool = True,
        most: int = limits.REQUESTS,
    ) -> None:
        self._gateway = gateway
        self._threads = threads
        self._access = access
        self._pages = {
            path: page if callable(page) else _page(page) for path, page in pages.items()
        }
        self._timed = timed
        self._most = most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        client = scope.get("client")
        request = HttpRequest(
            method=scope["method"],
            path=_text(scope["raw_path"]),
            query=_text(scope["query_string"]),
            headers=_headers(scope["headers"]),
            client=client[0] if client else "",
        )
        page = self._pages.get(request.path) if request.method in ("GET", "HEAD") else None
        if page is not None:
            found = page if isinstance(page, HttpReply) else _page(page(_address(scope)))
            await _write(send, found, bodiless=request.method == "HEAD")
            return
        try:
            reply = await self._reply(request, receive)
        except ClientLeft:
            return
        with suppress(OSError):  # the client left; the log has its line all the same
            await _write(send, reply, bodiless=request.method == "HEAD")
        self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

    async def _reply(self, request: HttpRequest, receive: Receive) -> HttpReply:
        if request.path == LOGOUT and request.method == "POST":
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._gateway.logout, request
            )
        admitted = self._gateway.admit(request)
        if isinstance(admitted, HttpReply):
            return admitted
        if self._under_way >= self._most:
            return self._gateway.refuse(problem_replies.busy(), admitted)
        self._under_way += 1
        try:
            body = await _body(request, receive)
            return (
                self._gateway.too_large(admitted)
                if body is None
                else await self._answer(admitted, body)
            )
        except TooSlow:
            return self._gateway.refuse(problem_replies.too_slow(), admitted)
        finally:
            self._under_way -= 1

    async def _answer(self, admitted: Admission, body: bytes) -> HttpReply:
        """Run the function, for as long as it may take, and wait for a thread before that counts too."""
        limit = asyncio.timeout(
            admitted.match.function.timeout.total_seconds() if self._timed else None
        )
        try:
            running = self._threads.submit(self._gateway.answer, admitted, body)
        except RuntimeError as error:  # the threads have ended
            return self._gateway.failed(admitted, error)
        try:
            async with limit:
                return await asyncio.wrap_future(running)
        except Exception as error:
            if not limit.expired():  # a handler's own are replies already: this is the engine's
                return self._gateway.failed(admitted, error)
        if running.cancel():
            return self._gateway.refuse(problem_replies.busy(), admitted)
        expired = self._gateway.expire(admitted)
        return await asyncio.wrap_future(running) if expired is None else expired


def _address(scope: Scope) -> str:
    """Where this server listens, as a URL."""
    host, port = scope["server"]
    return f"{scope.get('scheme', 'http')}://{f'[{host}]' if ':' in host else host}:{port}"


def _page(page: FixedPage) -> HttpReply:
    headers = (
        ("content-type", page.content_type),
        ("content-security-policy", page.policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),  # a reload of the program changes it
    )
    return HttpReply(200, headers, page.body, trace="")


async def _body(request: HttpRequest, receive: Receive) -> bytes | None:
    """The whole body; None if it is over the limit, known from its announced length where there is one.

    TooSlow if it does not come in time.
    """
    announced = request.headers.get("content-length", "").lstrip("0")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limits.REQUEST_BYTES):
        return None
    loop, pause = asyncio.get_running_loop(), limits.CLIENT_PAUSE.total_seconds()
    end = loop.time() + limits.CLIENT_TIME.total_seconds()
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(pause) as patience:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > limits.REQUEST_BYTES:
                    return None
                parts.append(part)
                more = message.get("more_body", False)
                if more and part:
                    patience.reschedule(min(end, loop.time() + pause))
    except TimeoutError:
        raise TooSlow from None
    return b"".join(parts)


async def _write(send: Send, reply: HttpReply, *, bodiless: bool) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in reply.headers
    ]
    if reply.status not in limits.BODILESS:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else reply.body})


def _text(raw: bytes) -> str:
    """A path or query as text. Bytes that should have been percent-encoded are, so that they are judged as UTF-8."""
    if raw.isascii():
        return raw.decode("ascii")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
