"""Serve a platform over HTTP in the foreground: the server, its signals, and a bounded shutdown."""

import asyncio
import gc
import logging
import math
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import TypeAlias

import uvicorn

from oort.app.programs import Program
from oort.cli.dev.connections import KEEP_ALIVE, Connection
from oort.cli.dev.reload_children import END, HAND_OVER
from oort.model import limits

Application: TypeAlias = Callable[..., object]  # of ASGI

GRACE = timedelta(seconds=10)
AT_A_BREAKPOINT = timedelta(days=1)  # a reload does not end a handler that somebody looks at
_AT_ONCE = b"Stopped at once. What still ran is cut off; messages come again.\n"
_CUT = 5.0  # seconds to stop after running handlers were ended
_FINISHES = "Finishing what runs; Ctrl+C again stops at once."
_DRAINS = "Finishing what runs; a second signal stops at once."
_WAITS = "A reload waits for what runs to finish."


_OBJECTS = 20_000  # new objects, about 2 MB, between two collections
_TLS_LOOK = 100  # ticks of a tenth of a second
_TLS_END = 1.0  # seconds for a client to confirm the end of TLS
_REPORTING = timedelta(seconds=2)  # for the reply and the log after the time-out of a function


def longest(program: Program) -> timedelta:
    """Return the time for running work that covers the longest declared time-out."""
    timeouts = (function.timeout for function in program.model.functions)
    return max(timeouts, default=GRACE) + _REPORTING


def grace(*, inline: bool) -> timedelta:
    """Return the time for running work when another process waits to serve."""
    return AT_A_BREAKPOINT if inline else GRACE


@dataclass(frozen=True, slots=True)
class End:
    """The result of serving.

    `finished`: all running work ended in time. `handed_over`: another process continues.
    `failure`: the reason if the platform ended by itself. `was_cut`: a handler was ended for the end.
    """

    finished: bool
    handed_over: bool
    failure: Exception | None = None
    was_cut: bool = False


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS settings of the listener. `look` is called now and then, for renewed certificates."""

    context: ssl.SSLContext
    look: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Drain:
    """The steps of an orderly end under a load balancer.

    At the signal, `begin` makes the platform not ready. After `notice`, `refuse` answers new
    requests with status 503, no connection is accepted, and the server waits while `busy`.
    """

    notice: timedelta
    begin: Callable[[], None]
    refuse: Callable[[], None]
    busy: Callable[[], bool]


class Server(uvicorn.Server):
    """Serve until a signal. `ready` is called when requests are accepted, `stopping` at the first
    signal.

    `handing_over` is the time limit for running work when another process waits to serve.
    `failing` is asked several times a second; its error ends the server.
    """

    def __init__(
        self,
        app: Application,
        *,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        handing_over: timedelta | None = None,
        failing: Callable[[], Exception | None] = lambda: None,
        grace: timedelta = GRACE,
        drain: Drain | None = None,
        tls: Tls | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=_whole_seconds(grace),
            )
        )
        self._drain = drain
        self._tls = tls
        self._refusing = False
        self._closes = self._gives_up = 0.0  # of the machine's monotonic clock
        self._ready = ready
        self._stopping = stopping
        self._handing_over = handing_over
        self._ending = False
        self.handed_over = False
        self._failing = failing
        self.failure: Exception | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        if self._tls is None:
            await super().startup(sockets)
        else:
            await self._listen_with(self._tls, sockets or [])
        self._ready()

    async def _listen_with(self, tls: Tls, sockets: list[socket.socket]) -> None:
        """Listen with TLS. uvicorn gives a client a minute for the handshake."""
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.Protocol:
            return Connection(self.config, self.server_state, self.lifespan.state)

        self.servers = [
            await loop.create_server(
                connection,
                sock=listener,
                ssl=tls.context,
                ssl_handshake_timeout=limits.CLIENT_PAUSE.total_seconds(),
                ssl_shutdown_timeout=_TLS_END,
            )
            for listener in sockets
        ]
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """See uvicorn: called ten times a second."""
        if self.failure is None and (failure := self._failing()) is not None:
            self.failure, self.handed_over = failure, False
            self.should_exit = True
            self._stopping()
        elif self._ending and not self.should_exit and self._drain is not None:
            self._go_on_draining(self._drain, now=time.monotonic())
        if self._tls is not None and counter % _TLS_LOOK == 0:
            self._tls.look()
        return await super().on_tick(counter)

    def _go_on_draining(self, drain: Drain, *, now: float) -> None:
        if not self._refusing and now >= self._closes:
            self._refusing = True
            drain.refuse()
            for server in self.servers:
                server.close()
        if self._refusing and (now >= self._gives_up or not drain.busy()):
            left = max(0.0, self._gives_up - now)
            self.config.timeout_graceful_shutdown = _whole_seconds(timedelta(seconds=left))
            self.should_exit = True

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Stop gracefully at the first signal, at once at the second.

        An immediate stop loses no data: state survives `kill -9`.
        """
        if self._ending:
            os.write(2, _AT_ONCE)
            os._exit(1)
        self._ending, self.handed_over = True, False
        if self._drain is None:
            self.should_exit = True
        else:
            self._closes = time.monotonic() + self._drain.notice.total_seconds()
            self._gives_up = self._closes + (self.config.timeout_graceful_shutdown or 0)
            self._drain.begin()
        self._stopping()

    def hang_up(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully when the terminal is closed. Shells repeat the signal, so it never stops at once."""
        if not self._ending:
            self.handle_exit(sig, frame)

    def hand_over(self, _sig: int, _frame: FrameType | None) -> None:
        """Stop gracefully for the next process. A signal to end may still follow."""
        if self.should_exit or self._handing_over is None:
            return
        self.config.timeout_graceful_shutdown = int(self._handing_over.total_seconds())
        self.should_exit = self.handed_over = True
        self._stopping()

    @contextmanager
    def handling_signals(self) -> Iterator[None]:
        """Handle signals until all parts have stopped, not only the server."""
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]]
        handlers = {signal.SIGINT: self.handle_exit, signal.SIGTERM: self.handle_exit}
        if self._handing_over is not None:
            handlers = {END: self.handle_exit, HAND_OVER: self.hand_over}
        elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
            handlers[signal.SIGHUP] = self.hang_up
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do not raise the signal again after the end of the server, as uvicorn would."""
        yield


def serve(
    app: Application,
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    stop: Callable[[], None],
    cut: Callable[[], bool] = lambda: False,
    say: Callable[[str], None],
    grace: timedelta,
    handing_over: timedelta | None = None,
    failing: Callable[[], Exception | None] = lambda: None,
    drain: Drain | None = None,
    tls: Tls | None = None,
) -> End:
    """Answer requests until a signal or an error of `failing`, then stop everything.

    `grace` is the time for running work; with `drain` the time begins after the notice.
    `handing_over` is set if another process follows. If running work does not finish in time, `cut`
    ends it. If that is not possible, threads are still busy, and only `os._exit` ends the process.
    """
    longest_end = grace if drain is None else drain.notice + grace
    finishes, deadline = _FINISHES if drain is None else _DRAINS, Deadline()
    notice = threading.Timer(1.0, lambda: say(_WAITS if server.handed_over else finishes))
    notice.daemon = True

    def stopping() -> None:
        # uvicorn logs an error when it cancels long requests; this is expected.
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        deadline.start(handing_over if handing_over and server.handed_over else longest_end)
        if notice.ident is None:
            notice.start()

    server = Server(
        app,
        ready=ready,
        stopping=stopping,
        handing_over=handing_over,
        failing=failing,
        grace=grace,
        drain=drain,
        tls=tls,
    )
    with server.handling_signals(), _errors_only(), _rare_collections():
        try:
            loop_factory = server.config.get_loop_factory()
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                ended = runner.run(_served(server, listener, stop=stop, cut=cut, deadline=deadline))
        finally:
            notice.cancel()
    return End(ended, server.handed_over, server.failure)


async def _served(
    server: Server,
    listener: socket.socket,
    *,
    stop: Callable[[], None],
    cut: Callable[[], bool],
    deadline: "Deadline",
) -> bool:
    """Serve until the end. Then stop everything, while the event loop still serves the workers."""
    try:
        await server.serve(sockets=[listener])
    finally:
        ended = await finished(stop, within=deadline.left(), cut=cut)
    return ended


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collect garbage seldom, and never look at the objects of the loaded program.

    A request makes some hundred objects and no cycles: with Python's own thresholds, collections
    took a tenth of its CPU time.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@contextmanager
def _errors_only() -> Iterator[None]:
    """Leave out uvicorn's own messages about its start and end."""
    log = logging.getLogger("uvicorn")
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(logging.NOTSET)


def _whole_seconds(length: timedelta) -> int:
    """Return the seconds, rounded up for uvicorn."""
    return math.ceil(length.total_seconds())


async def finished(
    work: Callable[[], None], *, within: timedelta, cut: Callable[[], bool] = lambda: False
) -> bool:
    """Run the work in a daemon thread; return True if it ended in time.

    Else, `cut` may help it to end: the work then has some further seconds.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="stop", daemon=True).start()
    future = asyncio.wrap_future(outcome)
    done, _ = await asyncio.wait([future], timeout=within.total_seconds())
    if not done and cut():
        done, _ = await asyncio.wait([future], timeout=_CUT)
    if done:
        future.result()
    return bool(done)


class Deadline:
    """The time limit for stopping, counted from the first call of `start`. Later calls may shorten
    it."""

    def __init__(self) -> None:
        self._end: float | None = None

    def start(self, length: timedelta) -> None:
        """Start the time limit."""
        end = time.monotonic() + length.total_seconds()
        self._end = end if self._end is None else min(end, self._end)

    def left(self) -> timedelta:
        """Return the remaining time, at least a second, so that quick work can finish."""
        if self._end is None:
            self.start(GRACE)
        assert self._end is not None
        return timedelta(seconds=max(1.0, self._end - time.monotonic()))
