"""uvicorn's HTTP protocol with limits for a client: connections, time, and bytes before a request.

The server makes one instance for each connection. After the headers, the gateway's limits apply.
An application with `converse` gets each request as an `Exchange`, at less than half the cost of
ASGI. Other applications are called by ASGI.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from oort.cli.dev.exchanges import Carrier, Exchange
from oort.model import limits

# Seconds. Clients and load balancers keep idle connections for 60, so they close first.
KEEP_ALIVE = 65
# The limit for headers without an end; the gateway refuses complete headers above 10 KB.
HEAD_BYTES = 64 * 1024
_FIRST_REQUEST = 0.2  # seconds that a new connection has to send its request when the server stops
_QUIET = 1.0  # seconds without a request, after which a connection can lose its place to another
_SLOW = 10.0  # seconds without reading, after which a connection can lose its place, too
UNREAD_BYTES = 128 * limits.MIB  # of replies that no client has read yet, of all connections
_LINGER = 1.0  # seconds that a refused client has to read why
_REFUSED = 64  # refused connections that have this time; above it, they are closed at once
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"retry-after: 1\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n\r\n"
    b"Too many connections are open."
)
Converse: TypeAlias = Callable[[Exchange], Coroutine[Any, Any, None]]
Begin: TypeAlias = Callable[[Exchange, set[Any]], bool]
# The headers of an offer to speak another protocol. RFC 9110 lets a server ignore the offer.
_OFFERS = frozenset({b"upgrade", b"http2-settings"})


class Connection(Carrier):
    """A connection.

    A connection without a request gets a short time to send one when the server stops.
    """

    _head = 0  # bytes that were neither a complete head nor a part of a body
    _in_head = False
    _progress = False  # the latest bytes completed a head or brought a part of a body
    _offer = b""  # the head of a request that offers another protocol, without the offer
    _last = False
    _leaving = False  # refused, or closed to make room: no request is read
    _hurried = False  # something of a request has come, so the rest of its headers must follow
    _quiet_since = 0.0
    _timeout: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _unread_since = 0.0  # while the client does not read
    cycle: Exchange  # None before the first request
    _asked: Exchange | None = None  # the latest request
    _running: Exchange | None = None  # the request that is answered now
    _converse: Converse | None = None
    _begin: Begin | None = None
    _due: Exchange | None = None  # a request of the bytes that are parsed now, to be begun next

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """See asyncio. Above the limit of connections, a quiet one is closed.

        Without a quiet one, reply 503 and close.
        """
        super().connection_made(transport)
        self._converse = getattr(self.app, "converse", None)
        self._begin = getattr(self.app, "begin", None)
        self._quiet_since = self.loop.time()
        if len(self.connections) > limits.CONNECTIONS and not self._make_room():
            self._refuse()
        else:
            self._wait(KEEP_ALIVE)

    def data_received(self, data: bytes) -> None:
        """See asyncio. The headers of a request must be complete soon after their first byte."""
        if self._leaving:
            return
        self._progress = False
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._feed_again(data, offer)
        except httptools.HttpParserError:
            self._due = None
            self.send_400_response("Invalid HTTP request received.")
            return
        if self._due is not None:
            due, self._due = self._due, None
            self._start(due)
        # With progress, these bytes may hold many requests; only the next ones are counted.
        self._head = 0 if self._progress else self._head + len(data)
        if self._head > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers of the request do not end.")
        elif not self._hurried and (
            self._in_head or self._asked is None or self._asked.response_complete
        ):
            self._hurried = True
            self._wait(limits.CLIENT_PAUSE.total_seconds())

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._wait(None)
        self._note_reading()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        if self._running is not None:
            self._running.lost()  # uvicorn tells the latest request only
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio: the client does not read, and has a limited time.

        If all clients together have more unread bytes than allowed, the first of them lose their
        connections.
        """
        super().pause_writing()
        self._unread_since = self.loop.time()
        self._unread = self.loop.call_later(limits.CLIENT_TIME.total_seconds(), self._end)
        slow = self._slow()
        unread = sum(each.transport.get_write_buffer_size() for each in slow)
        for each in slow:
            if unread <= UNREAD_BYTES:
                break
            unread -= each.transport.get_write_buffer_size()
            each._end()

    def resume_writing(self) -> None:
        """See asyncio: the client has read enough."""
        super().resume_writing()
        self._note_reading()

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio allows
        """See asyncio. After the end of its requests, a client still gets the last reply."""
        exchange = self._asked
        if exchange is None or exchange.response_complete or exchange.more_body:
            return False
        exchange.keep_alive = False
        return self.transport.can_write_eof()  # not with TLS

    def _note_reading(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        self._unread = None

    def _slow(self) -> "list[Connection]":
        """Return the connections whose clients do not read, the first of them first."""
        every = cast("set[Connection]", self.connections)
        slow = [each for each in every if each._unread is not None and not each._leaving]
        return sorted(slow, key=lambda each: each._unread_since)

    def on_message_begin(self) -> None:
        """See uvicorn: the first byte of a request."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """See uvicorn. Trailers are dropped: what follows a body is no header of its request."""
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """See uvicorn. A request that offers another protocol is read again without the offer."""
        parser = self.parser
        if parser.should_upgrade():
            self._offer = self._head_without_offer()
            return
        self._progress = True
        self._in_head = self._hurried = False
        if self._timeout is not None:
            self._wait(None)
        before = self._asked
        exchange = Exchange(self, httptools.parse_url(self.url))
        if self._last:
            exchange.keep_alive = False
        self.cycle = self._asked = exchange
        if before is None or before.response_complete:
            self._due = exchange  # a short body comes in the same bytes
        else:  # the client sends requests without waiting for replies
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    def on_body(self, body: bytes) -> None:
        """See uvicorn. Reading pauses until the application takes the waiting parts."""
        self._progress = True
        exchange = self.cycle
        if not exchange.response_complete:
            exchange.body += body
            if len(exchange.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            if exchange.event is not None:
                exchange.event.set()

    def on_message_complete(self) -> None:
        """See uvicorn."""
        if self.parser.should_upgrade():
            return
        self._progress = True
        exchange = self.cycle
        exchange.more_body = False
        if exchange.event is not None:
            exchange.event.set()

    def on_response_complete(self) -> None:
        """See uvicorn. The client must read the last reply of a connection in time."""
        self._quiet_since = self.loop.time()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._wait(limits.CLIENT_TIME.total_seconds())
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:  # not from here: each of a thousand requests would begin inside another
            self._running = cast(Exchange, self.pipeline.pop()[0])
            self.loop.call_soon(self._start, self._running)
            return
        if self.timeout_keep_alive_task is None:
            self._keep(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn. End the connection if no request has come since the last reply.

        There is one timer for many requests: a timer for each costs more than all the parsing.
        """
        self.timeout_keep_alive_task = None
        if self._hurried or not self._idle:
            return  # the request that has begun has a limit of its own; its reply keeps again
        rest = self._quiet_since + self.timeout_keep_alive - self.loop.time()
        if rest > 0:
            self._keep(rest)
        else:
            self._end()

    def _keep(self, seconds: float) -> None:
        """Keep the connection for some time without a request."""
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def shutdown(self) -> None:
        """See uvicorn."""
        if self._asked is None and not self._last:
            self._last = True
            self.loop.call_later(_FIRST_REQUEST, self.shutdown)
        else:
            super().shutdown()

    @property
    def _idle(self) -> bool:
        return self._asked is None or self._asked.response_complete

    def work(self, exchange: Exchange, work: Coroutine[Any, Any, None]) -> None:
        """Do work for a request in a task of its own."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(partial(self._ended, exchange))

    def failed(self, exchange: Exchange, error: BaseException) -> None:
        """Report an error of the server, and see that the client has a reply."""
        self.logger.error("A request has failed in the server", exc_info=error)
        if not exchange.response_complete and not exchange.disconnected:
            exchange.fail()

    def _start(self, exchange: Exchange) -> None:
        """Begin to answer the request, in a task of its own if its body has not come."""
        self._running = exchange
        if exchange.disconnected:
            return
        if self._begin is not None:
            try:
                if self._begin(exchange, self.tasks):
                    return
            except Exception as error:
                self.failed(exchange, error)
                return
        work = exchange.run(self.app) if self._converse is None else self._converse(exchange)
        self.work(exchange, work)

    def _ended(self, exchange: Exchange, task: "asyncio.Task[None]") -> None:
        """See that the client has a reply, whatever became of the task."""
        self.tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self.failed(exchange, error)
        elif not exchange.response_complete and not exchange.disconnected:
            exchange.fail()

    def _feed_again(self, data: bytes, offer: httptools.HttpParserUpgrade) -> None:
        """Parse the bytes of a request that offers another protocol.

        The parser takes what follows the offer for this protocol (uvicorn issue 2722). We speak
        HTTP/1.1 only, so a new parser reads the request without the offer.
        """
        while True:
            data = self._offer + data[offer.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as another:
                offer = another
            else:
                return

    def _head_without_offer(self) -> bytes:
        """Return the bytes of the request's head. ValueError for CONNECT, which opens a tunnel."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise ValueError("CONNECT is for proxies.")  # the parser makes a 400 of it
        version = self.parser.get_http_version().encode()
        lines = [method + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            kept = _kept(value) if name == b"connection" else value
            if name not in _OFFERS:
                lines.append(name + b": " + kept)
        return b"\r\n".join((*lines, b"", b""))

    def _make_room(self) -> bool:
        """Close a connection that waits without a request, first of the client that has most.

        False if there is none. Connections that were refused need no place.
        """
        every = cast("set[Connection]", self.connections)
        holders = [each for each in every if not each._leaving]
        if len(holders) <= limits.CONNECTIONS:
            return True
        latest = self.loop.time() - _QUIET
        quiet = [each for each in holders if each._idle and each._quiet_since <= latest]
        if not quiet:
            slow = self._slow()
            if not slow or slow[0]._unread_since > self.loop.time() - _SLOW:
                return False
            quiet = slow[:1]
        counts = Counter(each._address for each in holders)
        first = min(
            quiet, key=lambda each: (-counts[each._address], each._in_head, each._quiet_since)
        )
        first._leaving = True
        first._end()
        return True

    def _refuse(self) -> None:
        """Reply 503 and close.

        Unread bytes would reset the connection before the client reads the reply, so a refused
        connection stays half open for a moment.
        """
        self._leaving = True
        self.transport.write(_FULL)
        if len(self.connections) > limits.CONNECTIONS + _REFUSED:
            self.transport.close()
        else:
            if self.transport.can_write_eof():  # not with TLS
                self.transport.write_eof()
            self._wait(_LINGER)

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

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


def _kept(value: bytes) -> bytes:
    """Return the value of the header `connection` without the names of an offer."""
    options = (option.strip() for option in value.split(b","))
    return b", ".join(option for option in options if option.lower() not in _OFFERS)
