"""A worker process: runs an invocation at a time, and asks the broker for each operation."""

import math
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

from oort.app.programs import Program
from oort.engine.entropy import SystemEntropy
from oort.engine.workers import wire
from oort.engine.workers.wire import (
    Answered,
    Claim,
    Failed,
    Handled,
    Late,
    Line,
    Perform,
    Performed,
    Retire,
    Returned,
    RunBatch,
    RunCall,
    RunRequest,
    Settled,
    ToWorker,
    Use,
)
from oort.model.errors import (
    InvalidUse,
    InvalidValue,
    OortError,
    QueueFull,
    StateLost,
    StateUnusable,
    StateUnwritable,
    TimedOut,
    Unavailable,
)
from oort.model.invocations import Failure, Parked
from oort.model.operations import (
    Operation,
    ReadSecret,
    Refused,
    Request,
    Result,
    Revealed,
)
from oort.ports.clock import Clock
from oort.runtime import invoke, redaction
from oort.runtime.alarms import Alarm
from oort.runtime.environments import Environment
from oort.runtime.requests import RequestReader
from oort.runtime.system import SystemClock

_leave = os._exit  # also if a test replaces it
_PART = 256 * 1024  # bytes that are read at once
_UNIT = 1 if sys.platform == "darwin" else 1024  # of the kernel's figure of the largest memory
_ERRORS: dict[str, type[OortError]] = {
    kind.code: kind for kind in (Unavailable, QueueFull, StateUnusable, StateLost, StateUnwritable)
}


class Channel:
    """The worker's end of the connection to the broker.

    Threads of a handler may use it at the same time: an operation and its result are one step.
    """

    def __init__(self, connection: socket.socket, claims: int, alarm: Alarm) -> None:
        self._connection = connection
        self._claims = claims
        self._right: int | None = None  # read, and not used yet
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._undisturbed = _Undisturbed(alarm)
        self._frames: wire.Frames[ToWorker] = wire.Frames(ToWorker)
        self._received: deque[ToWorker] = deque()
        self._ahead: deque[ToWorker] = deque()  # came in front of a result, for `next`
        self._part = memoryview(bytearray(_PART))
        self.memory = _memory(
            resource.getrusage(resource.RUSAGE_SELF)
        )  # of the program, at the fork
        self.asked = 0.0  # seconds of waiting for results
        self.exchanges = 0  # frames that were sent: each may have let the process sleep

    def receive(self) -> ToWorker:
        """Return the next frame. Ends the process if the broker has closed the connection."""
        while not self._received:
            try:
                size = self._connection.recv_into(self._part)
            except OSError:
                size = 0
            if not size:
                _leave(0)  # the broker has ended, or closed this worker's connection
            self._received.extend(self._frames.take(self._part[:size]))
        return self._received.popleft()

    def next(self) -> ToWorker:
        """Return the next frame, without an invocation that the broker has taken back."""
        while isinstance(frame := self._first(), Claim):
            run = self._first()
            if self._may_begin(frame.number):
                return run
        return frame

    def _first(self) -> ToWorker:
        return self._ahead.popleft() if self._ahead else self.receive()

    def _result(self) -> ToWorker:
        """Return the next result. Keep invocations that were sent ahead for `next`."""
        while isinstance(frame := self.receive(), Claim):
            self._ahead += (frame, self.receive())
        return frame

    def _may_begin(self, number: int) -> bool:
        """Use the right of this number. The pipe may hold the right of a later invocation."""
        if self._right is None:
            try:
                (self._right,) = wire.RIGHT.unpack(os.read(self._claims, wire.RIGHT.size))
            except BlockingIOError:
                return False
        if self._right != number:
            return False
        self._right = None
        return True

    def send(self, frame: wire.FromWorker) -> None:
        """Send a frame that is not answered."""
        data = wire.framed(frame)
        with self._lock, self._undisturbed:
            self._send(data)

    def perform(self, request: Request) -> Result:
        """Send an operation and return its result. See `ports.broker`."""
        try:
            data = wire.framed(Perform(request.token, request.operation))
        except UnicodeEncodeError as error:
            what = f"A text holds half of a character: {error.reason}."
            return Refused(InvalidValue.code, what)
        with self._lock, self._undisturbed:
            began = time.perf_counter()
            self._send(data)
            frame = self._result()
            self.asked += time.perf_counter() - began
        if isinstance(frame, Performed):
            if isinstance(frame.result, Revealed):  # what this process logs must not show it
                redaction.KNOWN.remember(_secret(request.operation), frame.result.value)
            return frame.result
        if isinstance(frame, Late):
            raise TimedOut(timedelta(seconds=frame.after))
        assert isinstance(frame, Failed), frame
        raise _ERRORS.get(frame.code, OortError)(frame.what, frame.instead)

    def _send(self, data: bytes) -> None:
        if os.getpid() != self._pid:
            _leave(1)  # a handler has forked: only the parent speaks for the invocation
        self.exchanges += 1
        try:
            self._connection.sendall(data)
        except OSError:
            _leave(1)  # the broker has ended


class _Undisturbed:
    """A block that no time-out ends in its middle. Any other exception ends the process.

    Half a frame would spoil every later one.
    """

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm

    def __enter__(self) -> None:
        self._alarm.hold()

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is not None:
            traceback.print_exception(error)
            _end(1)
        self._alarm.release()


class _Meter:
    """The resources that each invocation of a process uses.

    An invocation that has not slept was not waiting: the time that it took beyond its own CPU time
    belongs to other processes on the same cores, and more workers would make it longer.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2  # open descriptors
        self._began = self._asked = 0.0
        usage = resource.getrusage(resource.RUSAGE_SELF)  # at the end of the last invocation
        self._cpu, self._slept = _cpu(usage), self._sleeps(usage)

    def begin(self) -> None:
        """Measure from now on."""
        self._began, self._asked = time.perf_counter(), self._channel.asked

    def use(self) -> Use:
        """Return the resources used since `begin`, and the CPU time since the last end."""
        took, asked = time.perf_counter() - self._began, self._channel.asked - self._asked
        usage = resource.getrusage(resource.RUSAGE_SELF)
        before, self._cpu = self._cpu, _cpu(usage)
        earlier, self._slept = self._slept, self._sleeps(usage)
        cpu = self._cpu - before
        elsewhere = max(0.0, took - cpu - asked) if self._slept > earlier else 0.0
        is_worn = _lowest_descriptor() > self._most
        return Use(cpu, elsewhere, _memory(usage) - self._channel.memory, is_worn)

    def _sleeps(self, usage: resource.struct_rusage) -> int:
        """Return how often the process has slept for anything but the broker."""
        return usage.ru_nvcsw - self._channel.exchanges


class Worker:
    """The environments of a process, for each function that has run here."""

    def __init__(
        self,
        program: Program,
        channel: Channel,
        alarm: Alarm,
        clock: Clock,
        *,
        ending: Callable[[], bool],
    ) -> None:
        self._program = program
        self._ending = ending
        self._channel = channel
        self._meter = _Meter(channel)
        self._clock, self._entropy = clock, SystemEntropy()
        self._limited = alarm.limited
        self._environments: dict[str, tuple[Environment, RequestReader]] = {}

    def run(self) -> NoReturn:
        """Run invocations until the broker asks to end."""
        pid = os.getpid()
        while True:
            frame = self._channel.next()
            if isinstance(frame, Retire):
                for environment, _ in self._environments.values():
                    environment.close()
                _end(0)
            ended = self._ended(frame)
            if os.getpid() != pid:
                _end(0)  # a process that a handler forked has come out of the handler
            _flush()
            signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm of this handler is not for the next
            self._channel.send(ended)

    def _ended(self, frame: ToWorker) -> wire.Ended:
        self._meter.begin()
        use = self._meter.use
        match frame:
            case RunRequest(function=name, invocation=invocation):
                environment, reader = self._environment(name)
                return Answered(invoke.request(environment, reader, invocation), use())
            case RunBatch(function=name, invocation=invocation):
                environment, _ = self._environment(name)
                outcome = invoke.batch(
                    environment, invocation, settled=self._settled, ending=self._ending
                )
                return Handled(outcome.spans, use())
            case RunCall(function=name, invocation=invocation):
                environment, _ = self._environment(name)
                return Returned(invoke.call(environment, invocation), use())
            case wire.Prepare(function=name, token=token):
                environment, _ = self._environment(name)
                return wire.Prepared(invoke.prepare(environment, token=token), use())
            case _:
                raise AssertionError(frame)

    def _settled(self, end: Failure | Parked | None) -> None:
        match end:
            case Failure():
                self._channel.send(Settled(failure=end))
            case Parked():
                self._channel.send(Settled(parked=end))
            case None:
                self._channel.send(Settled())

    def _environment(self, name: str) -> tuple[Environment, RequestReader]:
        kept = self._environments.get(name)
        if kept is None:
            function = self._program.functions[name]
            environment = Environment(
                function,
                broker=self._channel,
                clock=self._clock,
                entropy=self._entropy,
                limit=self._limited,
            )
            kept = self._environments[name] = environment, RequestReader(function)
        return kept


Prepare = Callable[[Callable[[str], None]], None]
"""Sets up the log of a worker, whose lines are given to the function."""


def main(
    program: Program,
    connection: socket.socket,
    claims: int,
    ending: Callable[[], bool],
    *,
    prepare: Prepare,
    clock: Clock | None = None,
) -> NoReturn:
    """Serve the broker at the other end of the connection; never returns."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a handler that reads must not take the terminal
    sys.breakpointhook = _no_breakpoint
    alarm = Alarm()
    channel = Channel(connection, claims, alarm)
    prepare(lambda text: channel.send(Line(text)))
    Worker(program, channel, alarm, clock or SystemClock(), ending=ending).run()


def _no_breakpoint(*_: object, **__: object) -> NoReturn:
    raise InvalidUse(
        "breakpoint() has no terminal in a worker process.", "Use `oort dev --inline`."
    )


def _secret(operation: Operation) -> str:
    assert isinstance(operation, ReadSecret), operation
    return operation.secret


def _cpu(usage: resource.struct_rusage) -> float:
    """Return the CPU time of the process so far, in seconds."""
    return usage.ru_utime + usage.ru_stime


def _memory(usage: resource.struct_rusage) -> int:
    """Return the largest memory of the process so far, in bytes."""
    return usage.ru_maxrss * _UNIT


def _lowest_descriptor() -> float:
    """Return the lowest free descriptor: the kernel gives that one. Infinite if none is free."""
    try:
        lowest = os.dup(2)
    except OSError:
        return math.inf
    os.close(lowest)
    return lowest


def _end(code: int) -> NoReturn:
    _flush()
    _leave(code)


def _flush() -> None:
    """Write the output of handlers."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105  suppress() costs three calls
            stream.flush()
        except (OSError, ValueError):
            pass
