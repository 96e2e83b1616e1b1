"""uvicorn's HTTP protocol with limits for a client: connections, time, and bytes before a request.

The server makes one instance for each connection. After the headers, the gateway's limits apply.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from oort.model import limits

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

# Seconds. Clients and load balancers keep idle connections for 60, so they close first.
KEEP_ALIVE = 65
# The limit for headers without an end; the gateway refuses complete headers above 10 KB.
HEAD_BYTES = 64 * 1024
_FIRST_REQUEST = 0.2  # seconds that a new connection has to send its request when the server stops
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"retry-after: 1\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n\r\n"
    b"Too many connections are open."
)


class Connection(HttpToolsProtocol):
    """One connection.

    A connection without a request gets a short time to send one when the server stops.
    """

    _head = 0
    _in_head = False
    _last = False
    _hurried = False  # something of a request has come, so the rest of its headers must follow
    _timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """See asyncio. Above the limit of connections, reply 503 and close."""
        super().connection_made(transport)
        if len(self.connections) > limits.CONNECTIONS:
            transport.write(_FULL)
            transport.close()
        else:
            self._wait(KEEP_ALIVE)

    def data_received(self, data: bytes) -> None:
        """See asyncio. The headers of a request must be complete soon after their first byte."""
        super().data_received(data)
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers of the request do not end.")
        elif not self._hurried and (self._in_head or self._idle):
            self._hurried = True
            self._wait(limits.CLIENT_PAUSE.total_seconds())

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._wait(None)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """See uvicorn: the first byte of a request."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """See uvicorn."""
        self._in_head = self._hurried = False
        self._wait(None)
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """See uvicorn. The client must read the last reply of a connection in time."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._wait(limits.CLIENT_TIME.total_seconds())

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn. No request came after a reply, and the client had time to read the reply."""
        self._end()

    def shutdown(self) -> None:
        """See uvicorn."""
        if self._asked is None and not self._last:
            self._last = True
            self.loop.call_later(_FIRST_REQUEST, self.shutdown)
        else:
            super().shutdown()

    @property
    def _asked(self) -> "RequestResponseCycle | None":
        """Return the latest request; None before the first."""
        return cast("RequestResponseCycle | None", self.cycle)

    @property
    def _idle(self) -> bool:
        return self._asked is None or self.cycle.response_complete

    def _wait(self, seconds: float | None) -> None:
        """Set the time after which the connection ends; None removes the limit."""
        if self._timeout is not None:
            self._timeout.cancel()
        self._timeout = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        """Close without waiting for a client that does not read."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
