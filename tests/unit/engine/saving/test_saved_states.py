"""Saved states: complete or without a name, loaded whole or not at all, whatever ends the process."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from oort.engine.saving import copying, saved_states
from oort.engine.state.folder import held
from oort.model.errors import StateLost, StateUnusable, StateUnwritable
from tests.unit.engine.saving.states import NOON, Desk

# Ends the process at the n-th sync of a file or folder.
CUT = """
import os, signal, sys
from pathlib import Path
from oort.engine.state import durable
from tests.unit.engine.saving.states import Desk
from oort.engine.saving import saved_states
desk, cut, sync = Desk(Path(sys.argv[1])), int(sys.argv[3]), durable.synced
count = 0
def synced(path):
    global count
    count += 1
    if count == cut:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)
durable.synced = synced
if sys.argv[2] == "save":
    desk.saved("b")
else:
    desk.load(saved_states.read(saved_states.place(desk.root / ".oort", "a")))
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.put("1", "2")
    return desk


def cut(desk: Desk, what: str, moment: int) -> bool:
    """Do it in a process that is killed at a moment. False if it ended before that."""
    words = [sys.executable, "-c", CUT, str(desk.root), what, str(moment)]
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[4])
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def test_a_saved_state_is_loaded_and_the_old_state_is_kept(desk: Desk) -> None:
    saved = desk.saved()
    assert (saved.platform, saved.saved, saved.name) == ("shop", NOON, "a")
    assert saved_states.saved_in(saved_states.home(desk.root / ".oort")) == [saved]
    assert desk.names(saved.folder.path) == ["1", "2"]
    desk.put("3")
    old = desk.load(saved)
    assert old is not None
    assert desk.names() == ["1", "2"]
    assert desk.names(old) == ["1", "2", "3"]
    desk.put("4")  # it can be used
    assert desk.names() == ["1", "2", "4"]


def test_it_is_loaded_where_nothing_is(desk: Desk) -> None:
    saved = desk.saved(str(desk.root / "elsewhere" / "monday"))
    (desk.root / ".oort").rename(desk.root / "away")
    assert desk.load(saved) is None
    assert desk.names() == ["1", "2"]
    assert sorted(path.name for path in desk.root.iterdir()) == [
        ".oort",
        "away",
        "config",
        "elsewhere",
    ]


def test_nobody_else_reads_it(desk: Desk) -> None:
    folder = desk.saved().folder.path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert b"SQLite" not in (folder / "oort.db").read_bytes()


def test_what_was_revoked_after_the_save_stays_revoked(desk: Desk) -> None:
    keys = desk.root / ".oort" / "api-keys.json"
    keys.write_text("before")
    saved = desk.saved()
    keys.write_text("after")
    desk.load(saved)
    assert keys.read_text() == "after"
    keys.unlink()
    desk.load(saved)
    assert keys.read_text() == "before"


def test_a_name_is_given_once_and_leads_nowhere_else(desk: Desk) -> None:
    desk.saved()
    with pytest.raises(StateUnusable, match="exists already"):
        desk.saved()
    for name in ("..", "", "-x", ".hidden", "a b"):
        with pytest.raises(StateUnusable, match="is not a name"):
            saved_states.place(desk.root / ".oort", name)


def test_the_oldest_are_deleted_but_only_of_this_platform(desk: Desk) -> None:
    home = desk.root / "copies"
    for number in range(4):
        desk.saved(f"{home}/{number}")
    manifest = home / "0" / saved_states.MANIFEST
    manifest.write_text(manifest.read_text().replace('"shop"', '"other"'))
    for number, day in ((1, 3), (2, 1), (3, 2)):
        manifest = home / str(number) / saved_states.MANIFEST
        manifest.write_text(manifest.read_text().replace("2026-01-01", f"2026-02-0{day}"))
    (home / "unrelated").mkdir()
    latest = saved_states.read(home / "3")  # after the clock went back
    assert saved_states.thin_out(latest, keep=3) == []
    assert [path.name for path in saved_states.thin_out(latest, keep=2)] == ["2"]
    assert [path.name for path in saved_states.thin_out(latest, keep=1)] == ["1"]
    assert sorted(path.name for path in home.iterdir()) == ["0", "3", "unrelated"]
    assert (
        saved_states.place(desk.root / ".oort", f"{home}/", now=NOON) == home / "20260101T120000Z"
    )


def test_a_running_platform_keeps_its_state(desk: Desk) -> None:
    saved = desk.saved()
    with held(desk.state), pytest.raises(StateUnusable, match="in use by a running platform"):
        desk.load(saved)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is not a saved state"),
        (b'{"format":2,"platform":"shop","version":8,"saved":"2026-01-01T12:00:00Z"}', "newer"),
        (b'{"format":1,"platform":"bar","version":8,"saved":"2026-01-01T12:00:00Z"}', "is shop"),
        (b'{"format":1,"platform":"shop","version":99,"saved":"2026-01-01T12:00:00Z"}', "up to"),
    ],
)
def test_what_cannot_be_continued_from_changes_nothing(
    desk: Desk, content: bytes, says: str
) -> None:
    folder = desk.saved().folder.path
    (folder / saved_states.MANIFEST).write_bytes(content)
    desk.put("3")
    with pytest.raises(StateUnusable, match=says):
        desk.load(saved_states.read(folder))
    assert desk.names() == ["1", "2", "3"]


def test_a_damaged_copy_is_found_before_anything_is_changed(desk: Desk) -> None:
    desk.put(*map(str, range(3, 50)), filler=5_000)
    saved = desk.saved()
    with saved.folder.database.open("r+b") as file:
        file.seek(20_000)
        file.write(b"damage" * 100)
    with pytest.raises(StateUnusable, match="cannot be loaded"):
        desk.load(saved)
    assert len(desk.names()) == 49
    (desk.root / ".oort").rename(desk.root / "away")
    with pytest.raises(StateUnusable):
        desk.load(saved)


def test_a_state_that_is_gone_is_not_saved(desk: Desk) -> None:
    desk.state.database.unlink()
    with pytest.raises(StateLost):
        desk.saved()


def test_a_full_disk_leaves_no_copy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 100, 10, 10, 0, 0, 0, 0, 255))
    saved = desk.saved()
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    for attempt in (lambda: desk.saved("b"), lambda: desk.load(saved)):
        with pytest.raises(StateUnwritable, match="bytes free"):
            attempt()
    home = saved_states.home(desk.root / ".oort")
    assert [path.name for path in home.iterdir()] == ["a"]
    assert desk.names() == ["1", "2"]


def test_a_disk_that_becomes_full_meanwhile_leaves_no_copy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise apsw.FullError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(copying, "_copy_pages", full)
        with pytest.raises(StateUnwritable, match="is full"):
            desk.saved()
    with monkeypatch.context() as patch:
        patch.setattr(saved_states, "_copy_files", lambda *_: os.statvfs("/nowhere"))
        with pytest.raises(StateUnwritable, match="cannot be written"):
            desk.saved()
    assert list(saved_states.home(desk.root / ".oort").iterdir()) == []
    desk.saved()


@pytest.mark.slow
def test_an_interrupted_save_leaves_no_name_and_the_next_one_removes_the_rest(desk: Desk) -> None:
    home, moments = saved_states.home(desk.root / ".oort"), 0
    while cut(desk, "save", moments + 1):
        moments += 1
        states = saved_states.saved_in(home)
        assert [saved.name for saved in states] in ([], ["b"])
        for saved in states:  # renamed, and not yet synced
            assert desk.names(saved.folder.path) == ["1", "2"]
            saved.folder.path.rename(desk.root / f"moved{moments}")
    assert moments > 3
    assert [path.name for path in home.iterdir()] == ["b"]


def test_the_rest_of_another_name_is_removed_but_nothing_else(desk: Desk) -> None:
    home = saved_states.home(desk.root / ".oort")
    ends = "0123456789abcdef" * 2
    interrupted, in_use, foreign = (home / f".{name}.{ends}" for name in ("20260101T0", "b", "c"))
    for folder, file in ((interrupted, "oort.db-journal"), (in_use, "oort.db"), (foreign, "mine")):
        folder.mkdir(parents=True)
        (folder / file).write_text("")
    (home / f".file.{ends}").write_text("")
    descriptor = os.open(in_use, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # as the process does that writes there
    desk.saved("a")
    assert {path.name for path in home.iterdir()} == {
        "a", in_use.name, foreign.name, f".file.{ends}"
    }  # fmt: skip
    os.close(descriptor)
    desk.saved("d")
    assert not in_use.exists()


def test_a_save_whose_folder_was_taken_for_a_leftover_makes_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, seen = fcntl.flock, list[int]()

    def late(descriptor: int, how: int) -> None:
        if not seen:  # another save has removed the folder meanwhile
            (draft,) = saved_states.home(desk.root / ".oort").iterdir()
            draft.rmdir()
        seen.append(descriptor)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    assert desk.saved("a").name == "a"
    assert len(seen) == 2


@pytest.mark.slow
def test_an_interrupted_load_leaves_the_old_state_or_the_new_one(desk: Desk) -> None:
    desk.saved()
    desk.put("3")
    moments, seen = 0, list[list[str]]()
    while cut(desk, "load", moments + 1):
        moments += 1
        seen.append(desk.names())
    assert moments > 3
    assert seen[0] == ["1", "2", "3"]
    assert all(names in (["1", "2", "3"], ["1", "2"]) for names in seen)
    assert desk.names() == ["1", "2"]
    kept = [path for path in desk.root.iterdir() if ".before-" in path.name]
    assert ["1", "2", "3"] in [desk.names(path) for path in kept]
