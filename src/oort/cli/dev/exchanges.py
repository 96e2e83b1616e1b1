"""A request on a connection and its reply, for the server's protocol.

An application that knows exchanges reads the parts of the request, awaits its body and writes the
reply at once. For other applications an exchange is uvicorn's own, with a scope and two channels.
"""

import asyncio
from collections.abc import Coroutine, MutableMapping
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from oort.model import limits
from oort.model.http import HttpReply

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, HTTPScope

_CLOSE = ("connection", "close")
_TOGETHER = 64 * 1024  # bytes: a larger body is not copied to its head
_RESET = 205  # has no body, but a length: without it a client waits for the end of the connection
# Headers as they are written, for replies with the same ones. At most 0.5 MB.
_KEPT, _KEPT_BYTES = 256, 2048
_BLOCKS: dict[tuple[tuple[str, str], ...], bytes] = {}
_FAILED = HttpReply(
    500,
    (("content-type", "text/plain; charset=utf-8"), _CLOSE),
    b"Internal Server Error",
    trace="",
)


class Carrier(HttpToolsProtocol):
    """The connection of exchanges."""

    def work(self, exchange: "Exchange", work: Coroutine[Any, Any, None]) -> None:
        """Do work for a request in a task of its own."""
        raise NotImplementedError

    def failed(self, exchange: "Exchange", error: BaseException) -> None:
        """Report an error of the server, and see that the client has a reply."""
        raise NotImplementedError


class Exchange(RequestResponseCycle):
    """A request and its reply.

    `path`, `query` and `headers` are as they came, with header names in lower case. Awaiting the
    exchange's call gives the next message of ASGI, a part of the body.
    """

    # What uvicorn sets for each request is only set here when it changes.
    disconnected = False
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    more_body = True
    body: Any = b""  # uvicorn takes an array of bytes too
    event: asyncio.Event | None = None
    # The headers of every reply, of which uvicorn makes a new list once a second, and their bytes.
    _always: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")

    def __init__(self, connection: Carrier, url: httptools.parser.url_parser.URL) -> None:
        parser = connection.parser
        self.connection: Carrier = connection
        self.transport = connection.transport
        self.flow = connection.flow
        self.method = parser.get_method().decode("ascii")
        self.path: bytes = url.path or b"/"  # of `GET http://host`, as RFC 9112 has it
        self.query: bytes = url.query or b""
        self.version: str = parser.get_http_version()
        self.headers = connection.headers
        self.client = connection.client[0] if connection.client else ""
        self.keep_alive = self.version != "1.0" and parser.should_keep_alive()
        self.waiting_for_100_continue = connection.expect_100_continue

    @property
    def address(self) -> str:
        """The URL of the server."""
        connection = self.connection
        host, port = connection.server or ("", 0)
        named = f"[{host}]" if ":" in host else host
        return f"{connection.scheme or 'http'}://{named}:{port}"

    def whole(self) -> bytes | None:
        """Return the body if all parts have come, without waiting. Call this before other methods."""
        return None if self.more_body else bytes(self.body)

    async def __call__(self) -> MutableMapping[str, Any]:
        """Return the next message of ASGI, when a part of the body has come."""
        return cast("MutableMapping[str, Any]", await self.receive())

    async def reply(self, reply: HttpReply) -> None:
        """Write the reply, after the client has read the replies before."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        self.write(reply)

    def answer(self, reply: HttpReply) -> None:
        """Write the reply, now or after the client has read the replies before. Raises no error."""
        try:
            if not self.flow.write_paused or self.disconnected:
                self.write(reply)
                return
        except OSError:  # the client has left
            return
        except Exception as error:
            self.connection.failed(self, error)
            return
        self.connection.work(self, self.reply(reply))

    def write(self, reply: HttpReply) -> None:
        """Write the reply at once, unless the client has gone."""
        if self.disconnected or self.response_complete:
            return
        head = self._head(reply)
        self.response_started = self.response_complete = True
        if not self.transport.is_closing():
            body = b"" if self.method == "HEAD" or reply.status in limits.BODILESS else reply.body
            if len(body) <= _TOGETHER:
                self.transport.write(head + body)
            else:
                self.transport.write(head)
                self.transport.write(body)
            if not self.keep_alive:
                self.transport.close()
        self.connection.on_response_complete()

    def fail(self) -> None:
        """Tell the client that the server has failed; end the connection if a reply has begun."""
        if self.response_started:
            self.transport.close()
        else:
            self.write(_FAILED)

    def lost(self) -> None:
        """Note that the client has gone."""
        if not self.response_complete:
            self.disconnected = True
        if self.event is not None:
            self.event.set()

    def _head(self, reply: HttpReply) -> bytes:
        """Return the status line and the headers."""
        headers, end = reply.headers, ""
        if headers:
            # The last header is the trace, which differs; the others are mostly those of a reply before.
            block = _BLOCKS.get(headers[:-1]) or _block(headers[:-1])
            name, value = headers[-1]
            line = f"{name}: {value}"
            end = f"{line}\r\n"
            if not line.isprintable():
                _check(end, 1)
        else:
            block = b""
        if _CLOSE in headers:
            self.keep_alive = False
        elif not self.keep_alive:
            end += "connection: close\r\n"
        if reply.status not in limits.BODILESS:
            end += f"content-length: {len(reply.body)}\r\n"
        elif reply.status == _RESET:
            end += "content-length: 0\r\n"
        always = self.connection.server_state.default_headers
        if always is not Exchange._always[0]:
            Exchange._always = (always, b"".join(b"%b: %b\r\n" % header for header in always))
        start, end = STATUS_LINE[reply.status], f"{end}\r\n"
        return b"".join((start, Exchange._always[1], block, end.encode("latin-1", "replace")))

    # -- for other applications, as uvicorn's own class has them

    def run(self, app: "ASGI3Application") -> Coroutine[Any, Any, None]:
        """Return the work of an application that speaks ASGI."""
        connection = self.connection
        self.logger, self.access_logger = connection.logger, connection.access_logger
        self.access_log = connection.access_log
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        return self.run_asgi(app)

    @property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]
        """The event of a new part of the body, made at the first wait."""
        if self.event is None:
            self.event = asyncio.Event()
            if self.body or not self.more_body or self.disconnected:
                self.event.set()
        return self.event

    @property
    def scope(self) -> "HTTPScope":  # type: ignore[override]
        """The request in the form of ASGI."""
        from urllib.parse import unquote

        connection = self.connection
        return {
            "type": "http",
            "asgi": {"version": connection.asgi_version, "spec_version": "2.3"},
            "http_version": self.version,
            "server": connection.server,
            "client": connection.client,
            "scheme": connection.scheme or "http",
            "method": self.method,
            "root_path": connection.root_path,
            "path": connection.root_path + unquote(self.path.decode("ascii")),
            "raw_path": connection.root_path.encode("ascii") + self.path,
            "query_string": self.query,
            "headers": self.headers,
            "state": connection.app_state.copy(),
        }


def _block(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Return the headers as they are written, and keep them for the next reply."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    _check(text, len(headers))
    block = text.encode("latin-1", "replace")
    if len(block) <= _KEPT_BYTES:
        if len(_BLOCKS) >= _KEPT:
            _BLOCKS.clear()
        _BLOCKS[headers] = block
    return block


def _check(text: str, lines: int) -> None:
    """Raise ValueError if a header has a line break, which would begin another header or reply."""
    if text.count("\n") != lines or text.count("\r") != lines or "\0" in text:
        raise ValueError("A header of a reply has a line break.")
