"""Keys of encrypted stores. They are never in the state folder: `.oort/` alone reveals nothing.

A key is in a file of the user's configuration folder, or comes from the command in
OORT_KEY_COMMAND, for example a client of the OS keyring. The command gets the store's id as its
last argument and prints 64 hexadecimal digits.
"""

import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from oort.engine.state import durable
from oort.engine.state.folder import IDENTITY, StateFolder, is_plain
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
        keys = self._kept(files)
        if keys or not state.has_database():
            return keys or (self._created(files.current),)
        if is_plain(state.database):
            return (self._created(files.current),)
        raise StateUnusable(
            f"The key of {state.path} is missing: there is no {files.current}.",
            f"Restore that file, or name a command that prints the key in {COMMAND}. "
            "Nothing was changed.",
        )

    def by_id(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the id and the keys of every store of this user. Damaged keys are left out.

        There are none if a command gives the keys.
        """
        if self._command or not self._folder.is_dir():
            return
        for file in sorted(self._folder.iterdir()):
            if IDENTITY.fullmatch(file.name):
                with suppress(StateUnusable):
                    yield file.name, self._kept(self._files(file.name))

    def files(self, state: StateFolder) -> KeyFiles:
        """Return the files of the store's key, for use without a command."""
        return self._files(state.identity())

    def begin_rotation(self, state: StateFolder) -> str:
        """Make a new key and save it before its first use.

        InvalidUse if a command gives the key.
        """
        if self._command:
            raise InvalidUse(
                f"The key comes from {COMMAND}, so Oort cannot replace it.",
                "Rotate it where it is kept.",
            )
        file = self.files(state).following
        with self._writing(file):
            durable.remove(file)  # of an interrupted rotation
        return self._created(file)

    def finish_rotation(self, state: StateFolder) -> None:
        """Delete the old key: the store is encrypted with the next key."""
        files = self.files(state)
        if files.following.exists():
            with self._writing(files.current):
                durable.move(files.following, files.current)

    def tidy(self, state: StateFolder) -> None:
        """Delete keys that are not used: of a rotation or a write that was interrupted.

        The caller has opened the store with the current key, and holds the state's lock.
        """
        if self._command:
            return
        files = self.files(state)
        with self._writing(files.current):
            for file in (files.following, *_drafts(files.current), *_drafts(files.following)):
                durable.remove(file)

    def _files(self, name: str) -> KeyFiles:
        return KeyFiles(self._folder / name, self._folder / f"{name}.next")

    def _kept(self, files: KeyFiles) -> tuple[str, ...]:
        return tuple(_read(file) for file in (files.current, files.following) if file.exists())

    def _created(self, file: Path) -> str:
        """Return a new key, or the one of a process that was faster."""
        with self._writing(file):
            durable.folder(self._folder)
            self._folder.chmod(durable.PRIVATE_FOLDER)
            durable.create(file, f"{secrets.token_hex(32)}\n".encode())
        return _read(file)

    @contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"The key of the store cannot be written to {file}: {error.strerror}."
            raise StateUnusable(
                what, "Check who owns the folder, or set XDG_CONFIG_HOME."
            ) from error

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


def _drafts(file: Path) -> list[Path]:
    """Return what interrupted writes of the key have left, also those of older versions."""
    older = file.parent.glob(f"{file.name}.{'[0-9a-f]' * 8}")
    return [*durable.drafts(file), *older]


def _read(file: Path) -> str:
    try:
        durable.private(file)
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
