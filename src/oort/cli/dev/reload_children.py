"""Processes of `oort dev` with reload: a child loads the program and serves it.

The supervisor has no threads and imports no module of the program before it forks. So each child
reads the current files. A child ends when its supervisor ends.
"""

import gc
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
    """The program is loaded without mistakes. `files` are files outside the project's folder."""

    files: tuple[str, ...]


class Ready(msgspec.Struct, tag=True):
    """The child accepts requests."""


Message = Loaded | Ready


@dataclass(slots=True)
class Child:
    """A child process, for its supervisor.

    `code` is its exit status, or None while it runs. A signal's number is negative.
    """

    pid: int
    channel: socket.socket
    code: int | None = None
    _rest: bytes = b""

    def hear(self) -> list[Message]:
        """Return the new messages, without waiting. Set `code` if the child has ended."""
        data, closed = self._rest, False
        with suppress(BlockingIOError, ConnectionResetError):
            while part := self.channel.recv(65536):
                data += part
            closed = True
        *lines, self._rest = data.split(b"\n")
        self._reap(0 if closed else os.WNOHANG)
        return [msgspec.json.decode(line, type=Message) for line in lines]

    def serve(self) -> None:
        """Tell the child to serve: no other child serves any more."""
        with suppress(OSError):  # it has ended; `hear` will tell
            self.channel.send(_SERVE)

    def hand_over(self) -> None:
        """Finish running work and end."""
        self._signal(HAND_OVER)

    def stop(self) -> None:
        """Stop as with Ctrl+C: gracefully the first time, at once the second time."""
        self._signal(END)

    def kill(self) -> None:
        """End the child now, and wait for its end."""
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
    """The supervisor process, for a child."""

    def __init__(self, channel: socket.socket, *, end: Callable[[int], object] = os._exit) -> None:
        self._channel = channel
        self._end = end

    def loaded(self, files: Iterable[str]) -> None:
        """Report that the program is loaded, and wait for permission to serve.

        Ends the process if the supervisor has ended.
        """
        self._say(Loaded(tuple(files)))
        if not self._channel.recv(1):
            self._end(1)
        signal.signal(signal.SIGTERM, _left_to_the_supervisor)
        threading.Thread(target=self._follow, name="supervisor", daemon=True).start()

    def ready(self) -> None:
        """Report that requests are accepted."""
        self._say(Ready())

    def _say(self, message: Message) -> None:
        with suppress(OSError):  # the supervisor has gone, and this process is about to
            self._channel.sendall(msgspec.json.encode(message) + b"\n")

    def _follow(self) -> None:
        """End with the supervisor on systems where the kernel does not do so."""
        with suppress(OSError):
            self._channel.recv(1)
        self._end(1)


def fork(work: Callable[[Supervisor], int], *, older: Iterable[Child]) -> Child:
    """Start a child that runs `work` and exits with its result. `older` are the older children."""
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    # The supervisor's handlers must not run in the child.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        ours.settimeout(0)
        return Child(pid, ours)
    gc.freeze()  # a collection would copy the memory that both share
    ours.close()
    for child in older:
        child.channel.close()  # so that each channel ends with the supervisor alone
    _begin(parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    # Run `atexit` functions; the supervisor has registered none.
    raise SystemExit(work(Supervisor(theirs)))


def wait(children: Sequence[Child], *, at_most: timedelta) -> None:
    """Wait until a child sends a message or ends, at most for `at_most`."""
    select([child.channel for child in children], [], [], at_most.total_seconds())


def _begin(parent: int) -> None:
    for number in (signal.SIGTERM, HAND_OVER, END):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, _left_to_the_supervisor)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before this one could ask to be told
        os._exit(1)


def _left_to_the_supervisor(_sig: int, _frame: FrameType | None) -> None:
    """Ignore the signal: the supervisor gets the same signal and passes it on.

    Not SIG_IGN: programs started by a handler would inherit that.
    """
