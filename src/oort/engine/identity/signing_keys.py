"""The keys of the local token issuer: one signs, older keys only verify.

The private key is a file of the state folder. Each use notices a rotation by another process.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from oort.engine.state import durable, shared_files
from oort.engine.state.shared_files import SharedFile
from oort.model.errors import StateUnusable

KEY_FILE = "signing-key.pem"
RETIRED_FILE = "retired-keys.json"
_KEY_BITS = 2048


class Retired(msgspec.Struct, frozen=True):
    """A public key; its tokens are accepted until a Unix time."""

    pem: str
    until: float


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The signing key, and all verifying keys by id, each with its end in Unix time."""

    signing: rsa.RSAPrivateKey
    key_id: str
    verifying: dict[str, tuple[rsa.RSAPublicKey, float]]

    def verifier(self, key_id: object, *, now: float) -> rsa.RSAPublicKey | None:
        """Return the key with this id, if its tokens are accepted now."""
        entry = self.verifying.get(key_id) if isinstance(key_id, str) else None
        return entry[0] if entry is not None and now < entry[1] else None

    def end(self, key_id: str) -> float:
        """Return the Unix time until which tokens of the key are accepted; 0 for an unknown key."""
        entry = self.verifying.get(key_id)
        return 0.0 if entry is None else entry[1]

    def documents(self, *, now: float) -> list[dict[str, Any]]:
        """Return the accepted keys as JSON Web Keys."""
        accepted = [(key_id, key) for key_id, (key, until) in self.verifying.items() if now < until]
        return [
            {**_public_parts(key), "kid": key_id, "use": "sig", "alg": "RS256"}
            for key_id, key in accepted
        ]


class SigningKeys:
    """The keys in a folder, made if missing. Without a folder, in memory, for tests.

    In memory, the first key is made once for each process.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is None:
            self._ring = _ring(_memory_key(), ())
        else:
            self._file = SharedFile(folder / KEY_FILE, lambda pem: _opened(folder, pem))
            self.ring()

    def ring(self) -> KeyRing:
        """Return the current keys. StateUnusable if a file has other content."""
        return self._ring if self._folder is None else self._file.value()

    def rotate(self, *, until: float | None) -> str:
        """Sign with a new key and return its id.

        The older key verifies until `until`; with None, only the new key verifies. An interruption
        leaves the
        older key signing.
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
    """Return the RFC 7638 thumbprint of the key: its id in tokens."""
    return (
        urlsafe_b64encode(hashlib.sha256(msgspec.json.encode(_public_parts(key))).digest())
        .decode()
        .rstrip("=")
    )


def _public_parts(key: rsa.RSAPublicKey) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: jwk[name] for name in ("e", "kty", "n")}  # in the order that RFC 7638 asks for


def _ring(signing: rsa.RSAPrivateKey, retired: tuple[Retired, ...]) -> KeyRing:
    verifying: dict[str, tuple[rsa.RSAPublicKey, float]] = {}
    for key in retired:
        public = serialization.load_pem_public_key(key.pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)  # we wrote it
        verifying[thumbprint(public)] = (public, key.until)
    key_id = thumbprint(signing.public_key())
    # Last, since an interrupted rotation has left it among the retired ones, too.
    verifying[key_id] = (signing.public_key(), float("inf"))
    return KeyRing(signing, key_id, verifying)


def _opened(folder: Path, pem: bytes) -> KeyRing:
    """Return the keys of the folder with this private key; make the key if the file is missing."""
    path, retired = folder / KEY_FILE, folder / RETIRED_FILE
    if not pem and not path.exists():
        _created(path)
        pem = path.read_bytes()
    durable.private(path)
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
            f"{retired} is damaged.", "Delete the file: tokens of rotated keys become invalid."
        ) from None


def _retired(data: bytes) -> tuple[Retired, ...]:
    return msgspec.json.decode(data, type=tuple[Retired, ...]) if data else ()


def _still_good(ring: KeyRing, until: float | None) -> tuple[Retired, ...]:
    """Return the keys that verify beside a new key."""
    if until is None:
        return ()
    accepted = [(key, min(end, until)) for key, end in ring.verifying.values()]
    return tuple(Retired(_public_pem(key), end) for key, end in accepted)


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
        "Delete the file: a new key is made, and older tokens become invalid.",
    )


def _created(path: Path) -> None:
    """Write a new key durably. If another process was faster, its key stays."""
    durable.folder(path.parent)
    durable.create(path, _pem(_new_key()))
