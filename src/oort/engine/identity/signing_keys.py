"""The keys of the local token issuer: one that signs, and those before it that still verify. The issuer uses it.

The private key is a file of the state folder. A rotation by another process is seen at the next look.
"""

import hashlib
import os
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from oort.engine.state import shared_files
from oort.engine.state.shared_files import SharedFile
from oort.model.errors import StateUnusable

KEY_FILE = "signing-key.pem"
RETIRED_FILE = "retired-keys.json"
_KEY_BITS = 2048


class Retired(msgspec.Struct, frozen=True):
    """A public key whose tokens are accepted until a Unix time."""

    pem: str
    until: float


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that signs, and every key that verifies, by its id and with the Unix time at which it ends."""

    signing: rsa.RSAPrivateKey
    key_id: str
    verifying: dict[str, tuple[rsa.RSAPublicKey, float]]

    def verifier(self, key_id: object, *, now: float) -> rsa.RSAPublicKey | None:
        """The key with this id, if its tokens are accepted now."""
        found = self.verifying.get(key_id) if isinstance(key_id, str) else None
        return found[0] if found is not None and now < found[1] else None

    def documents(self, *, now: float) -> list[dict[str, Any]]:
        """The keys that are accepted now, as JSON Web Keys."""
        accepted = [(key_id, key) for key_id, (key, until) in self.verifying.items() if now < until]
        return [
            {**_public_parts(key), "kid": key_id, "use": "sig", "alg": "RS256"}
            for key_id, key in accepted
        ]


class SigningKeys:
    """The keys in a folder, made if there are none; with None for the folder they are kept in memory, for tests.

    There, the first key is made once in a process.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is None:
            self._ring = _ring(_memory_key(), ())
        else:
            self._file = SharedFile(folder / KEY_FILE, lambda pem: _opened(folder, pem))
            self.ring()

    def ring(self) -> KeyRing:
        """The keys now. StateUnusable if a file holds something else."""
        return self._ring if self._folder is None else self._file.value()

    def rotate(self, *, until: float | None) -> str:
        """A new key signs from now on; the one before verifies until then, or with None no key but the new one. Its id.

        An interruption leaves the old key signing.
        """
        new = _new_key()
        if self._folder is None:
            self._ring = _ring(new, _still_good(self._ring, until))
            return self._ring.key_id
        with shared_files.alone(self._folder):
            retired = _still_good(self.ring(), until)
            shared_files.replace(self._folder / RETIRED_FILE, msgspec.json.encode(retired))
            shared_files.replace(self._folder / KEY_FILE, _pem(new))
        return thumbprint(new.public_key())


def thumbprint(key: rsa.RSAPublicKey) -> str:
    """The RFC 7638 thumbprint of the key, by which a token names it."""
    return (
        urlsafe_b64encode(hashlib.sha256(msgspec.json.encode(_public_parts(key))).digest())
        .decode()
        .rstrip("=")
    )


def _public_parts(key: rsa.RSAPublicKey) -> dict[str, Any]:
    whole = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: whole[name] for name in ("e", "kty", "n")}  # in the order that RFC 7638 asks for


def _ring(key: rsa.RSAPrivateKey, retired: tuple[Retired, ...]) -> KeyRing:
    verifying: dict[str, tuple[rsa.RSAPublicKey, float]] = {}
    for one in retired:
        public = serialization.load_pem_public_key(one.pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)  # we wrote it
        verifying[thumbprint(public)] = (public, one.until)
    own = thumbprint(key.public_key())
    # Last, since an interrupted rotation has left it among the retired ones, too.
    verifying[own] = (key.public_key(), float("inf"))
    return KeyRing(key, own, verifying)


def _opened(folder: Path, pem: bytes) -> KeyRing:
    """The keys of the folder around the private key in the PEM file, which is made if it is not there."""
    path, retired = folder / KEY_FILE, folder / RETIRED_FILE
    if not pem and not path.exists():
        _created(path)
        pem = path.read_bytes()
    path.chmod(0o600)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise _unusable(path) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _KEY_BITS:
        raise _unusable(path)
    try:
        return _ring(key, _retired(retired.read_bytes() if retired.exists() else b""))
    except (ValueError, AssertionError):
        raise StateUnusable(
            f"{retired} is damaged.", "Delete it: tokens of rotated keys end."
        ) from None


def _retired(data: bytes) -> tuple[Retired, ...]:
    return msgspec.json.decode(data, type=tuple[Retired, ...]) if data else ()


def _still_good(ring: KeyRing, until: float | None) -> tuple[Retired, ...]:
    """What verifies beside a new key."""
    if until is None:
        return ()
    kept = [(key, min(end, until)) for key, end in ring.verifying.values()]
    return tuple(Retired(_public_pem(key), end) for key, end in kept)


@cache
def _memory_key() -> rsa.RSAPrivateKey:
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: rsa.RSAPublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode("ascii")


def _unusable(path: Path) -> StateUnusable:
    return StateUnusable(
        f"{path} is not an RSA key of {_KEY_BITS} bits.",
        "Delete it: a new one is made, and tokens issued before end.",
    )


def _created(path: Path) -> None:
    """Write a new key, whole or not at all. If another process was faster, its key stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        shared_files.write(draft, _pem(_new_key()), flags=os.O_CREAT | os.O_EXCL)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
