"""Saved states: folders with a copy of a state's database, its id, and the files of its identities.

A saved state is complete and verified, or has no name yet. The key of the database is not part of
it. The command line saves and loads.
"""

import ctypes
import fcntl
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from oort.engine.identity import api_keys, revocations, signing_keys
from oort.engine.saving import checking, copying
from oort.engine.state import durable
from oort.engine.state.folder import StateFolder
from oort.engine.store import schema
from oort.model.errors import StateUnusable, StateUnwritable, WrongState
from oort.model.platform import PlatformModel

MANIFEST = "saved.json"
_FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_IDENTITIES = (
    signing_keys.KEY_FILE,
    signing_keys.RETIRED_FILE,
    api_keys.FILE,
    revocations.FILE,
)
# A file of a saved state, or its draft, or a file that SQLite makes beside a database.
_OWN_FILE = re.compile(
    r"\.?(?:{})(?:\.[0-9a-f]{{32}})?(?:-journal|-wal|-shm)?".format(
        "|".join(map(re.escape, ("oort.db", "id", MANIFEST, ".gitignore", *_IDENTITIES)))
    )
)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # man 2 renameat2


class _Manifest(msgspec.Struct):
    format: int
    platform: str
    version: int
    saved: datetime


@dataclass(frozen=True, slots=True)
class SavedState:
    """A saved state: its folder, its platform, the version of its schema, its time and size."""

    folder: StateFolder
    platform: str
    version: int
    saved: datetime
    size: int

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.path.name


def place(state: Path, name: str, *, now: datetime | None = None) -> Path:
    """Return the folder for a name, beside the state folder. A name with a slash is a path.

    Without a name, or after a slash at the end, the time is the name.

    WrongState for a name that a folder should not have.
    """
    if now is not None and (not name or name.endswith("/")):
        name = f"{name}{now:%Y%m%dT%H%M%SZ}"
    if "/" in name:
        return Path(name).absolute()
    if not _NAME.fullmatch(name):
        raise WrongState(
            f"{name!r} is not a name for a saved state.",
            "Use letters, digits, dots, hyphens and underscores, or a path with a slash.",
        )
    return home(state) / name


def home(state: Path) -> Path:
    """Return the folder of the states that were saved under a name."""
    return state.with_name(f"{state.name}.saved")


def read(path: Path) -> SavedState:
    """Return the saved state in the folder. WrongState if there is none; StateUnusable for a newer format."""
    folder = StateFolder(path)
    try:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=_Manifest)
        size = folder.database.stat().st_size
    except (OSError, ValueError) as error:
        raise WrongState(
            f"{path} is not a saved state.", "`oort state list` shows the saved states."
        ) from error
    if manifest.format > _FORMAT:
        raise StateUnusable(
            f"{path} was saved by a newer version of Oort.", "Load it with that version."
        )
    return SavedState(folder, manifest.platform, manifest.version, manifest.saved, size)


def saved_in(folder: Path) -> list[SavedState]:
    """Return the saved states in a folder, the oldest first; none if there is no folder."""
    states: list[SavedState] = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(StateUnusable):
            if not path.name.startswith("."):
                states.append(read(path))
    return sorted(states, key=lambda saved: saved.saved)


def save(
    state: StateFolder,
    target: Path,
    *,
    key: str | None,
    platform: str,
    now: datetime,
    step: Callable[[int], None] = lambda _: None,
) -> SavedState:
    """Save the state under the path of `target`. The platform may run.

    WrongState if the path exists; StateUnusable if the copy is damaged; StateUnwritable if the disk is full.
    """
    if target.exists():
        raise WrongState(f"{target} exists already.", "Choose another name.")
    if state.path.resolve() in target.resolve().parents:
        what = f"{target} is inside of the state, which a load moves away."
        raise WrongState(what, "Choose a path outside.")
    with _draft(target) as draft:
        copy = StateFolder(draft)
        copying.check_room(target.parent, copying.size_of(state.database))
        copying.copy(state.database, copy.database, key=key, step=step)
        if faults := checking.problems(copy.database, key=key):
            raise StateUnusable(
                f"The copy of {state.database} is damaged: {faults[0]}",
                "Run `oort state verify`. The copy was removed.",
            )
        _copy_files(state.path, draft, (state.id.name, *_IDENTITIES))
        manifest = _Manifest(_FORMAT, platform, checking.version(copy.database, key=key), now)
        durable.create(draft / MANIFEST, msgspec.json.encode(manifest) + b"\n")
        _name(draft, target)
    return read(target)


def thin_out(latest: SavedState, *, keep: int) -> list[Path]:
    """Delete the oldest states of the platform beside the latest, but for `keep`; return them.

    The latest stays in any case: a clock that went back makes it look older.
    """
    path = latest.folder.path
    older = [
        saved.folder.path
        for saved in saved_in(path.parent)
        if saved.platform == latest.platform and saved.folder.path != path
    ]
    removed = older[: max(0, len(older) + 1 - keep)]
    for path in removed:
        durable.remove(path / MANIFEST)  # first: a part of a saved state must not look complete
        shutil.rmtree(path)
    return removed


def load(
    holder: StateFolder,
    saved: SavedState,
    *,
    key: str | None,
    platform: PlatformModel,
    now: datetime,
) -> Path | None:
    """Put a saved state in place of the state, whose lock the caller has.

    Return the folder with the old state, or None if there was none. The files of identities stay
    as they are: a token or an API key that was revoked after the save stays revoked.
    StateUnusable if the saved state is damaged, or of another platform. Nothing is changed then.
    """
    check(saved, key=key, platform=platform)
    state = holder.path
    old = state.with_name(f"{state.name}.before-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}")
    copying.check_room(state.parent, saved.size)
    with _draft(state) as draft:
        _copy_files(state, draft, _IDENTITIES)
        names = (saved.folder.database.name, saved.folder.id.name, *_IDENTITIES)
        _copy_files(saved.folder.path, draft, names)
        durable.create(draft / ".gitignore", b"*\n")
        if faults := checking.problems(draft / saved.folder.database.name, key=key):
            raise StateUnusable(f"The copy of {saved.folder.path} is damaged: {faults[0]}")
        holder.check()
        _exchange(draft, state, old)
    if StateFolder(old).has_database():
        return old
    shutil.rmtree(old)
    return None


def check(saved: SavedState, *, key: str | None, platform: PlatformModel) -> None:
    """Raise StateUnusable if the platform cannot continue from the saved state."""
    path = saved.folder.path
    if saved.platform != platform.name:
        raise StateUnusable(
            f"{path} is a state of {saved.platform}, and this platform is {platform.name}.",
            "Choose a state of this platform.",
        )
    if saved.version > schema.VERSION:
        raise StateUnusable(
            f"{path} has version {saved.version}; this Oort understands up to {schema.VERSION}.",
            "Load it with the Oort that saved it.",
        )
    if faults := checking.problems(saved.folder.database, key=key, platform=platform):
        raise StateUnusable(f"{path} cannot be loaded: {faults[0]}", "Choose another saved state.")


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Make a folder for a state without a name. Leftovers of interruptions beside the target are removed.

    A name is often the time, so that the names of leftovers differ from the next name.
    """
    try:
        durable.folder(target.parent)
        for leftover in target.parent.glob(f".*.{'[0-9a-f]' * 32}"):
            _remove_unless_in_use(leftover)
        draft, descriptor = _drafted(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield draft
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        _discard(draft)
        os.close(descriptor)


def _drafted(target: Path) -> tuple[Path, int]:
    """Make the folder, and lock it by a descriptor for as long as it is in use."""
    while True:
        draft = target.with_name(f".{target.name}.{secrets.token_hex(16)}")
        os.mkdir(draft, durable.PRIVATE_FOLDER)
        with suppress(FileNotFoundError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if draft.exists():  # else another process removed the folder as a leftover
                return draft, descriptor
            os.close(descriptor)


def _discard(draft: Path) -> None:
    """Remove a copy. A state stays: a load that was interrupted may have left the old state here."""
    if not (draft / "lock").exists():
        shutil.rmtree(draft, ignore_errors=True)


def _remove_unless_in_use(draft: Path) -> None:
    """Remove the folder, unless a process writes to it, or it may be of another program."""
    try:
        descriptor = os.open(draft, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if all(_OWN_FILE.fullmatch(name) for name in os.listdir(descriptor)):
            _discard(draft)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def _copy_files(source: Path, target: Path, names: tuple[str, ...]) -> None:
    """Copy the files that exist and are not copied yet, durably and private."""
    for name in names:
        if (source / name).is_file() and not (target / name).exists():
            durable.write(target / name, b"", flags=durable.NEW)
            with (source / name).open("rb") as read_from, (target / name).open("wb") as write_to:
                shutil.copyfileobj(read_from, write_to, 1024 * 1024)
            durable.synced(target / name)
    durable.synced(target)


def _name(draft: Path, target: Path) -> None:
    """Give the complete folder its name."""
    durable.synced(draft)
    try:
        os.rename(draft, target)
    except OSError as error:
        if target.exists():
            raise WrongState(f"{target} exists already.", "Choose another name.") from error
        raise
    durable.synced(target.parent)


def _exchange(draft: Path, state: Path, old: Path) -> None:
    """Put the draft in place of the state, and keep the state under the name of `old`.

    On Linux there is a state at each moment.
    """
    durable.synced(draft)
    if _exchanged(draft, state):
        os.rename(draft, old)
    else:
        os.rename(state, old)
        try:
            os.rename(draft, state)
        except OSError:
            os.rename(old, state)
            raise
    durable.synced(state.parent)


def _exchanged(first: Path, second: Path) -> bool:
    """Exchange two names at once. False where the system cannot do that."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    names = (os.fsencode(first), os.fsencode(second))
    code: int = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return code == 0


def _unwritable(path: Path, error: OSError) -> StateUnwritable:
    return StateUnwritable(
        f"{path} cannot be written: {error.strerror}.",
        "Free some space, check the owner, or choose another disk. Nothing was changed.",
    )
