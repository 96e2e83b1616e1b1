"""The readiness of a store: a disk that fails, hangs and recovers, and how often it is asked."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Session
from oort.engine.store.writability import PATIENCE, PAUSE, PAUSE_AFTER_FAILURE, Writability
from oort.model.errors import StateUnusable, StateUnwritable


class Disk:
    """A store whose probes end when the test says so, and its clock."""

    def __init__(self) -> None:
        self.probes: list[Future[None]] = []
        self.error: BaseException | None = None
        self.is_closed = False
        self.now = 0
        self.writability = Writability(self, tick=lambda: self.now)

    def submit(self, _work: Callable[[Session], None]) -> "Future[None]":
        if self.is_closed:
            raise StateUnusable("The store is closed.")
        self.probes.append(Future())
        return self.probes[-1]

    def failure(self) -> BaseException | None:
        return self.error

    def after(self, time: timedelta) -> bool:
        """Move the clock; then ask."""
        self.now += int(time.total_seconds() * 1e9)
        return self.writability.is_writable()


def test_a_disk_that_works_is_probed_seldom() -> None:
    disk = Disk()
    assert disk.after(timedelta(0))
    disk.probes[0].set_result(None)
    assert disk.after(PAUSE / 2)
    assert len(disk.probes) == 1
    assert disk.after(PAUSE)
    assert len(disk.probes) == 2


def test_a_disk_that_fails_is_probed_until_it_works_again() -> None:
    disk = Disk()
    assert disk.after(timedelta(0))
    disk.probes[0].set_result(None)
    disk.error = StateUnwritable("The disk is full.")  # of a request
    assert not disk.after(PAUSE_AFTER_FAILURE)
    disk.probes[1].set_exception(disk.error)
    assert not disk.after(PAUSE_AFTER_FAILURE)
    disk.error = None
    disk.probes[2].set_result(None)
    assert disk.after(PAUSE_AFTER_FAILURE)


def test_a_disk_that_hangs_or_a_store_that_is_closed_is_not_writable() -> None:
    disk = Disk()
    assert disk.after(timedelta(0))
    assert not disk.after(PATIENCE)
    assert len(disk.probes) == 1
    disk.probes[0].set_result(None)
    disk.is_closed = True
    assert disk.after(PAUSE)  # the probe of this call has failed
    assert not disk.after(timedelta(0))


def test_a_probe_is_a_commit_that_changes_nothing(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    try:
        before, log = store.data_version(), tmp_path / "oort.db-wal"
        size = log.stat().st_size
        assert Writability(store, tick=lambda: 0).is_writable()
        store.write(lambda session: None)  # after the probe
        assert store.data_version() != before
        assert log.stat().st_size > size
        assert store.failure() is None
    finally:
        store.close()
