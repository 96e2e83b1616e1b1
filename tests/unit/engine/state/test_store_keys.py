"""Keys of stores: in files of the user's own or from a command, never in the state folder, never lost by a rotation."""

import stat
import sys
from pathlib import Path

import pytest

from oort.engine.state.folder import StateFolder, is_plain, open_state
from oort.engine.state.store_keys import COMMAND, Keys
from oort.engine.store.direct import DirectStore
from oort.model.errors import InvalidUse, StateUnusable

KEY = "0f" * 32


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return open_state(tmp_path / ".oort")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys({"XDG_CONFIG_HOME": str(tmp_path / "config")})


def printing(text: str) -> Keys:
    """Keys from a command that prints the text."""
    return Keys({COMMAND: f'{sys.executable} -c "print({text!r})"', "HOME": "/nowhere"})


def test_a_new_store_gets_a_key_that_only_its_owner_can_read(
    state: StateFolder, keys: Keys, tmp_path: Path
) -> None:
    (key,) = keys.of(state)
    file = keys.files(state).current
    assert file == tmp_path / "config" / "oort" / "keys" / state.identity()
    assert file.read_text() == f"{key}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    assert keys.of(state) == (key,)


def test_without_a_folder_for_configuration_keys_are_in_the_home_folder(
    state: StateFolder, tmp_path: Path
) -> None:
    keys = Keys({"HOME": str(tmp_path)})
    assert keys.files(state).current.parent == tmp_path / ".config" / "oort" / "keys"


def test_a_rotation_keeps_both_keys_until_it_is_done(state: StateFolder, keys: Keys) -> None:
    (old,) = keys.of(state)
    new = keys.begin_rotation(state)
    assert new != old
    assert keys.of(state) == (old, new)
    keys.finish_rotation(state)
    assert keys.of(state) == (new,)
    keys.finish_rotation(state)  # nothing is left to do
    assert keys.of(state) == (new,)


def test_a_store_whose_key_is_missing_stays_as_it_is(state: StateFolder, keys: Keys) -> None:
    DirectStore(state.database, key=keys.of(state)[0]).close()
    file = keys.files(state).current
    file.unlink()
    before = state.database.read_bytes()
    with pytest.raises(StateUnusable) as raised:
        keys.of(state)
    assert raised.value.what == f"The key of {state.path} is missing: there is no {file}."
    assert raised.value.instead.endswith(
        f"a command that prints the key in {COMMAND}. Nothing was changed."
    )
    assert state.database.read_bytes() == before
    assert not file.exists()


def test_a_store_that_is_not_encrypted_yet_gets_a_key(state: StateFolder, keys: Keys) -> None:
    DirectStore(state.database).close()
    assert is_plain(state.database)
    (key,) = keys.of(state)
    assert keys.files(state).current.read_text().strip() == key


def test_a_file_that_is_not_there_is_no_plain_store(tmp_path: Path) -> None:
    assert not is_plain(tmp_path / "nothing.db")


@pytest.mark.parametrize("content", ["", "short\n", "g" * 64, f"{KEY}0"])
def test_a_damaged_key_is_named(state: StateFolder, keys: Keys, content: str) -> None:
    keys.of(state)
    file = keys.files(state).current
    file.write_text(content)
    with pytest.raises(StateUnusable) as raised:
        keys.of(state)
    assert raised.value.what == f"{file} is not a key."
    assert raised.value.instead == "A key is 64 hexadecimal digits. Nothing was changed."


def test_a_key_that_cannot_be_read_is_named(state: StateFolder, keys: Keys) -> None:
    keys.of(state)
    keys.files(state).current.write_bytes(b"\xff")
    with pytest.raises(StateUnusable, match="cannot be read"):
        keys.of(state)


def test_a_key_that_cannot_be_written_says_what_to_do(state: StateFolder, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    with pytest.raises(StateUnusable, match="cannot be written") as raised:
        Keys({"XDG_CONFIG_HOME": str(tmp_path / "config")}).of(state)
    assert raised.value.instead == "Check who owns the folder, or set XDG_CONFIG_HOME."


def test_a_command_prints_the_key_of_the_store_that_it_is_asked_for(
    state: StateFolder, tmp_path: Path
) -> None:
    script = tmp_path / "ring.py"
    script.write_text(
        f"import sys; open({str(tmp_path / 'asked')!r}, 'w').write(sys.argv[1]); print({KEY.upper()!r})"
    )
    assert Keys({COMMAND: f"{sys.executable} {script}", "HOME": "/nowhere"}).of(state) == (KEY,)
    assert (tmp_path / "asked").read_text() == state.identity()


def test_what_a_command_prints_must_be_a_key(state: StateFolder) -> None:
    with pytest.raises(StateUnusable, match=f"The output of {COMMAND} is not a key"):
        printing("hello").of(state)


@pytest.mark.parametrize(
    "command", ["/nowhere/at-all", f'{sys.executable} -c "raise SystemExit(3)"']
)
def test_a_command_that_fails_is_told(state: StateFolder, command: str) -> None:
    with pytest.raises(StateUnusable, match=f"{COMMAND} failed") as raised:
        Keys({COMMAND: command, "HOME": "/nowhere"}).of(state)
    assert raised.value.instead == "It must print the key of the store."


def test_a_key_from_a_command_is_rotated_where_it_is_kept(state: StateFolder) -> None:
    with pytest.raises(InvalidUse, match="Oort cannot replace it"):
        printing(KEY).begin_rotation(state)
