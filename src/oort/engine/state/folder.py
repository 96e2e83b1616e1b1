"""The state folder of a platform, `.oort/`: private, and locked by one running platform at a
time."""

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oort.model.errors import StateUnusable

_PRIVATE = 0o700
_IDENTITY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class StateFolder:
    """An existing state folder and its files."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "oort.db"

    def identity(self) -> str:
        """Return the store's id, made on first use. The store's key is kept under this id, outside
        this folder."""
        file = self.path / "id"
        if not file.exists():
            file.write_text(f"{secrets.token_hex(8)}\n", encoding="ascii")
        name = file.read_text(encoding="ascii").strip()
        if not _IDENTITY.fullmatch(name):
            raise StateUnusable(
                f"{file} is damaged.",
                "Restore it from a backup: the store's key is kept under its text.",
            )
        return name

    @property
    def lock(self) -> Path:
        """The lock file of a running platform; it holds the process id."""
        return self.path / "lock"


def open_state(path: Path) -> StateFolder:
    """Open the folder; create it if missing, private to its owner and ignored by git.

    StateUnusable if the path is not a folder or not writable.
    """
    try:
        path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE:
            path.chmod(_PRIVATE)
        ignored = path / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
    except (FileExistsError, NotADirectoryError) as error:
        raise StateUnusable(
            f"{error.filename} is not a folder.", "Move it away, or name another state folder."
        ) from error
    except OSError as error:
        raise _unusable(path, error) from error
    return StateFolder(path)


@contextmanager
def held(state: StateFolder) -> Iterator[None]:
    """Lock the folder while the platform runs. StateUnusable if another process holds the lock.

    The lock ends with the process. A forked child would keep it, so children must close inherited
    files.
    """
    try:
        descriptor = os.open(state.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(state.path, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise StateUnusable(
                f"{state.path} is in use by another `oort dev` (process {process}).",
                "Stop that process first, or use a different state folder.",
            ) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> StateUnusable:
    return StateUnusable(
        f"The state folder {path} cannot be used: {error.strerror}.",
        "Check its owner, or choose another folder.",
    )
