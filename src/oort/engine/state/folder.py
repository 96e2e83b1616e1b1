"""The state folder of a platform, `.oort/`: private, and locked by one running platform at a
time.

The order of a first start makes each interruption harmless: `id.new`, the key under that id, the
database, then `id`. So a folder with `id` had a database, and a folder without `id` has lost no write.
"""

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from oort.engine.state import durable, shared_files
from oort.engine.store.presence import identity_of, lost
from oort.model.errors import StateLost, StateUnusable

IDENTITY = re.compile(r"[0-9a-f]{16}")
_RESTORE = (
    "Start the platform: `oort dev` finds the id again if your keys are on this machine. "
    "If not, restore it from a backup: the store's key is kept under its text."
)
_PLAIN = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """A state folder and its files. `held` identifies the lock file of the holder."""

    path: Path
    held: tuple[int, int] | None = None

    @property
    def database(self) -> Path:
        return self.path / "oort.db"

    @property
    def id(self) -> Path:
        """The file of the store's id. It is made when the database is durable."""
        return self.path / "id"

    @property
    def new_id(self) -> Path:
        """The file of the id before the database exists."""
        return self.path / "id.new"

    @property
    def credentials(self) -> Path:
        """The file with the developer's token for `curl -K`, written by a running platform."""
        return self.path / "support.curl"

    @property
    def lock(self) -> Path:
        """The lock file of a running platform; it holds the process id."""
        return self.path / "lock"

    def has_database(self) -> bool:
        """True if the database exists and is not empty."""
        try:
            return self.database.stat().st_size > 0
        except OSError:
            return False

    def has_identity(self) -> bool:
        """True if a file holds the store's id."""
        return any(_named(file) is not None for file in (self.id, self.new_id))

    def identity(self) -> str:
        """Return the store's id, made on first use. The store's key is kept under this id, outside
        this folder.

        StateUnusable if the id is lost or damaged; no new id is made then.
        """
        for file in (self.id, self.new_id):
            name = _named(file)
            if name is not None:
                return name
        if self.id.exists():
            raise StateUnusable(f"{self.id} is damaged.", _RESTORE)
        if self.has_database() and not is_plain(self.database):
            raise StateUnusable(f"{self.id} is missing.", f"{_RESTORE} Nothing was changed.")
        return self._begun()

    def keep_identity(self, name: str) -> None:
        """Write the id again, after it was lost."""
        try:
            durable.replace(self.id, f"{name}\n".encode())
        except OSError as error:
            raise _unusable(self.path, error) from error

    def settle(self) -> None:
        """Record that the database exists. Call this before the first acknowledged write."""
        if _named(self.id) is not None and not self.new_id.exists():
            return
        name = self.identity()
        try:
            with shared_files.alone(self.path):
                durable.synced(self.path)  # the database's own name
                if _named(self.id) is None:
                    durable.replace(self.id, f"{name}\n".encode())
                durable.remove(self.new_id)
        except OSError as error:
            raise _unusable(self.path, error) from error

    def check(self) -> None:
        """Raise StateLost if the database was lost, or if this process has locked another folder."""
        if self.held is not None and identity_of(self.lock) != self.held:
            raise lost(self.lock)
        proof = None if self.has_database() else self._proof()
        if proof is not None:
            state = "is empty" if self.database.exists() else "is gone"
            raise StateLost(
                f"{self.database} {state}, and {proof} shows that there were data.",
                f"Restore the folder from a backup. To start empty, move {self.path} away.",
            )

    def _proof(self) -> Path | None:
        """Return a file that is only made after the database."""
        log = self.path / f"{self.database.name}-wal"
        files = (file for file in (self.id, self.credentials, log) if file.exists())
        return next((file for file in files if file != log or file.stat().st_size), None)

    def _begun(self) -> str:
        try:
            with shared_files.alone(self.path):
                if not self.has_identity():  # another process may have been faster
                    durable.replace(self.new_id, f"{secrets.token_hex(8)}\n".encode())
        except OSError as error:
            raise _unusable(self.path, error) from error
        return self.identity()


def open_state(path: Path) -> StateFolder:
    """Open the folder; create it if missing, private to its owner and ignored by git.

    StateUnusable if the path is not a folder or not writable.
    """
    try:
        durable.folder(path)
        if stat.S_IMODE(path.stat().st_mode) & ~durable.PRIVATE_FOLDER:
            path.chmod(durable.PRIVATE_FOLDER)
        ignored = path / ".gitignore"
        if not ignored.exists():
            durable.create(ignored, b"*\n")
    except (FileExistsError, NotADirectoryError) as error:
        raise StateUnusable(
            f"{error.filename} is not a folder.", "Move it away, or name another state folder."
        ) from error
    except OSError as error:
        raise _unusable(path, error) from error
    return StateFolder(path)


@contextmanager
def held(state: StateFolder) -> Iterator[StateFolder]:
    """Lock the folder while the platform runs. StateUnusable if another process holds the lock.

    The lock ends with the process. A forked child would keep it, so children must close inherited
    files.
    """
    try:
        descriptor = os.open(state.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(state.path, error) from error
    try:
        _take(state, descriptor)
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        status = os.fstat(descriptor)
        holder = replace(state, held=(status.st_dev, status.st_ino))
        if identity_of(state.lock) != holder.held:  # removed before it was locked
            raise lost(state.lock)
        yield holder
    finally:
        os.close(descriptor)


def is_plain(database: Path) -> bool:
    """True if the file is an SQLite database without encryption."""
    try:
        with database.open("rb") as opened:
            return opened.read(len(_PLAIN)) == _PLAIN
    except OSError:
        return False


def _take(state: StateFolder, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        process = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        raise StateUnusable(
            f"{state.path} is in use by a running platform (process {process}).",
            "Stop that process first, or use a different state folder.",
        ) from error


def _named(file: Path) -> str | None:
    """Return the id in the file, if the file holds an id."""
    try:
        name = file.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise _unusable(file, error) from error
    return name if IDENTITY.fullmatch(name) else None


def _unusable(path: Path, error: OSError) -> StateUnusable:
    return StateUnusable(
        f"The state folder {path} cannot be used: {error.strerror}.",
        "Check its owner, or choose another folder.",
    )
