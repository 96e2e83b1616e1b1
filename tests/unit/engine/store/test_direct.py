"""The direct store: the same interface, at once and in the calling thread."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import apsw
import pytest

from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model.errors import ConditionFailed, StateUnusable

INSERT = "INSERT INTO outbox(kind, name, visible, payload) VALUES('send', ?, 0, x'')"


def add(name: str) -> Callable[[Session], int]:
    return lambda session: session.run(INSERT, name)


def names(session: Session) -> list[str]:
    return [name for (name,) in session.rows("SELECT name FROM outbox ORDER BY seq")]


def failing(session: Session) -> NoReturn:
    session.run(INSERT, "bad")
    raise ConditionFailed("no")


def test_a_write_can_be_read_at_once() -> None:
    store = DirectStore()
    assert store.write(add("a")) == 1
    assert store.submit(add("b")).result(0) == 1
    store.later(add("c"))
    outcomes: list[object] = []
    store.begin(add("d"), outcomes.append)
    assert outcomes == [1]
    assert store.read(names) == ["a", "b", "c", "d"]
    store.close()


def test_work_that_fails_undoes_itself(caplog: pytest.LogCaptureFixture) -> None:
    store = DirectStore()
    with pytest.raises(ConditionFailed):
        store.write(failing)
    with pytest.raises(ConditionFailed):
        store.submit(failing).result(0)
    outcomes: list[object] = []
    store.begin(failing, outcomes.append)
    assert [type(outcome) for outcome in outcomes] == [ConditionFailed]
    with caplog.at_level(logging.WARNING):
        store.later(failing)
    assert "nobody waits for" in caplog.text
    assert store.read(names) == []
    store.close()


def test_two_stores_in_memory_are_apart() -> None:
    one, two = DirectStore(), DirectStore()
    one.write(add("a"))
    assert two.read(names) == []
    one.close()
    two.close()


def test_a_file_keeps_what_was_written(tmp_path: Path) -> None:
    for expected in ([], ["a"]):
        store = DirectStore(tmp_path / "oort.db")
        assert store.read(names) == expected
        store.write(add("a"))
        store.close()


def test_work_inside_work_is_refused() -> None:
    store = DirectStore()
    for inner in (lambda: store.read(names), lambda: store.write(add("a"))):
        with pytest.raises(RuntimeError, match="use the session"):
            store.write(lambda _, inner=inner: inner())  # type: ignore[misc]
    assert store.write(add("after")) == 1
    store.close()


def test_on_commit_is_called_after_commits_that_wake_and_may_use_the_store() -> None:
    store = DirectStore()
    seen: list[list[str]] = []
    store.on_commit = lambda: seen.append(store.read(names))
    store.write(add("quiet"))

    def loud(session: Session) -> None:
        session.run(INSERT, "loud")
        session.wake()

    store.write(loud)
    assert seen == [["quiet", "loud"]]
    store.close()


def test_data_version_changes_with_every_commit(tmp_path: Path) -> None:
    store, other = DirectStore(tmp_path / "oort.db"), DirectStore(tmp_path / "oort.db")
    versions = [store.data_version(), store.data_version()]
    store.write(add("a"))
    versions.append(store.data_version())
    other.write(add("b"))
    versions.append(store.data_version())
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
    store.close()
    other.close()


def test_a_closed_store_refuses_everything() -> None:
    store = DirectStore()
    store.close()
    store.close()
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.read(names),
        lambda: store.write(add("a")),
        store.data_version,
    )
    for call in calls:
        with pytest.raises(StateUnusable, match="closed"):
            call()


def test_a_full_disk_is_one_clear_sentence_and_the_store_goes_on(tmp_path: Path) -> None:
    store = DirectStore(tmp_path / "oort.db")

    def fill(session: Session) -> None:
        session.rows("PRAGMA max_page_count = 40")
        for _ in range(100):
            session.run(
                "INSERT INTO outbox(kind, name, visible, payload) VALUES('send', 'big', 0, zeroblob(100000))"
            )

    with pytest.raises(StateUnusable, match="is full; nothing was saved"):
        store.write(fill)
    assert store.read(names) == []
    store.close()


def test_a_file_that_another_process_keeps_locked(tmp_path: Path) -> None:
    store = DirectStore(tmp_path / "oort.db")
    store._connection.set_busy_timeout(1)
    holder = apsw.Connection(str(tmp_path / "oort.db"))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateUnusable, match=r"Another process has kept .* locked"):
        store.write(add("a"))
    holder.execute("ROLLBACK")
    holder.close()
    assert store.write(add("a")) == 1
    store.close()


def test_a_single_row_is_read_like_any_other() -> None:
    store = DirectStore()
    assert store.row("SELECT name FROM outbox") is None
    store.write(
        lambda session: session.run(
            "INSERT INTO outbox(kind, name, visible, payload) VALUES('s', 'a', 0, x'')"
        )
    )
    assert store.row("SELECT name FROM outbox WHERE name = ?", "a") == ("a",)
    store.close()
