"""Keys of encrypted stores. They are never in the state folder: who gets hold of `.oort/` alone can read nothing.

A key stands in a file of its own under the user's configuration, or comes from a command that OORT_KEY_COMMAND names, such
as a client of the OS keyring; the command gets the store's id as its last argument and prints 64 hexadecimal digits.
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
    """The file of one store's key, and the one in which a rotation keeps the next key until it is done."""

    current: Path
    following: Path


class Keys:
    """The keys of this user's stores. `environment` says where they are: XDG_CONFIG_HOME, HOME, OORT_KEY_COMMAND."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = (
            environment.get("XDG_CONFIG_HOME")
            or Path(environment.get("HOME") or Path.home()) / ".config"
        )
        self._folder = Path(home) / "oort" / "keys"
        self._command = environment.get(COMMAND, "")

    def of(self, state: StateFolder) -> tuple[str, ...]:
        """The keys that may open the store, the most likely one first; a new key if the store does not exist yet.

        StateUnusable if the store exists and its key does not. Nothing is changed then.
        """
        if self._command:
            return (self._asked(state),)
        files = self.files(state)
        found = tuple(_read(file) for file in (files.current, files.following) if file.exists())
        if found or not state.database.exists():
            return found or (self._created(files.current),)
        if is_plain(state.database):
            return (self._created(files.current),)
        raise StateUnusable(
            f"The key of {state.path} is missing: there is no {files.current}.",
            f"Restore that file, or name a command that prints the key in {COMMAND}. Nothing was changed.",
        )

    def files(self, state: StateFolder) -> KeyFiles:
        """Where the store's key is, when no command is asked for it."""
        name = state.identity()
        return KeyFiles(self._folder / name, self._folder / f"{name}.next")

    def begin_rotation(self, state: StateFolder) -> str:
        """A new key, written down before it is used. InvalidUse if keys come from a command."""
        if self._command:
            raise InvalidUse(
                f"The key comes from {COMMAND}, so Oort cannot replace it.",
                "Rotate it where it is kept.",
            )
        return self._created(self.files(state).following)

    def finish_rotation(self, state: StateFolder) -> None:
        """The store is encrypted with the next key: the old one goes."""
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
            answer = subprocess.run(
                command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
            )  # noqa: S603  the user's own command
        except (OSError, subprocess.SubprocessError) as error:
            raise StateUnusable(
                f"{COMMAND} failed: {error}.", "It must print the key of the store."
            ) from error
        return _checked(answer.stdout, where=f"What {COMMAND} prints")


def is_plain(database: Path) -> bool:
    """Whether the file is an SQLite database that is not encrypted."""
    try:
        with database.open("rb") as opened:
            return opened.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def synced(folder: Path) -> None:
    """Make what was renamed or created in the folder durable."""
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
