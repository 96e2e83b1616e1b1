"""The state folder: private, ignored by git, and held by one process."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from oort.engine.state.folder import StateFolder, held, open_state
from oort.model.errors import StateLost, StateUnusable


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_private_and_ignored(tmp_path: Path) -> None:
    state = open_state(tmp_path / "deep" / ".oort")
    assert mode(state.path) == 0o700
    assert (state.path / ".gitignore").read_text() == "*\n"
    assert {state.database.parent, state.lock.parent} == {state.path}


def test_a_folder_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / ".oort"
    path.mkdir()
    path.chmod(0o755)
    assert mode(open_state(path).path) == 0o700
    assert mode(open_state(path).path) == 0o700


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".oort").write_text("")
    with pytest.raises(StateUnusable, match="is not a folder"):
        open_state(tmp_path / ".oort")
    with pytest.raises(StateUnusable, match="is not a folder"):
        open_state(tmp_path / ".oort" / "deeper")


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(StateUnusable, match="cannot be used"):
        open_state(Path("/proc/oort"))


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    with held(state), pytest.raises(StateUnusable) as raised, held(state):
        pass
    assert f"is in use by a running platform (process {os.getpid()})." in str(raised.value)
    with held(state):
        pass


def test_the_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    program = (
        "import os, signal, sys, pathlib\n"
        "from oort.engine.state.folder import held, open_state\n"
        "with held(open_state(pathlib.Path(sys.argv[1]))):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(state.path)], check=False)
    assert done.returncode < 0
    with held(state):
        assert state.lock.read_text() == f"{os.getpid()}\n"


def test_a_holder_notices_that_its_lock_is_not_there_any_more(tmp_path: Path) -> None:
    with held(open_state(tmp_path / ".oort")) as state:
        state.check()
        state.lock.unlink()
        with held(StateFolder(state.path)), pytest.raises(StateLost, match="removed or replaced"):
            state.check()


def test_a_lock_that_is_removed_while_it_is_taken_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = open_state(tmp_path / ".oort")
    monkeypatch.setattr(os, "truncate", lambda *_: state.lock.unlink())
    with pytest.raises(StateLost), held(state):
        pass


def test_a_lock_without_a_number_is_still_a_lock(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    with held(state):
        state.lock.write_text("")
        with pytest.raises(StateUnusable, match="process unknown"), held(state):
            pass


def test_a_lock_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    state.lock.mkdir()
    with pytest.raises(StateUnusable, match="cannot be used"), held(state):
        pass


@pytest.mark.parametrize("content", [None, b""], ids=["gone", "empty"])
@pytest.mark.parametrize("proof", ["id", "support.curl", "oort.db-wal"])
def test_a_database_that_is_lost_is_said(tmp_path: Path, proof: str, content: bytes | None) -> None:
    state = open_state(tmp_path / ".oort")
    if content is not None:
        state.database.write_bytes(content)
    state.check()  # a first start that was interrupted
    (state.path / proof).write_bytes(b"something")
    with pytest.raises(StateLost) as raised:
        state.check()
    assert raised.value.what == (
        f"{state.database} is {'gone' if content is None else 'empty'}, "
        f"and {state.path / proof} shows that there were data."
    )
    assert raised.value.instead.endswith(f"To start empty, move {state.path} away.")
    state.database.write_bytes(b"a database")
    state.check()


def test_an_empty_log_is_no_proof_of_a_database(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    (state.path / "oort.db-wal").touch()
    state.check()


def test_an_id_is_kept_and_settled_once_there_is_a_database(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    name = state.identity()
    assert (state.new_id.exists(), state.id.exists()) == (True, False)
    state.database.write_bytes(b"a database")
    for _ in range(2):
        state.settle()
        assert (state.new_id.exists(), state.id.read_text()) == (False, f"{name}\n")
        assert (state.identity(), mode(state.id)) == (name, 0o600)


@pytest.mark.parametrize("content", [None, b"", b"0123", b"\xff" * 16])
def test_a_lost_id_is_not_replaced_by_another(tmp_path: Path, content: bytes | None) -> None:
    state = open_state(tmp_path / ".oort")
    state.database.write_bytes(b"an encrypted database")
    if content is not None:
        state.id.write_bytes(content)
    with pytest.raises(StateUnusable, match="id is missing" if content is None else "is damaged"):
        state.identity()
    assert not state.new_id.exists()
    assert state.id.exists() is (content is not None)


def test_an_id_that_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    state = open_state(tmp_path / ".oort")
    state.new_id.mkdir()
    with pytest.raises(StateUnusable, match="cannot be used"):
        state.identity()
    state.new_id.rmdir()
    missing = StateFolder(Path("/proc/oort"))
    for work in (missing.identity, lambda: missing.keep_identity("0" * 16)):
        with pytest.raises(StateUnusable, match="cannot be used"):
            work()
