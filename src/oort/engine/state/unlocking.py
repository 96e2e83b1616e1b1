"""Find the key of a state's store, and rotate it. Unencrypted stores of older versions get
encrypted."""

from oort.engine.state.folder import StateFolder
from oort.engine.state.store_keys import Keys, is_plain
from oort.engine.store import encryption
from oort.engine.store.store import opens
from oort.model.errors import StateUnusable


def key_of(state: StateFolder, keys: Keys) -> str | None:
    """Return the key of the store, beside a running platform.

    None if the store is not encrypted.
    """
    if is_plain(state.database):
        return None
    return _fitting(state, keys)


def unlock(state: StateFolder, keys: Keys) -> str:
    """Return the key of the store. The caller holds the state's lock.

    An unencrypted store is encrypted first; an interrupted rotation is completed. StateUnusable if
    no key
    fits; nothing is changed then.
    """
    if is_plain(state.database):
        key = keys.of(state)[0]
        encryption.encrypt(state.database, old=None, new=key)
        return key
    key = _fitting(state, keys)
    if key != keys.of(state)[0]:
        keys.finish_rotation(state)  # it was interrupted after the new file was in place
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
    if not state.database.exists():
        return candidates[0]
    for key in candidates:
        if opens(state.database, key):
            return key
    raise StateUnusable(
        f"The key does not open {state.database}: the key belongs to another store, or the file is damaged.",
        f"The key is expected in {keys.files(state).current}; restore it, or a backup. Nothing was changed.",
    )
