"""Copies of a store: what is written meanwhile, and the space of what was deleted."""

import threading
from pathlib import Path

import pytest

from oort.engine.saving import checking, copying
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.store import unlocked
from oort.model.errors import StateUnusable, StateUnwritable

KEY = "ab" * 32
ADD = "INSERT INTO segments(trace, spans) VALUES(?, ?)"


def rows(path: Path) -> int:
    connection = unlocked(path, KEY)
    try:
        return len(connection.execute("SELECT seq FROM segments").fetchall())
    finally:
        connection.close()


def test_a_copy_has_every_write_that_was_acknowledged_before_it_began(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", key=KEY)
    acknowledged, stop = 0, threading.Event()

    def write() -> None:
        nonlocal acknowledged
        while not stop.is_set():
            store.write(lambda session: session.run(ADD, "t", bytes(20_000)))
            acknowledged += 1

    def step(_left: int) -> None:
        """Let writers in between the steps."""
        before = acknowledged
        while acknowledged < before + 3:
            threading.Event().wait(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        step(0)
        for number in range(3):
            before = acknowledged
            target = tmp_path / f"copy{number}"
            copying.copy(tmp_path / "oort.db", target, key=KEY, step=step)
            assert before <= rows(target) < acknowledged
            assert checking.problems(target, key=KEY) == []
    finally:
        stop.set()
        writer.join()
        store.close()


def test_a_copy_is_one_encrypted_file(tmp_path: Path) -> None:
    GroupCommitStore(tmp_path / "oort.db", key=KEY).close()
    target = tmp_path / "copies" / "copy"
    target.parent.mkdir()
    copying.copy(tmp_path / "oort.db", target, key=KEY)
    assert rows(target) == 0
    assert [path.name for path in target.parent.iterdir()] == ["copy"]
    assert b"SQLite" not in target.read_bytes()
    with pytest.raises(StateUnusable):
        copying.copy(tmp_path / "oort.db", tmp_path / "other", key="cd" * 32)


def test_compacting_gives_the_space_of_deleted_rows_back(tmp_path: Path) -> None:
    path = tmp_path / "oort.db"
    store = GroupCommitStore(path, key=KEY)
    store.write(lambda session: [session.run(ADD, "t", bytes(100_000)) for _ in range(20)])
    for _ in range(2):
        store.write(
            lambda session: session.run(
                "INSERT INTO messages(queue, sent, visible, attempts, leased, payload)"
                " VALUES('q', 0, 0, 0, 0, x'')"
            )
        )
    store.write(lambda session: session.run("DELETE FROM messages"))
    store.write(lambda session: session.run("DELETE FROM segments WHERE seq > 1"))
    store.close()
    before, after = copying.compact(path, key=KEY)
    assert before > 2_000_000
    assert 300_000 > after == path.stat().st_size
    assert rows(path) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["oort.db"]
    connection = unlocked(path, KEY)
    # A number that came back would let a stale receipt settle another message.
    assert connection.execute("SELECT seq FROM sqlite_sequence").fetchall() == [(2,)]
    connection.close()


def test_a_disk_without_room_for_two_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "oort.db"
    GroupCommitStore(path, key=KEY).close()
    monkeypatch.setattr(copying, "_RESERVE", 1 << 60)
    with pytest.raises(StateUnwritable, match="Nothing was changed"):
        copying.compact(path, key=KEY)
    assert [file.name for file in tmp_path.iterdir()] == ["oort.db"]
