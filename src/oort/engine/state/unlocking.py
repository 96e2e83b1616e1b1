"""Find the key of a state's store, and rotate it. Unencrypted stores of older versions get
encrypted."""

import logging
from contextlib import suppress
from pathlib import Path

from oort.engine.state import durable, shared_files
from oort.engine.state.folder import StateFolder, is_plain
from oort.engine.state.store_keys import Keys
from oort.engine.store import encryption
from oort.engine.store.store import opens
from oort.model.errors import StateUnusable

_log = logging.getLogger(__name__)


def key_of(state: StateFolder, keys: Keys) -> str | None:
    """Return the key of the store, beside a running platform.

    None if the store is not encrypted. StateLost if there was a database and is none.
    """
    state.check()
    if is_plain(state.database):
        return None
    key = _fitting(state, keys)
    _make_private(state)
    return key


def unlock(state: StateFolder, keys: Keys) -> str:
    """Return the key of the store. The caller holds the state's lock.

    An unencrypted store is encrypted first; an interrupted rotation is completed. A lost id is
    found again by the keys of this user. StateUnusable if no key fits; nothing is changed then.
    """
    state.check()
    if is_plain(state.database):
        key = keys.of(state)[0]
        encryption.encrypt(state.database, old=None, new=key)
    else:
        _find_identity(state, keys)
        key = _fitting(state, keys)
        if key != keys.of(state)[0]:
            keys.finish_rotation(state)  # it was interrupted after the new file was in place
    _make_private(state)
    keys.tidy(state)
    _tidy(state)
    return key


def rotate(state: StateFolder, keys: Keys) -> None:
    """Encrypt the store with a new key. The caller holds the state's lock.

    An interruption leaves the store with the old or the new key.
    """
    old = unlock(state, keys)
    new = keys.begin_rotation(state)
    encryption.encrypt(state.database, old=old, new=new)
    keys.finish_rotation(state)


def _fitting(state: StateFolder, keys: Keys) -> str:
    candidates = keys.of(state)
    if not state.has_database():
        return candidates[0]
    for key in candidates:
        if opens(state.database, key):
            return key
    raise StateUnusable(
        f"The key does not open {state.database}: the key belongs to another store, "
        "or the file is damaged.",
        f"The key is expected in {keys.files(state).current}; restore it, or a backup. "
        "Nothing was changed.",
    )


def _find_identity(state: StateFolder, keys: Keys) -> None:
    """Write a lost or damaged id again, if a key of this user opens the database."""
    if state.has_identity() or not state.has_database():
        return
    for name, candidates in keys.by_id():
        if any(opens(state.database, key) for key in candidates):
            state.keep_identity(name)
            _log.warning("%s was lost; a key of this user opens the database.", state.id)
            return


def _make_private(state: StateFolder) -> None:
    """Make sure that only the owner reads the database. Its log files take its mode."""
    path = state.database
    try:
        if not path.exists():
            with suppress(FileExistsError):
                durable.write(path, b"", flags=durable.NEW)
        for file in (path, _beside(path, "-wal"), _beside(path, "-shm")):
            durable.private(file)
    except OSError as error:
        raise shared_files.unusable(path, error) from error


def _tidy(state: StateFolder) -> None:
    """Delete what an interrupted encryption or write has left in the folder."""
    copy = _beside(state.database, encryption.COPY)
    try:
        with shared_files.alone(state.path):
            for file in (copy, _beside(copy, "-journal"), _beside(copy, "-wal")):
                durable.remove(file)
            for ending in ("", "-journal", "-wal"):
                for file in state.path.glob(f".*.{'[0-9a-f]' * 32}{ending}"):
                    durable.remove(file)
    except OSError as error:
        raise shared_files.unusable(state.path, error) from error


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")
