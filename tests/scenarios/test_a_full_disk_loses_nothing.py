"""P7: while the state cannot be written, clients are told to try again, the log stays short, and nothing is lost."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from oort import Can, Put, Queue, Send, Service, Table
from oort.app.loading.loader import load
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.writability import Writability
from oort.model.http import HttpReply, HttpRequest
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers

PATIENCE = 20.0


class Job(msgspec.Struct):
    id: str


shop = Service("shop")


@shop.table("done", key="id")
class Done(Table[str, Job, Can]): ...


@shop.queue("jobs")
class Jobs(Queue[Job, Can]): ...


@shop.post("/jobs/{id}", public=True)
def send(id: str, jobs: Jobs[Send]) -> None:
    jobs.send(Job(id))


@shop.worker(Jobs)
def work(job: Job, done: Done[Put]) -> None:
    done.put(job)


class FullFile(apsw.VFSFile):
    """A file that cannot grow while the disk is full."""

    full = False
    writes = 0

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  SQLite's name
        FullFile.writes += 1
        if FullFile.full:
            raise apsw.FullError("database or disk is full")
        super().xWrite(data, offset)


class FullDisk(apsw.VFS):
    """The system's files on a disk that can be full."""

    def __init__(self) -> None:
        super().__init__("full", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FullFile:  # noqa: N802
        return FullFile("", name, flags)


@pytest.fixture
def disk() -> Iterator[type[FullFile]]:
    disk = FullDisk()
    FullFile.full = False
    yield FullFile
    FullFile.full = False
    disk.unregister()


class Running:
    """A platform on that disk, with its threads."""

    def __init__(self, folder: Path) -> None:
        self.failures: list[Exception] = []
        self.store = GroupCommitStore(folder / "oort.db", vfs="full")
        self.engine = Engine(
            load([shop]),
            store=self.store,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
            identity=KnownCallers(),
            failed=self.failures.append,
        )
        self.engine.start()

    def post(self, name: str) -> HttpReply:
        """Send a request."""
        gateway = self.engine.gateway
        admitted = gateway.admit(HttpRequest("POST", f"/shop/jobs/{name}", "", {}, ""))
        assert not isinstance(admitted, HttpReply)
        return gateway.answer(admitted, b"")

    def done(self, name: str) -> bool:
        """Wait until the message is handled."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.engine.ports.tables.get("shop.done", (name,)) is not None:
                return True
            threading.Event().wait(0.02)
        return False

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        FullFile.full = False
        self.engine.stop()
        self.store.close()


@pytest.mark.unmeasured
def test_requests_are_503_and_everything_else_is_done_afterwards(
    tmp_path: Path, disk: type[FullFile]
) -> None:
    with Running(tmp_path) as running:
        assert running.post("before").status == 200
        assert running.done("before")
        disk.full = True
        reply = running.post("refused")
        assert (reply.status, dict(reply.headers)["retry-after"]) == (503, "1")
        assert b"disk" not in reply.body
        assert "The disk of" in reply.error
        disk.full = False
        assert running.post("after").status == 200
        assert running.done("after")
    with Running(tmp_path) as again:
        for name in ("before", "after"):
            assert again.engine.ports.tables.get("shop.done", (name,)) is not None
        assert again.engine.ports.tables.get("shop.done", ("refused",)) is None


@pytest.mark.unmeasured
def test_a_message_that_waits_makes_a_few_lines_and_is_done_afterwards(
    tmp_path: Path, disk: type[FullFile]
) -> None:
    with Running(tmp_path) as running:
        handled = running.engine.invoker.batch
        entered, go_on = threading.Event(), threading.Event()

        def slow(*given: Any, **named: Any) -> Any:
            entered.set()
            assert go_on.wait(PATIENCE)
            return handled(*given, **named)

        running.engine.invoker.batch = slow  # type: ignore[method-assign]
        assert running.post("first").status == running.post("waits").status == 200
        assert entered.wait(PATIENCE)
        disk.full = True
        go_on.set()
        time.sleep(1.5)
        assert 0 < len(running.failures) < 10
        disk.full = False
    with Running(tmp_path) as again:  # its leases have ended
        assert again.done("first")
        assert again.done("waits")


@pytest.mark.unmeasured
def test_readiness_ends_and_comes_back_without_a_restart(
    tmp_path: Path, disk: type[FullFile]
) -> None:
    with Running(tmp_path) as running:
        now = [0]
        writability = Writability(running.store, tick=lambda: now[0])

        def becomes(expected: bool) -> None:
            end = time.monotonic() + PATIENCE
            while writability.is_writable() is not expected:
                assert time.monotonic() < end
                now[0] += 1_000_000_000
                threading.Event().wait(0.01)

        becomes(True)
        disk.full = True
        becomes(False)  # by the probe: nobody else writes
        disk.full = False
        becomes(True)
        assert running.post("after").status == 200


def test_pauses_grow_and_end(tmp_path: Path, disk: type[FullFile]) -> None:
    with Running(tmp_path) as running:
        dispatcher = running.engine._dispatcher
        lengths = [dispatcher._paused("shop.jobs") for _ in range(10)]
        assert lengths[:3] == [timedelta(seconds=seconds) for seconds in (0.5, 1, 2)]
        assert lengths[-1] == timedelta(seconds=30)
        assert dispatcher._is_paused("shop.jobs")
        dispatcher._resumed("shop.jobs")
        assert not dispatcher._is_paused("shop.jobs")
