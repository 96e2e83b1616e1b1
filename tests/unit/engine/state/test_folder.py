"""The state folder: private, ignored by git, and held by one process."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from oort.engine.state.folder import held, open_state
from oort.model.errors import StateUnusable


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
    assert f"is in use by another `oort dev` (process {os.getpid()})." in str(raised.value)
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
