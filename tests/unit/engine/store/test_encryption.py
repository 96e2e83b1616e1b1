"""A store is encrypted anew on a copy: what is in it stays, and a key that does not fit changes nothing."""

import stat
from pathlib import Path

import pytest

from oort.engine.store import encryption
from oort.engine.store.direct import DirectStore
from oort.model.errors import StateUnusable

OLD, NEW = "0a" * 32, "0b" * 32
SQL = "INSERT INTO segments(trace, spans) VALUES(?, ?)"


def filled(path: Path, key: str | None) -> Path:
    """A store with one row."""
    store = DirectStore(path, key=key)
    store.write(lambda session: session.run(SQL, "t", b"canary"))
    store.close()
    return path


def traces(path: Path, key: str) -> list[str]:
    store = DirectStore(path, key=key)
    found = store.read(
        lambda session: [str(trace) for (trace,) in session.rows("SELECT trace FROM segments")]
    )
    store.close()
    return found


@pytest.mark.parametrize("old", [None, OLD], ids=["plain", "encrypted"])
def test_what_is_in_a_store_stays_and_takes_the_new_key(tmp_path: Path, old: str | None) -> None:
    path = filled(tmp_path / "oort.db", old)
    assert (b"canary" in path.read_bytes()) is (old is None)
    encryption.encrypt(path, old=old, new=NEW)
    assert b"canary" not in path.read_bytes()
    assert traces(path, NEW) == ["t"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_name("oort.db.rekeyed").exists()
    with pytest.raises(StateUnusable):
        traces(path, OLD)


def test_a_key_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path / "oort.db", OLD)
    before = path.read_bytes()
    with pytest.raises(StateUnusable):
        encryption.encrypt(path, old=NEW, new=OLD)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["oort.db"]
