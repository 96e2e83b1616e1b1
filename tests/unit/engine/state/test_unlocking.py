"""A state is opened with its key, or it is said what is missing; nothing that is left over stays, and others read nothing."""

import stat
from pathlib import Path

import pytest

from oort.engine.state.folder import StateFolder, open_state
from oort.engine.state.store_keys import COMMAND, Keys
from oort.engine.state.unlocking import key_of, unlock
from oort.engine.store.direct import DirectStore
from oort.model.errors import StateLost, StateUnusable

ADD = "INSERT INTO segments(trace, spans) VALUES(?, ?)"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys({"XDG_CONFIG_HOME": str(tmp_path / "config")})


@pytest.fixture
def state(tmp_path: Path, keys: Keys) -> StateFolder:
    """A state that was used: its database has several pages."""
    state = open_state(tmp_path / ".oort")
    store = DirectStore(state.database, key=unlock(state, keys))
    state.settle()
    store.write(lambda session: session.run(ADD, "t", bytes(50_000)))
    store.close()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("content", [None, b""], ids=["lost", "emptied by a power cut"])
def test_a_lost_id_is_found_again_by_the_key_that_opens_the_database(
    state: StateFolder, keys: Keys, tmp_path: Path, content: bytes | None
) -> None:
    name, key = state.identity(), unlock(state, keys)
    for store, text in (("a" * 16, "0a" * 32), ("b" * 16, "damaged"), ("notes", "")):
        (tmp_path / "config" / "oort" / "keys" / store).write_text(text)
    state.id.unlink()
    if content is not None:
        state.id.write_bytes(content)
    assert unlock(state, keys) == key
    assert state.id.read_text() == f"{name}\n"


def test_a_lost_id_without_a_key_that_fits_changes_nothing(
    state: StateFolder, tmp_path: Path
) -> None:
    state.id.unlink()
    before = {file.name for file in state.path.iterdir()}
    for environment in (
        {"XDG_CONFIG_HOME": str(tmp_path / "nothing")},
        {COMMAND: "/nowhere", "HOME": "/nowhere"},
    ):
        with pytest.raises(StateUnusable, match="id is missing"):
            unlock(state, Keys(environment))
    assert {file.name for file in state.path.iterdir()} == before
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("size", [4096, 5000, 20_000])
def test_a_database_that_was_cut_off_is_said(state: StateFolder, keys: Keys, size: int) -> None:
    with state.database.open("r+b") as file:
        file.truncate(size)
    before = state.database.read_bytes()
    for opened in (unlock, key_of):
        with pytest.raises(StateUnusable, match="is damaged: a part of the file is missing"):
            opened(state, keys)
    assert state.database.read_bytes() == before


def test_a_database_that_is_gone_gets_no_key_and_no_successor(
    state: StateFolder, keys: Keys, tmp_path: Path
) -> None:
    state.database.unlink()
    keys.files(state).current.unlink()
    for opened in (unlock, key_of):
        with pytest.raises(StateLost, match="is gone"):
            opened(state, keys)
    assert not state.database.exists()
    assert list((tmp_path / "config" / "oort" / "keys").iterdir()) == []


def test_others_read_neither_the_database_nor_the_key(
    state: StateFolder, keys: Keys, tmp_path: Path
) -> None:
    assert mode(state.database) == 0o600
    key = keys.files(state).current
    store = DirectStore(state.database, key=unlock(state, keys))
    logs = [state.path / "oort.db-wal", state.path / "oort.db-shm"]
    assert {mode(file) for file in logs} == {0o600}
    for file in (state.database, key, *logs):
        file.chmod(0o644)  # as an older version or a copy has left it
    unlock(state, keys)
    assert {mode(file) for file in (state.database, key, *logs)} == {0o600}
    store.close()


def test_what_an_interrupted_rotation_has_left_is_deleted(state: StateFolder, keys: Keys) -> None:
    files = keys.files(state)
    key = unlock(state, keys)
    before = {*state.path.iterdir(), *files.current.parent.iterdir()}
    keys.begin_rotation(state)
    for path in (
        state.path / "oort.db.rekeyed",
        state.path / "oort.db.rekeyed-journal",
        files.current.with_name(f"{files.current.name}.0a1b2c3d"),
        files.current.with_name(f"{files.following.name}.0a1b2c3d"),
        state.path / f".id.{'0' * 32}",
    ):
        path.write_text("left")
    assert unlock(state, keys) == key
    assert {*state.path.iterdir(), *files.current.parent.iterdir()} == before


def test_a_state_that_cannot_be_written_is_said(
    state: StateFolder, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("private", "remove"):
        with monkeypatch.context() as patches:
            patches.setattr(f"oort.engine.state.durable.{name}", refused)
            with pytest.raises(StateUnusable, match=r"cannot be (used|written|read)"):
                unlock(state, keys)
