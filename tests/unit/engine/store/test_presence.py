"""Files that go away or are replaced are noticed, also between two looks, and for good."""

from datetime import timedelta
from pathlib import Path

import pytest

from oort.engine.store.group import GroupCommitStore
from oort.engine.store.presence import Presence
from oort.model.errors import StateLost
from tests.unit.engine.store.test_group import add, names


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a").touch()
    return tmp_path / "a"


def test_what_is_there_is_not_missing_and_what_never_was_is_not_either(file: Path) -> None:
    files = Presence([file, file.with_name("never")], pause=timedelta())
    assert (files.missing(), files.glance(), files.noticed()) == (None, None, None)


def test_a_glance_looks_only_once_in_a_while(file: Path) -> None:
    files = Presence([file], pause=timedelta(hours=1))
    assert files.glance() is None
    file.unlink()
    assert files.glance() is None
    error = files.missing()
    assert error is not None
    assert error.what == f"{file} was removed or replaced while the platform ran."
    assert files.glance() is not None
    file.touch()  # another file
    assert files.missing() is not None


# -- the store of a running platform


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_a_write_into_a_removed_file_is_not_acknowledged(tmp_path: Path, end: str) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", glance=timedelta())
    assert store.write(add("a")) == 1
    assert store.lost() is None
    (tmp_path / f"oort.db{end}").rename(tmp_path / "away")
    with pytest.raises(StateLost, match=f"oort.db{end} was removed or replaced"):
        store.write(add("b"))
    with pytest.raises(StateLost):
        store.read(names)
    (tmp_path / "away").rename(tmp_path / f"oort.db{end}")
    assert store.lost() is not None  # it stays so: others may have used the path in the meantime
    store.close()


def test_writes_that_nobody_waits_for_add_no_line_to_the_sentence_of_a_lost_state(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", glance=timedelta())
    store.write(add("a"))
    (tmp_path / "oort.db").rename(tmp_path / "away")
    store.later(add("b"))
    with pytest.raises(StateLost):
        store.write(add("c"))  # behind the other write
    store.close()
    assert caplog.text == ""


def test_a_busy_writer_looks_at_its_files_now_and_then(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db", glance=timedelta(hours=1))
    store.write(add("a"))
    (tmp_path / "oort.db").rename(tmp_path / "away")
    store.write(add("b"))
    assert isinstance(store.lost(), StateLost)
    with pytest.raises(StateLost):
        store.write(add("c"))
    store.close()


def test_a_file_in_the_place_of_another_is_noticed_without_a_write(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    store = GroupCommitStore(tmp_path / "oort.db", beside=(lock, tmp_path / "nothing"))
    (tmp_path / "new").touch()
    (tmp_path / "new").replace(lock)
    assert store.read(names) == []  # nobody has looked yet
    assert isinstance(store.lost(), StateLost)
    with pytest.raises(StateLost):
        store.read(names)
    store.close()


def test_a_log_that_was_removed_is_saved_by_an_orderly_end(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    store.write(add("a"))
    (tmp_path / "oort.db-wal").unlink()
    store.close()
    again = GroupCommitStore(tmp_path / "oort.db")
    assert again.read(names) == ["a"]
    again.close()
