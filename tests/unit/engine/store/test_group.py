"""Group commit: who shares a commit, who is told what, and what happens when the disk fails."""

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import NoReturn

import apsw
import pytest

from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Session
from oort.model.errors import ConditionFailed, StateUnusable

SOON = timedelta(milliseconds=1)
LONG = timedelta(hours=1)
INSERT = "INSERT INTO outbox(kind, name, visible, payload) VALUES('send', ?, 0, x'')"


def add(name: str) -> Callable[[Session], int]:
    return lambda session: session.run(INSERT, name)


def names(session: Session) -> list[str]:
    return [name for (name,) in session.rows("SELECT name FROM outbox ORDER BY seq")]


class FaultyFile(apsw.VFSFile):
    """A file whose syncs are counted and can be made to fail."""

    broken = False
    syncs = 0

    def xSync(self, flags: int) -> None:  # noqa: N802  SQLite's name
        FaultyFile.syncs += 1
        if FaultyFile.broken:
            raise apsw.IOError("the disk is gone")
        super().xSync(flags)


class FaultyDisk(apsw.VFS):
    """The system's files, faulty on demand."""

    def __init__(self) -> None:
        super().__init__("faulty", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:  # noqa: N802
        return FaultyFile("", name, flags)


@pytest.fixture
def disk() -> Iterator[type[FaultyFile]]:
    disk = FaultyDisk()
    FaultyFile.broken, FaultyFile.syncs = False, 0
    yield FaultyFile
    FaultyFile.broken = False
    disk.unregister()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GroupCommitStore]:
    store = GroupCommitStore(tmp_path / "oort.db")
    yield store
    store.close()


class Gate:
    """Work that keeps the writer busy until it is opened, so that others gather behind it."""

    def __init__(self, store: GroupCommitStore) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()
        self.done = store.submit(self._wait)
        assert self._entered.wait(10)

    def _wait(self, session: Session) -> None:
        self._entered.set()
        assert self._open.wait(10)

    def open(self) -> None:
        self._open.set()
        self.done.result(10)


def test_a_write_answers_with_its_works_result_and_can_be_read_at_once(
    store: GroupCommitStore,
) -> None:
    assert store.write(add("a")) == 1
    assert store.read(names) == ["a"]


def test_writes_that_queue_up_share_one_commit(tmp_path: Path, disk: type[FaultyFile]) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", vfs="faulty")
    gate = Gate(store)
    waiting = [store.submit(add(str(number))) for number in range(200)]
    before = disk.syncs
    gate.open()
    assert [future.result(10) for future in waiting] == [1] * 200
    assert disk.syncs - before <= 2  # the gate's empty commit needs none
    assert store.read(names) == [str(number) for number in range(200)]
    store.close()


def test_many_threads_need_fewer_commits_than_writes(
    tmp_path: Path, disk: type[FaultyFile]
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", vfs="faulty")
    gate = Gate(store)
    before = disk.syncs
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(store.write, add(str(number))) for number in range(160)]
        gate.open()
        assert sum(future.result(10) for future in futures) == 160
    assert disk.syncs - before < 160
    assert sorted(store.read(names)) == sorted(str(number) for number in range(160))
    store.close()


def test_a_write_is_acknowledged_only_after_its_sync(
    tmp_path: Path, disk: type[FaultyFile]
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", vfs="faulty")
    for number in range(5):
        before = disk.syncs
        store.write(add(str(number)))
        assert disk.syncs > before
    store.close()


def test_work_that_fails_undoes_itself_and_nothing_else(store: GroupCommitStore) -> None:
    def failing(session: Session) -> NoReturn:
        session.run(INSERT, "bad")
        raise ConditionFailed("no")

    gate = Gate(store)
    first, bad, second = (
        store.submit(add("first")),
        store.submit(failing),
        store.submit(add("second")),
    )
    gate.open()
    assert (first.result(10), second.result(10)) == (1, 1)
    with pytest.raises(ConditionFailed):
        bad.result(10)
    assert store.read(names) == ["first", "second"]


def test_work_that_fails_without_having_written_makes_nobody_run_again(
    store: GroupCommitStore,
) -> None:
    runs: list[str] = []

    def counted(session: Session) -> int:
        runs.append("good")
        return session.run(INSERT, "good")

    def refusing(session: Session) -> NoReturn:
        session.rows("SELECT 1")
        runs.append("bad")
        raise ConditionFailed("no")

    gate = Gate(store)
    good, bad = store.submit(counted), store.submit(refusing)
    gate.open()
    assert good.result(10) == 1
    with pytest.raises(ConditionFailed):
        bad.result(10)
    assert runs == ["good", "bad"]


def test_a_group_that_runs_again_tells_each_work_its_second_outcome(
    store: GroupCommitStore,
) -> None:
    woken: list[int] = []
    store.on_commit = lambda: woken.append(1)

    def counting(session: Session) -> int:
        session.run(INSERT, "counted")
        return len(names(session))

    def failing(session: Session) -> NoReturn:
        session.run(INSERT, "bad")
        session.wake()
        raise ConditionFailed("no")

    gate = Gate(store)
    bad, good, other = store.submit(failing), store.submit(counting), store.submit(failing)
    gate.open()
    assert good.result(10) == 1  # in the first run it saw what the bad one had left
    for future in (bad, other):
        with pytest.raises(ConditionFailed) as caught:
            future.result(10)
        assert caught.value.__cause__ is None
    assert store.read(names) == ["counted"]


def test_work_that_ends_the_transaction_without_an_error_fails_its_group(
    store: GroupCommitStore,
) -> None:
    gate = Gate(store)
    good, rogue = store.submit(add("good")), store.submit(lambda session: session.run("ROLLBACK"))
    after = store.submit(add("after"))
    gate.open()
    for future in (good, rogue, after):
        with pytest.raises(RuntimeError, match="ended the transaction"):
            future.result(10)
    assert store.read(names) == []


def test_a_single_row_sees_what_was_acknowledged_and_leaves_nothing_open(
    store: GroupCommitStore,
) -> None:
    assert store.row("SELECT name FROM outbox") is None
    store.write(add("a"))
    assert store.row("SELECT name FROM outbox WHERE name = ?", "a") == ("a",)
    store.write(add("b"))
    assert store.row("SELECT count(*) FROM outbox") == (2,)
    with pytest.raises(apsw.SQLError):
        store.row("SELECT * FROM nowhere")
    with pytest.raises(StateUnusable):
        store.row(INSERT, "c")
    with pytest.raises(RuntimeError, match="use the session"):
        store.write(lambda _: store.row("SELECT 1"))
    assert store.read(names) == ["a", "b"]


def test_a_function_gets_the_outcome_after_the_commit(store: GroupCommitStore) -> None:
    outcomes: SimpleQueue[object] = SimpleQueue()

    def rude(outcome: object) -> None:
        outcomes.put(outcome)
        raise ValueError("Nobody hears it.")

    gate = Gate(store)
    store.begin(add("a"), rude)
    store.begin(lambda session: session.run("INSERT INTO nowhere VALUES(1)"), outcomes.put)
    store.begin(add("b"), outcomes.put)
    assert outcomes.empty()
    gate.open()
    first, second, third = (outcomes.get(timeout=10) for _ in range(3))
    assert (first, third) == (1, 1)
    assert isinstance(second, apsw.SQLError)
    assert store.read(names) == ["a", "b"]
    assert store.commit_seconds > 0


def test_a_wrong_statement_fails_alone(store: GroupCommitStore) -> None:
    gate = Gate(store)
    bad, good = (
        store.submit(lambda session: session.run("INSERT INTO nowhere VALUES(1)")),
        store.submit(add("good")),
    )
    gate.open()
    assert good.result(10) == 1
    with pytest.raises(apsw.SQLError):
        bad.result(10)


def test_a_failure_at_commit_fails_everybody_who_waits(
    tmp_path: Path, disk: type[FaultyFile]
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", vfs="faulty")
    woken: list[int] = []
    store.on_commit = lambda: woken.append(1)
    store.write(add("before"))
    gate = Gate(store)
    waiting: list[Future[int] | Future[None]] = [
        store.submit(add(str(number))) for number in range(3)
    ]
    waiting.append(store.submit(lambda session: session.wake()))
    disk.broken = True
    gate.open()
    for future in waiting:
        with pytest.raises(StateUnusable, match="cannot be used"):
            future.result(10)
    assert woken == []
    disk.broken = False
    assert store.read(names) == ["before"]
    store.write(add("after"))
    assert store.read(names) == ["before", "after"]
    store.close()


def test_a_full_disk_is_one_clear_sentence(store: GroupCommitStore) -> None:
    def fill(session: Session) -> None:
        pages = session.row("PRAGMA page_count")
        assert pages is not None
        session.rows(f"PRAGMA max_page_count = {pages[0] + 4}")
        for _ in range(100):
            session.run(
                "INSERT INTO outbox(kind, name, visible, payload) VALUES('send', 'big', 0, zeroblob(100000))"
            )

    store.write(add("before"))
    gate = Gate(store)
    small, big = store.submit(add("small")), store.submit(fill)
    gate.open()
    with pytest.raises(
        StateUnusable, match=r"The disk of .* is full; nothing was saved\. Free some space"
    ):
        big.result(10)
    # SQLite may give up the whole transaction: then the neighbour is told so, and is not there either.
    kept = ["before"] if small.exception(10) else ["before", "small"]
    assert store.read(names) == kept
    store.write(lambda session: session.rows("PRAGMA max_page_count = 4294967294"))
    store.write(add("after"))
    assert store.read(names) == [*kept, "after"]


def test_work_that_ends_the_transaction_fails_its_group(store: GroupCommitStore) -> None:
    def rogue(session: Session) -> NoReturn:
        session.run("ROLLBACK")
        raise ValueError("oops")

    gate = Gate(store)
    good, bad = store.submit(add("good")), store.submit(rogue)
    gate.open()
    for future in (good, bad):
        with pytest.raises(ValueError, match="oops"):
            future.result(10)
    assert store.read(names) == []
    assert store.write(add("after")) == 1


def test_what_was_acknowledged_survives_a_new_opening(tmp_path: Path) -> None:
    for round_ in range(3):
        store = GroupCommitStore(tmp_path / "oort.db")
        assert store.read(names) == [str(number) for number in range(round_)]
        store.write(add(str(round_)))
        store.close()


def test_what_was_acknowledged_is_there_for_another_process_without_a_close(
    store: GroupCommitStore, tmp_path: Path
) -> None:
    store.write(add("a"))
    other = DirectStore(tmp_path / "oort.db")
    assert other.read(names) == ["a"]
    other.close()


def test_closing_finishes_what_was_handed_in(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", patience=LONG)
    gate = Gate(store)
    waiting = [store.submit(add(str(number))) for number in range(10)]
    store.later(add("later"))
    closer = threading.Thread(target=store.close)
    closer.start()
    gate.open()
    closer.join(10)
    assert [future.result(0) for future in waiting] == [1] * 10
    again = DirectStore(tmp_path / "oort.db")
    assert again.read(names)[-1] == "later"
    again.close()


def test_closing_does_not_wait_for_patience(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", patience=LONG)
    store.later(add("later"))
    store.close()
    again = DirectStore(tmp_path / "oort.db")
    assert again.read(names) == ["later"]
    again.close()


def test_a_closed_store_refuses_everything(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    store.read(names)
    store.close()
    store.close()
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.read(names),
        lambda: store.row("SELECT 1"),
        lambda: store.write(add("a")),
        lambda: store.later(add("a")),
        store.data_version,
    )
    for call in calls:
        with pytest.raises(StateUnusable, match="closed"):
            call()


def test_later_joins_the_next_group(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", patience=LONG)
    store.later(add("one"))
    store.later(add("two"))
    store.write(add("three"))
    assert store.read(names) == ["one", "two", "three"]
    store.close()


def test_later_does_not_wait_for_ever(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", patience=SOON)
    done = threading.Event()
    store.on_commit = done.set
    store.later(lambda session: session.wake())
    assert done.wait(10)
    store.close()


def test_later_logs_its_failure(store: GroupCommitStore, caplog: pytest.LogCaptureFixture) -> None:
    def failing(session: Session) -> NoReturn:
        raise ValueError("spans")

    with caplog.at_level(logging.WARNING):
        store.later(failing)
        store.write(add("a"))
    assert "nobody waits for" in caplog.text


def test_on_commit_is_called_after_commits_that_wake(store: GroupCommitStore) -> None:
    woken = threading.Semaphore(0)
    seen: list[list[str]] = []
    reader = DirectStore(store._path)

    def look() -> None:
        seen.append(reader.read(names))
        woken.release()

    store.on_commit = look
    store.write(add("quiet"))

    def loud(session: Session) -> None:
        session.run(INSERT, "loud")
        session.wake()

    store.write(loud)
    assert woken.acquire(timeout=10)
    assert seen == [["quiet", "loud"]]
    store.close()
    reader.close()


def test_an_on_commit_that_fails_is_logged_and_the_write_stands(
    store: GroupCommitStore, caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> NoReturn:
        raise ValueError("dispatcher")

    store.on_commit = failing
    store.write(lambda session: session.wake())
    store.write(add("after"))
    assert "on_commit failed" in caplog.text
    assert store.read(names) == ["after"]


def test_a_cancelled_write_is_not_carried_out(store: GroupCommitStore) -> None:
    gate = Gate(store)
    cancelled, kept = store.submit(add("cancelled")), store.submit(add("kept"))
    assert cancelled.cancel()
    gate.open()
    kept.result(10)
    assert store.read(names) == ["kept"]


def test_a_reader_that_is_slower_than_the_closing_still_gets_its_answer(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    store.write(add("a"))

    def slow(session: Session) -> list[str]:
        store.close()
        return names(session)

    assert store.read(slow) == ["a"]


def test_work_inside_work_is_refused(store: GroupCommitStore) -> None:
    for inner in (
        lambda: store.read(names),
        lambda: store.write(add("a")),
        lambda: store.later(add("a")),
    ):
        with pytest.raises(RuntimeError, match="use the session"):
            store.write(lambda _, inner=inner: inner())  # type: ignore[misc]


def test_a_read_sees_one_snapshot(store: GroupCommitStore) -> None:
    store.write(add("a"))

    def reading(session: Session) -> tuple[list[str], list[str]]:
        before = names(session)
        other = ThreadPoolExecutor(1)
        other.submit(store.write, add("b")).result(10)
        other.shutdown()
        return before, names(session)

    assert store.read(reading) == (["a"], ["a"])
    assert store.read(names) == ["a", "b"]


def test_a_read_cannot_write(store: GroupCommitStore) -> None:
    with pytest.raises(StateUnusable):
        store.read(add("a"))
    assert store.read(names) == []


def test_a_transaction_that_a_read_left_open_keeps_no_later_read_in_the_past(
    store: GroupCommitStore,
) -> None:
    store.row("BEGIN")
    assert store.row("SELECT count(*) FROM outbox") == (0,)
    store.write(add("a"))
    assert store.row("SELECT count(*) FROM outbox") == (1,)
    assert store.read(names) == ["a"]


def test_a_read_that_fails_leaves_nothing_behind(store: GroupCommitStore) -> None:
    def failing(session: Session) -> NoReturn:
        session.rows("SELECT 1")
        raise ConditionFailed("no")

    for _ in range(3):
        with pytest.raises(ConditionFailed):
            store.read(failing)
    with pytest.raises(apsw.SQLError):
        store.read(lambda session: session.rows("SELECT * FROM nowhere"))
    assert store.read(names) == []


def test_reads_and_writes_of_many_threads(store: GroupCommitStore) -> None:
    def both(number: int) -> bool:
        store.write(add(str(number)))
        return str(number) in store.read(names)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(both, range(100)))


def test_data_version_changes_with_commits_of_this_and_of_other_processes(
    store: GroupCommitStore, tmp_path: Path
) -> None:
    first = store.data_version()
    assert store.data_version() == first
    store.write(add("a"))
    second = store.data_version()
    other = DirectStore(tmp_path / "oort.db")
    other.write(add("b"))
    other.close()
    assert len({first, second, store.data_version()}) == 3


def test_rows_come_one_by_one_and_may_be_left_early(store: GroupCommitStore) -> None:
    for number in range(3):
        store.write(add(str(number)))

    def first(session: Session) -> str:
        for (name,) in session.each("SELECT name FROM outbox ORDER BY seq"):
            return str(name)
        return ""

    assert store.read(first) == "0"
    assert store.read(
        lambda session: [row[0] for row in session.each("SELECT name FROM outbox")]
    ) == ["0", "1", "2"]


def test_a_reader_that_is_given_back_while_the_store_closes_is_closed(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")

    class Reader:
        """A connection whose owner is overtaken by `close` between its look and its return."""

        closed = False

        @property
        def in_transaction(self) -> bool:
            store.close()
            return False

        def close(self) -> None:
            self.closed = True

    reader = Reader()
    store._give_back(reader)  # type: ignore[arg-type]
    assert reader.closed
    assert not store._readers


def test_a_read_that_ends_early_leaves_nothing_behind(store: GroupCommitStore) -> None:
    for number in range(20):
        store.write(add(f"b{number}"))

    def first(session: Session) -> object:
        return next(iter(session.each("SELECT name FROM outbox ORDER BY name")))

    assert store.read(first) == ("b0",)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(500):
        store.read(first)
    gc.collect()
    assert len(gc.get_objects()) < before + 100
    store.write(add("a"))
    assert store.read(first) == ("a",)  # the statement has ended, so this read is new
