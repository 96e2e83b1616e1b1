"""The gateway as a raw ASGI application: reads bodies within the limit, runs functions in threads, writes replies."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from oort.engine.gateway import Gateway, HttpReply, HttpRequest
from oort.model import limits
from oort.model.pages import FixedPage

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shape
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Access: TypeAlias = Callable[[HttpRequest, HttpReply, timedelta], None]


class ClientLeft(Exception):
    """The client closed the connection before the body was complete."""


class GatewayApp:
    """An ASGI application. `access` is told of every reply, for the log; not of `pages`, which are served by their paths."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        threads: ThreadPoolExecutor,
        access: Access,
        pages: Mapping[str, FixedPage] = MappingProxyType({}),
    ) -> None:
        self._gateway = gateway
        self._threads = threads
        self._access = access
        self._pages = {path: _page(page) for path, page in pages.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = HttpRequest(
            method=scope["method"],
            path=_text(scope["raw_path"]),
            query=_text(scope["query_string"]),
            headers=_headers(scope["headers"]),
        )
        page = self._pages.get(request.path) if request.method in ("GET", "HEAD") else None
        if page is not None:
            await _write(send, page, bodiless=request.method == "HEAD")
            return
        try:
            reply = await self._reply(request, receive)
        except ClientLeft:
            return
        with suppress(OSError):  # the client left; the log has its line all the same
            await _write(send, reply, bodiless=request.method == "HEAD")
        self._access(request, reply, timedelta(seconds=time.perf_counter() - started))

    async def _reply(self, request: HttpRequest, receive: Receive) -> HttpReply:
        admitted = self._gateway.admit(request)
        if isinstance(admitted, HttpReply):
            return admitted
        body = await _body(request, receive)
        if body is None:
            return self._gateway.too_large(admitted)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._gateway.answer, admitted, body)
        except Exception as error:  # a handler's own are replies already: this is the engine's
            return self._gateway.failed(admitted, error)


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
    """The whole body; None if it is over the limit, known from its announced length where there is one."""
    announced = request.headers.get("content-length", "").lstrip("0")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limits.REQUEST_BYTES):
        return None
    parts: list[bytes] = []
    size, more = 0, True
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
    return b"".join(parts)


async def _write(send: Send, reply: HttpReply, *, bodiless: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in reply.headers]
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
