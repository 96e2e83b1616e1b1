"""The processes of `oort dev` with reload: a child that loads the program and serves it, and how it talks to its supervisor.

A child is forked from a process without threads that has imported nothing of the program, so each one sees the files as they
are now. It ends with its supervisor, however that ends.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from select import select
from types import FrameType

import msgspec

# Signals that only the supervisor sends: those of a terminal or a process manager may reach the whole group.
HAND_OVER = signal.SIGUSR1  # finish what runs, and make room for the next child
END = signal.SIGUSR2  # as Ctrl+C
_SERVE = b"s"
_PR_SET_PDEATHSIG = 1  # man 2 prctl
_SIGNALS = (signal.SIGINT, signal.SIGTERM, HAND_OVER, END)


class Loaded(msgspec.Struct, tag=True):
    """The program is loaded without mistakes, from these files outside its folder among others."""

    files: tuple[str, ...]


class Ready(msgspec.Struct, tag=True):
    """Requests are answered."""


Message = Loaded | Ready


@dataclass(slots=True)
class Child:
    """A child, as its supervisor sees it. `code` is its exit status once it has ended; minus a signal's number if that ended it."""

    pid: int
    channel: socket.socket
    code: int | None = None
    _rest: bytes = b""

    def hear(self) -> list[Message]:
        """What it has said since; never waits. When it has ended, `code` is set."""
        data, closed = self._rest, False
        with suppress(BlockingIOError, ConnectionResetError):
            while part := self.channel.recv(65536):
                data += part
            closed = True
        *lines, self._rest = data.split(b"\n")
        self._reap(0 if closed else os.WNOHANG)
        return [msgspec.json.decode(line, type=Message) for line in lines]

    def serve(self) -> None:
        """Nobody else serves any more: begin."""
        with suppress(OSError):  # it has ended; `hear` will tell
            self.channel.send(_SERVE)

    def hand_over(self) -> None:
        """Finish what runs and end."""
        self._signal(HAND_OVER)

    def stop(self) -> None:
        """End as Ctrl+C asks for: gracefully the first time, at once the second."""
        self._signal(END)

    def kill(self) -> None:
        """End now, and be waited for."""
        self._signal(signal.SIGKILL)
        self._reap(0)

    def _signal(self, number: int) -> None:
        if self.code is None:  # until it is waited for, its number belongs to nobody else
            os.kill(self.pid, number)

    def _reap(self, options: int) -> None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                self.channel.close()


class Supervisor:
    """The supervisor, as a child sees it."""

    def __init__(self, channel: socket.socket, *, end: Callable[[int], object] = os._exit) -> None:
        self._channel = channel
        self._end = end

    def loaded(self, files: Iterable[str]) -> None:
        """Say that the program is loaded, and wait for the turn to serve. Ends the process if the supervisor has gone."""
        self._say(Loaded(tuple(files)))
        if not self._channel.recv(1):
            self._end(1)
        signal.signal(signal.SIGTERM, _left_to_the_supervisor)
        threading.Thread(target=self._follow, name="supervisor", daemon=True).start()

    def ready(self) -> None:
        """Say that requests are answered."""
        self._say(Ready())

    def _say(self, message: Message) -> None:
        with suppress(OSError):  # the supervisor has gone, and this process is about to
            self._channel.sendall(msgspec.json.encode(message) + b"\n")

    def _follow(self) -> None:
        """End with the supervisor where the kernel does not see to it."""
        with suppress(OSError):
            self._channel.recv(1)
        self._end(1)


def fork(work: Callable[[Supervisor], int], *, others: Iterable[Child]) -> Child:
    """A new child that does the work and exits with its result. `others` are the supervisor's children so far."""
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, _SIGNALS
    )  # the supervisor's handlers must not run in the child
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        ours.settimeout(0)
        return Child(pid, ours)
    ours.close()
    for child in others:
        child.channel.close()  # so that each channel ends with the supervisor alone
    _begin(parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    raise SystemExit(
        work(Supervisor(theirs))
    )  # `atexit` is kept; nothing of the supervisor's is in the way


def wait(children: Sequence[Child], *, at_most: timedelta) -> None:
    """Wait until one of them says something or ends, or for so long."""
    select([child.channel for child in children], [], [], at_most.total_seconds())


def _begin(parent: int) -> None:
    for one in (signal.SIGTERM, HAND_OVER, END):
        signal.signal(one, signal.SIG_DFL)
    signal.signal(signal.SIGINT, _left_to_the_supervisor)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before this one could ask to be told
        os._exit(1)


def _left_to_the_supervisor(_sig: int, _frame: FrameType | None) -> None:
    """It gets the same signal and passes it on. Not SIG_IGN, which programs that a handler starts would inherit."""
