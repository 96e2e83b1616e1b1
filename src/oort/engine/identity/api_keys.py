"""API keys: identities of machines. A key is shown once; only its SHA-256 is kept.

A key has 256 random bits, so a plain hash is enough: a salt or a slow hash would not help.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from oort.engine.state import shared_files
from oort.engine.state.shared_files import SharedFile
from oort.model import names
from oort.model.errors import InvalidToken, InvalidUse, NotFoundHere
from oort.model.invocations import Principal
from oort.ports.clock import Clock

FILE = "api-keys.json"
PREFIX = "key:"  # of the id of a key's Principal; no user's token may have such an id
_BEGINNING = "oort"  # for scanners that look for secrets
_BYTES = 32
_NOBODY = bytes(_BYTES)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """The kept data of a key."""

    name: str
    groups: tuple[str, ...]
    created: datetime
    sha256: str


class ApiKeys:
    """The keys in a folder. Without a folder, no key exists and none can be made."""

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._file = SharedFile((folder or Path()) / FILE, _parsed)

    def create(self, name: str, *, groups: Iterable[str]) -> str:
        """Make a key and return it, once. InvalidUse if the name is taken or invalid."""
        if not names.RESOURCE.fullmatch(name):
            problem = f"{name!r} is not a name for an API key."
            raise InvalidUse(
                problem, "Use lower-case letters, digits and dashes, beginning with a letter."
            )
        secret = secrets.token_bytes(_BYTES)
        with shared_files.alone(self._home()):
            keys = self._known()
            if name in keys:
                raise InvalidUse(
                    f"There is an API key {name} already.",
                    "Choose another name, or revoke that key first.",
                )
            digest = hashlib.sha256(secret).hexdigest()
            new = ApiKey(
                name=name,
                groups=tuple(sorted(set(groups))),
                created=self._clock.now(),
                sha256=digest,
            )
            self._keep([*keys.values(), new])
        return f"{_BEGINNING}_{name}_{secret.hex()}"

    def every(self) -> list[ApiKey]:
        """Return all keys, sorted by name."""
        return sorted(self._known().values(), key=lambda key: key.name)

    def revoke(self, name: str) -> None:
        """Refuse the key from now on, also in running platforms.

        NotFoundHere for an unknown name.
        """
        with shared_files.alone(self._home()):
            keys = dict(self._known())
            if keys.pop(name, None) is None:
                raise NotFoundHere(
                    f"There is no API key {name}.", "`oort api-keys list` shows them."
                )
            self._keep(list(keys.values()))

    def holder(self, key: str) -> Principal:
        """Return the principal of a key. InvalidToken for an unknown key."""
        beginning, _, tail = key.partition("_")
        name, _, secret = tail.partition("_")
        kept = self._known().get(name)
        expected = bytes.fromhex(kept.sha256) if kept else _NOBODY
        # The comparison takes the same time for every key.
        same = hmac.compare_digest(hashlib.sha256(_bytes(secret)).digest(), expected)
        if kept is None or not same or beginning != _BEGINNING:
            raise InvalidToken(
                "The API key is not known here.", "Make one: oort api-keys create NAME."
            )
        return Principal(f"{PREFIX}{kept.name}", frozenset(kept.groups))

    def _home(self) -> Path:
        if self._folder is None:
            raise InvalidUse(
                "API keys are kept in a state folder, and there is none.", "Name a folder."
            )
        return self._folder

    def _known(self) -> dict[str, ApiKey]:
        return {} if self._folder is None else self._file.value()

    def _keep(self, keys: list[ApiKey]) -> None:
        shared_files.replace(self._home() / FILE, msgspec.json.format(msgspec.json.encode(keys)))


def _parsed(data: bytes) -> dict[str, ApiKey]:
    keys = msgspec.json.decode(data, type=list[ApiKey]) if data else []
    return {key.name: key for key in keys if bytes.fromhex(key.sha256)}


def _bytes(secret: str) -> bytes:
    try:
        return bytes.fromhex(secret)
    except ValueError:
        return b""
