"""Serves a platform over HTTP in the foreground: the socket, the server and its signals, and an end that is bounded in time."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from oort.model.errors import AddressInUse

if TYPE_CHECKING:
    from oort.engine.asgi import GatewayApp

HOST = "127.0.0.1"
GRACE = timedelta(seconds=10)
_KEEP_ALIVE = 65  # seconds: longer than clients and load balancers keep idle connections (60), so that they close first
_HEAD_BYTES = (
    64 * 1024
)  # of a request line and headers that have not ended; the gateway refuses complete ones above 10 KB


@contextmanager
def bound(port: int) -> Iterator[socket.socket]:
    """A socket on the port of this machine alone; 0 takes a free one. AddressInUse if somebody else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(2048)
        except PermissionError:
            raise AddressInUse(f"Port {port} is for the administrator.", "Take one above 1023: --port 8000.") from None
        except OSError as error:
            instead = f"End that program, or take another port: --port {port + 1 if port < 65535 else 8000}."
            raise AddressInUse(f"Port {port} of {HOST} cannot be used: {error.strerror}.", instead) from None
        yield listener


class Server(uvicorn.Server):
    """Serves until it is told to stop. `ready` is called when it accepts requests, `stopping` at the first signal."""

    def __init__(self, app: "GatewayApp", *, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=int(GRACE.total_seconds()),
            )
        )
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """The first signal stops gracefully; the second one at once, which loses nothing: state survives `kill -9`."""
        if self.should_exit:
            os._exit(1)
        self.should_exit = True
        self._stopping()

    @contextmanager
    def handling_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM mean `handle_exit`, until the end of everything that must stop; not only of the server."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again after the server has ended."""
        yield


def serve(
    app: "GatewayApp",
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    stop: Callable[[], None],
    say: Callable[[str], None],
) -> bool:
    """Answer requests until a signal, then stop everything; whether all that ran could finish in time.

    If not, threads are still busy, and only `os._exit` ends the process.
    """
    deadline = Deadline(GRACE)
    patience = threading.Timer(1.0, say, ("Finishing what runs; Ctrl+C again stops at once.",))
    patience.daemon = True

    uvicorn_log = logging.getLogger("uvicorn")
    uvicorn_log.setLevel(logging.ERROR)

    def stopping() -> None:
        uvicorn_log.setLevel(logging.CRITICAL)  # that it cancels what runs too long is not an error of anybody
        deadline.start()
        patience.start()

    server = Server(app, ready=ready, stopping=stopping)
    with server.handling_signals():
        try:
            server.run(sockets=[listener])
        finally:
            ended = finished(stop, within=deadline.left())
            patience.cancel()
            uvicorn_log.setLevel(logging.NOTSET)
    return ended


def finished(work: Callable[[], None], *, within: timedelta) -> bool:
    """Run the work in a thread that cannot hold up the end of the process; whether it ended in time."""
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="stop", daemon=True).start()
    try:
        outcome.result(within.total_seconds())
    except FutureTimeout:
        if outcome.done():  # the work itself raised a TimeoutError
            raise
        return False
    return True


class Deadline:
    """The end of the time that stopping may take, counted from its first call."""

    def __init__(self, grace: timedelta) -> None:
        self._grace = grace
        self._end: float | None = None

    def start(self) -> None:
        """Stopping has begun."""
        if self._end is None:
            self._end = time.monotonic() + self._grace.total_seconds()

    def left(self) -> timedelta:
        """What remains, never less than a second, so that quick work is not given up."""
        self.start()
        assert self._end is not None
        return timedelta(seconds=max(1.0, self._end - time.monotonic()))


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a bound on what it collects before the headers of a request have ended."""

    _head = 0
    _in_head = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers of the request do not end.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
