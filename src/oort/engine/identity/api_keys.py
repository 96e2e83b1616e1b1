"""API keys: how machines say who they are. A key is shown once, when it is made; what is kept is its SHA-256 alone.

A key is 256 random bits, so a plain hash is enough: there is nothing to guess, and no salt or slow hash would add to that.
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
_BEGINNING = "oort"  # by which a scanner for secrets knows one
_BYTES = 32
_NOBODY = bytes(_BYTES)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key."""

    name: str
    groups: tuple[str, ...]
    created: datetime
    sha256: str


class ApiKeys:
    """The keys in a folder. With None for the folder there are none, and none can be made."""

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._file = SharedFile((folder or Path()) / FILE, _parsed)

    def create(self, name: str, *, groups: Iterable[str]) -> str:
        """A new key, to be shown once. InvalidUse if the name is taken or none."""
        if not names.RESOURCE.fullmatch(name):
            what = f"{name!r} is not a name for an API key."
            raise InvalidUse(
                what, "Use lower-case letters, digits and dashes, beginning with a letter."
            )
        secret = secrets.token_bytes(_BYTES)
        with shared_files.alone(self._home()):
            known = self._known()
            if name in known:
                raise InvalidUse(
                    f"There is an API key {name} already.",
                    "Take another name, or revoke that one first.",
                )
            digest = hashlib.sha256(secret).hexdigest()
            new = ApiKey(
                name=name,
                groups=tuple(sorted(set(groups))),
                created=self._clock.now(),
                sha256=digest,
            )
            self._keep([*known.values(), new])
        return f"{_BEGINNING}_{name}_{secret.hex()}"

    def every(self) -> list[ApiKey]:
        """What is known of all keys, by name."""
        return sorted(self._known().values(), key=lambda key: key.name)

    def revoke(self, name: str) -> None:
        """Refuse the key from now on; running platforms notice at once. NotFoundHere if there is none of that name."""
        with shared_files.alone(self._home()):
            known = dict(self._known())
            if known.pop(name, None) is None:
                raise NotFoundHere(
                    f"There is no API key {name}.", "`oort api-keys list` shows them."
                )
            self._keep(list(known.values()))

    def holder(self, key: str) -> Principal:
        """Whom the key was made for. InvalidToken unless it is one of ours."""
        beginning, _, rest = key.partition("_")
        name, _, secret = rest.partition("_")
        known = self._known().get(name)
        expected = bytes.fromhex(known.sha256) if known else _NOBODY
        same = hmac.compare_digest(
            hashlib.sha256(_bytes(secret)).digest(), expected
        )  # takes as long for any key
        if known is None or not same or beginning != _BEGINNING:
            raise InvalidToken(
                "The API key is not known here.", "Make one: oort api-keys create NAME."
            )
        return Principal(f"{PREFIX}{known.name}", frozenset(known.groups))

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
    found = msgspec.json.decode(data, type=list[ApiKey]) if data else []
    return {one.name: one for one in found if bytes.fromhex(one.sha256)}


def _bytes(secret: str) -> bytes:
    try:
        return bytes.fromhex(secret)
    except ValueError:
        return b""
