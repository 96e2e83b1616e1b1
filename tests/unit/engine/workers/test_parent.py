"""The parent of the workers, and what it leaves them."""

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from oort.engine.workers import parent
from oort.engine.workers.control import Control, Reader

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def echo(connection: socket.socket, _: int, __: parent.Ending) -> NoReturn:
    """Do what the other end says."""
    while True:
        match connection.recv(100):
            case b"files":
                connection.sendall(" ".join(_inodes()).encode())
            case b"group":
                connection.sendall(f"{os.getpid()} {os.getpgid(0)} {os.getppid()}".encode())
            case b"priority":
                policy = os.sched_getscheduler(0) if sys.platform == "linux" else 0
                connection.sendall(f"{os.getpriority(os.PRIO_PROCESS, 0)} {policy}".encode())
            case b"child":
                pid = os.fork()
                if not pid:
                    time.sleep(60)
                connection.sendall(str(pid).encode())
            case b"daemon":
                reading, writing = os.pipe()
                if not os.fork():
                    os.setsid()
                    if not os.fork():
                        os.write(writing, str(os.getpid()).encode())
                        time.sleep(60)
                    os._exit(0)
                connection.sendall(os.read(reading, 100))
            case _:
                os._exit(5)


def _inodes() -> Iterator[str]:
    for file in parent.descriptors():
        with suppress(OSError):  # the one that listed the others
            yield str(os.fstat(file).st_ino)


class Parent:
    """A connection to a parent, and the workers that were asked of it."""

    def __init__(self, closing: frozenset[int] = frozenset()) -> None:
        self.connection = parent.fork(echo, closing=closing)
        self._reader = Reader(self.connection)
        self._heard: list[Control] = []
        self._nothing = os.open(os.devnull, os.O_RDONLY)

    def start(self, number: int) -> socket.socket:
        """Return the connection to a new worker."""
        ours, theirs = socket.socketpair()
        with theirs:
            message = Control("start", number).packed()
            descriptors = [theirs.fileno(), os.dup(self._nothing)]
            socket.send_fds(self.connection, [message], descriptors)
            os.close(descriptors[1])
        return ours

    def heard(self) -> Control:
        """Return the next message."""
        while not self._heard:
            received = self._reader.receive()
            assert received is not None
            self._heard += received[0]
        return self._heard.pop(0)


@pytest.fixture
def forked() -> Iterator[Parent]:
    forked = Parent()
    yield forked
    forked.connection.close()


def ask(worker: socket.socket, what: bytes) -> str:
    """Return the answer of a worker."""
    worker.sendall(what)
    return worker.recv(10_000).decode()


def test_a_worker_has_its_connection_and_the_standard_streams(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock, socket.socket() as listener:
        forked = Parent(frozenset({lock.fileno(), listener.fileno()}))
        ours = {os.fstat(file.fileno()).st_ino for file in (lock, listener)}
        with forked.connection, forked.start(1) as worker:
            theirs = set(map(int, ask(worker, b"files").split()))
    assert not ours & theirs


def test_a_worker_has_a_group_of_its_own(forked: Parent) -> None:
    with forked.start(1) as worker:
        pid, group, above = map(int, ask(worker, b"group").split())
        assert pid == group != above
        assert forked.heard() == Control("started", 1, pid)


def test_the_program_is_loaded_once_for_broker_and_workers() -> None:
    gc.unfreeze()
    forked = Parent()
    try:  # a collection would write to each of these objects, so that each process has a copy
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        forked.connection.close()


def test_a_worker_gives_way_to_the_broker(forked: Parent) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    with forked.start(1) as worker:
        nice, policy = map(int, ask(worker, b"priority").split())
        above = os.getpriority(os.PRIO_PROCESS, int(ask(worker, b"group").split()[2]))
    assert (nice, above) == (min(mine + 5, 19), mine)
    if sys.platform == "linux":
        assert (policy, os.sched_getscheduler(0)) == (os.SCHED_BATCH, os.SCHED_OTHER)


def test_the_end_of_a_worker_is_told_with_its_status(forked: Parent) -> None:
    with forked.start(7) as worker:
        assert forked.heard().word == "started"
        worker.sendall(b"exit")
        assert forked.heard() == Control("gone", 7, 5 << 8)


def test_a_kill_takes_what_the_worker_has_started(forked: Parent) -> None:
    with forked.start(1) as worker:
        child = int(ask(worker, b"child"))
        forked.heard()
        forked.connection.sendall(Control("kill", 1).packed())
        assert forked.heard() == Control("gone", 1, signal.SIGKILL)
    wait_for_end(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the parent")
@pytest.mark.parametrize("by", ["kill", "end"])
def test_what_has_left_its_worker_ends_with_it(forked: Parent, by: str) -> None:
    with forked.start(1) as worker:
        daemon = int(ask(worker, b"daemon"))
        assert Path(f"/proc/{daemon}").exists()
        if by == "kill":
            forked.connection.sendall(Control("kill", 1).packed())
        else:
            forked.connection.close()
        wait_for_end(daemon)


def test_an_unknown_worker_cannot_be_killed(forked: Parent) -> None:
    forked.connection.sendall(Control("kill", 99).packed())
    with forked.start(1) as worker:
        assert ask(worker, b"group")


def test_signals_for_the_broker_do_not_end_it(forked: Parent) -> None:
    with forked.start(1) as worker:
        pid, _, above = map(int, ask(worker, b"group").split())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(above, number)
            os.kill(pid, number)
        assert ask(worker, b"group")


def test_the_end_of_the_broker_ends_all() -> None:
    forked = Parent()
    with forked.start(1) as worker:
        pid, _, above = map(int, ask(worker, b"group").split())
        forked.connection.close()
        wait_for_end(pid)
        wait_for_end(above)


def wait_for_end(pid: int) -> None:
    """Wait until the process has ended."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.01)
    raise AssertionError(f"{pid} still runs")
