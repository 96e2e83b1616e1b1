"""Keys of encrypted stores. They are never in the state folder: `.oort/` alone reveals nothing.

A key is in a file of the user's configuration folder, or comes from the command in
OORT_KEY_COMMAND, for example a client of the OS keyring. The command gets the store's id as its
last argument and prints 64 hexadecimal digits.
"""

import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from oort.engine.state.folder import StateFolder
from oort.model.errors import InvalidUse, StateUnusable

COMMAND = "OORT_KEY_COMMAND"
_KEY = re.compile(r"[0-9a-f]{64}")
_COMMAND_SECONDS = 30


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The file of a store's key, and the file of the next key during a rotation."""

    current: Path
    following: Path


class Keys:
    """The keys of this user's stores. They depend on XDG_CONFIG_HOME, HOME and OORT_KEY_COMMAND."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = (
            environment.get("XDG_CONFIG_HOME")
            or Path(environment.get("HOME") or Path.home()) / ".config"
        )
        self._folder = Path(home) / "oort" / "keys"
        self._command = environment.get(COMMAND, "")

    def of(self, state: StateFolder) -> tuple[str, ...]:
        """Return the keys that may open the store, the most likely first; a new key for a new
        store.

        StateUnusable if the store exists but its key is missing. Nothing is changed then.
        """
        if self._command:
            return (self._asked(state),)
        files = self.files(state)
        keys = tuple(_read(file) for file in (files.current, files.following) if file.exists())
        if keys or not state.database.exists():
            return keys or (self._created(files.current),)
        if is_plain(state.database):
            return (self._created(files.current),)
        raise StateUnusable(
            f"The key of {state.path} is missing: there is no {files.current}.",
            f"Restore that file, or name a command that prints the key in {COMMAND}. Nothing was changed.",
        )

    def files(self, state: StateFolder) -> KeyFiles:
        """Return the files of the store's key, for use without a command."""
        name = state.identity()
        return KeyFiles(self._folder / name, self._folder / f"{name}.next")

    def begin_rotation(self, state: StateFolder) -> str:
        """Make a new key and save it before its first use.

        InvalidUse if a command gives the key.
        """
        if self._command:
            raise InvalidUse(
                f"The key comes from {COMMAND}, so Oort cannot replace it.",
                "Rotate it where it is kept.",
            )
        return self._created(self.files(state).following)

    def finish_rotation(self, state: StateFolder) -> None:
        """Delete the old key: the store is encrypted with the next key."""
        files = self.files(state)
        if files.following.exists():
            os.replace(files.following, files.current)

    def _created(self, file: Path) -> str:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = secrets.token_hex(32)
            unfinished = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(f"{key}\n")
                opened.flush()
                os.fsync(descriptor)
            os.replace(unfinished, file)
            synced(self._folder)
        except OSError as error:
            what = f"The key of the store cannot be written to {file}: {error.strerror}."
            raise StateUnusable(
                what, "Check who owns the folder, or set XDG_CONFIG_HOME."
            ) from error
        return key

    def _asked(self, state: StateFolder) -> str:
        command = [*shlex.split(self._command), state.identity()]
        try:
            answer = subprocess.run(  # noqa: S603  the command comes from the user
                command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise StateUnusable(
                f"{COMMAND} failed: {error}.", "It must print the key of the store."
            ) from error
        return _checked(answer.stdout, where=f"The output of {COMMAND}")


def is_plain(database: Path) -> bool:
    """True if the file is an SQLite database without encryption."""
    try:
        with database.open("rb") as opened:
            return opened.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def synced(folder: Path) -> None:
    """Make renamed and created files in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path) -> str:
    try:
        return _checked(file.read_text(encoding="ascii"), where=str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise StateUnusable(
            f"The key in {file} cannot be read: {error}.", "Restore it. Nothing was changed."
        ) from error


def _checked(text: str, *, where: str) -> str:
    key = text.strip().lower()
    if not _KEY.fullmatch(key):
        raise StateUnusable(
            f"{where} is not a key.", "A key is 64 hexadecimal digits. Nothing was changed."
        )
    return key
