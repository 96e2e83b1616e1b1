"""The parent of the worker processes. With the program loaded, a fork takes a millisecond.

It is forked before the broker opens its store and starts threads, so neither it nor a worker holds
a connection to the store, its key, the port or the lock. It ends when the broker ends, and takes the
workers with it.
"""

import faulthandler
import gc
import mmap
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from oort.engine.workers.control import Control, Reader

_leave = os._exit  # also if a test replaces it: a fork must never return into its caller's code
_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36  # man 2 prctl
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_NICE = 5  # of workers, above that of the broker
_RESERVED = 2  # descriptors below are standard streams

_STATUS = Path("/proc/self/statm")  # Linux only

# True when the platform is ending. A read of shared memory: workers ask between two messages.
Ending = Callable[[], bool]
# The work of a worker with its connection to the broker and the descriptor of its claims.
Main = Callable[[socket.socket, int, Ending], NoReturn]


def descriptors() -> frozenset[int]:
    """Return the open descriptors of this process."""
    return frozenset(int(name) for name in os.listdir("/dev/fd"))


def fork(main: Main, *, closing: Collection[int] = ()) -> socket.socket:
    """Fork a parent of workers that run `main`, and return the connection to it.

    `closing` are descriptors that no worker may have. Call it before the first thread starts.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()  # here: garbage may need locks that the child inherits locked
    gc.freeze()  # a later collection would copy all memory that both share
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        return ours
    try:
        ours.close()
        _separate(closing)
        _Parent(theirs, main).run()
    finally:
        _leave(1)  # never back into the caller's code


def become(connection: socket.socket, main: Main) -> NoReturn:
    """Be a parent of workers that run `main`, in this process without another thread.

    `connection` is that to the broker.
    """
    gc.collect()
    try:
        _separate(())
        _Parent(connection, main).run()
    finally:
        _leave(1)


class _Parent:
    """The process that forks, waits for and kills workers."""

    def __init__(self, broker: socket.socket, main: Main) -> None:
        self._broker = broker
        self._main = main
        self._reader = Reader(broker)
        self._pids: dict[int, int] = {}  # by the number of the worker
        self._orphans: set[int] = set()  # killed, and not waited for yet
        self._ending = mmap.mmap(-1, 1)  # shared with the workers; 1 when the platform is ending
        self._woken, waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waking, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        self._waking = waking
        signal.signal(signal.SIGCHLD, _noticed)

    def run(self) -> NoReturn:
        """Obey the broker until its end."""
        gc.freeze()  # so that a collection in a worker does not copy the program's memory
        while True:
            ready, _, _ = select.select([self._broker.fileno(), self._woken], [], [])
            if self._woken in ready:
                with suppress(BlockingIOError):
                    os.read(self._woken, 4096)
            self._reap()
            if self._broker.fileno() in ready and not self._obey():
                self._end_all()
                _leave(0)

    def _end_all(self) -> None:
        """Kill the workers and the processes that they have started."""
        with suppress(ChildProcessError):
            while True:
                for pid in {*self._pids.values(), *_children()}:
                    _kill(pid)
                os.waitpid(-1, 0)

    def _obey(self) -> bool:
        received = self._reader.receive()
        if received is None:
            return False
        messages, passed = received
        for message in messages:
            if message.word == "start":
                connection, claims, *passed = passed
                self._start(message, connection, claims, others=passed)
            elif message.word == "end":
                self._ending[0] = 1
            elif message.worker in self._pids:
                _kill(self._pids[message.worker])
        return True

    def _start(
        self, message: Control, connection: int, claims: int, *, others: Iterable[int]
    ) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # too many processes, or no memory
            os.close(connection)
            os.close(claims)
            self._tell(Control("gone", message.worker, -1))
            return
        if not pid:
            try:
                for descriptor in (*others, self._woken, self._waking):
                    os.close(descriptor)
                self._become_worker(message, connection, claims, parent)
            finally:
                _leave(1)
        os.close(connection)
        os.close(claims)
        self._pids[message.worker] = pid
        self._tell(Control("started", message.worker, pid))

    def _become_worker(self, message: Control, connection: int, claims: int, parent: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._broker.close()
        os.setpgid(
            0, 0
        )  # a group of its own: Ctrl+C is for the broker, and a kill reaches its children
        _end_with_parent(parent)
        if message.value:
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            with suppress(ValueError, OSError):
                limit = (
                    message.value + _data()
                )  # a large program leaves as much room as a small one
                resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
        _give_way()
        _call("oort-worker")
        faulthandler.enable()
        ending = self._ending
        self._main(socket.socket(fileno=connection), claims, lambda: ending[0] != 0)

    def _reap(self) -> None:
        for worker, pid in list(self._pids.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self._pids[worker]
                _kill_group(pid)  # programs of a handler end with its worker
                self._end_orphans()
                self._tell(Control("gone", worker, status))
        for pid in tuple(self._orphans):
            try:
                done, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                done = pid
            if done:
                self._orphans.discard(pid)

    def _end_orphans(self) -> None:
        """Kill processes that have left their worker and its group, and so became children of this process."""
        for pid in _children() - set(self._pids.values()):
            _kill(pid)
            self._orphans.add(pid)

    def _tell(self, message: Control) -> None:
        with suppress(OSError):  # the broker has ended; the next look will tell
            self._broker.sendall(message.packed())


def _separate(closing: Collection[int]) -> None:
    """Leave the descriptors, signals and group of the broker."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in closing:
        if descriptor > _RESERVED and descriptor != nothing:
            # Not closed: an object of the broker might close its number later, which is another's then.
            with suppress(OSError):
                os.dup2(nothing, descriptor, inheritable=False)
    _call("oort-parent")
    _adopt()
    for number in _SIGNALS:
        signal.signal(number, _noticed)  # they are for the broker
    os.setpgid(0, 0)


def _adopt() -> None:
    """Become the parent of processes whose own parent ends, on Linux."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _children() -> set[int]:
    """Return the children of this process, on Linux."""
    with suppress(OSError):
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return set(map(int, text.split()))
    return set()


def _call(name: str) -> None:
    """Give the process a name that `ps -o comm` and `top` show."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())


def _give_way() -> None:
    """Let the broker have a core first. Handlers that compute would delay every other request.

    What waits in front of the broker keeps all workers waiting, so they lose nothing.
    """
    with suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICE)
    if hasattr(os, "sched_setscheduler"):  # Linux
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _end_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        _leave(1)


def _data() -> int:
    """Return the bytes of this process that RLIMIT_DATA counts; 0 if the system does not say."""
    try:
        return int(_STATUS.read_text().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    _kill_group(pid)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _noticed(_number: int, _frame: object) -> None:
    """Take note of a signal: this ends `select`. Started programs would inherit SIG_IGN."""
