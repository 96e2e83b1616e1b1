"""The local token issuer: signs access tokens in the shape of Cognito's, and verifies them for the gateway.

The RSA key lives in the platform's state folder. Time comes from the given clock alone, so tokens expire in virtual
time too. What a token holds is never part of a reason, since reasons are shown to the client and logged.
"""

import hashlib
import os
import re
import uuid
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from oort.model.errors import InvalidToken, InvalidUse, StateUnusable
from oort.model.invocations import Principal
from oort.ports.clock import Clock

KEY_FILE = "signing-key.pem"
CLIENT = "oort-local"
SCOPE = "aws.cognito.signin.user.admin"  # what Cognito puts into an access token of its own API
LONGEST = timedelta(days=1)  # Cognito: access tokens live 5 minutes to 1 day
_KEY_BITS = 2048
_TOKEN_CHARACTERS = 8192  # the gateway allows 10,240 bytes of headers; a token of 100 groups has under 4,000
_CACHED = 1024
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER = frozenset({"alg", "kid", "typ"})  # and no jku, jwk, x5u or crit, which would let a token bring its own key
_ONLY_SIGNATURE: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class _Claims(msgspec.Struct, kw_only=True):
    sub: str
    iss: str
    client_id: str
    token_use: Literal["access"]
    username: str
    scope: str
    jti: str
    iat: int
    exp: int
    nbf: int | None = None
    groups: list[str] = msgspec.field(default_factory=list, name="cognito:groups")


class Issuer:
    """An `Identity` that also issues. Make one for a platform with `Issuer(folder, issuer_url(name), clock)`.

    With None for the folder the key is kept in memory, made once in a process: for tests.
    """

    def __init__(self, folder: Path | None, issuer_url: str, clock: Clock) -> None:
        self._key = _memory_key() if folder is None else _stored_key(folder)
        self._public = self._key.public_key()
        self._url = issuer_url
        self._clock = clock
        self._verified: OrderedDict[str, tuple[int, Principal]] = OrderedDict()
        self._lock = Lock()
        self.key_id = thumbprint(self._public)

    def issue(self, user: str, groups: Iterable[str], lifetime: timedelta = timedelta(hours=1)) -> str:
        """An access token for the user. InvalidUse if the user is empty or the lifetime not within a day."""
        if not user:
            raise InvalidUse("A token needs a user.", "Name one: oort token --user ada.")
        if not timedelta(0) < lifetime <= LONGEST:
            raise InvalidUse(f"A token cannot live for {lifetime}.", "Cognito allows at most one day, and so do we.")
        now = int(self._clock.now().timestamp())
        claims = {
            "sub": user,
            "iss": self._url,
            "client_id": CLIENT,
            "token_use": "access",
            "username": user,
            "scope": SCOPE,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }
        if members := sorted(set(groups)):
            claims["cognito:groups"] = members
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def verify(self, token: str) -> Principal:
        """The token's subject and groups. InvalidToken unless it is one of ours and valid now."""
        with self._lock:
            known = self._verified.pop(token, None)
        if known is None:
            known = self._read(token)
        elif self._now() >= known[0]:
            raise _expired()
        self._remember(token, known)
        return known[1]

    def _read(self, token: str) -> tuple[int, Principal]:
        """Everything is checked here, once for each token; only the end of its life is looked at again."""
        self._check_header(token)
        try:
            raw = jwt.decode(token, self._public, algorithms=["RS256"], options=_ONLY_SIGNATURE)
            claims = msgspec.convert(raw, _Claims)
        except jwt.InvalidSignatureError:
            raise InvalidToken("The token's signature is not right.") from None
        except msgspec.ValidationError:
            raise InvalidToken("The token lacks a claim of an access token, or has one of the wrong type.") from None
        except Exception:  # whatever a parser makes of hostile input, it is no token; the cause may quote the token
            raise InvalidToken("The token is malformed.") from None
        self._check_claims(claims)
        return claims.exp, Principal(claims.sub, frozenset(claims.groups))

    def _check_header(self, token: str) -> None:
        if len(token) > _TOKEN_CHARACTERS:
            raise InvalidToken("The token is too long.")
        if not _COMPACT.fullmatch(token):
            raise InvalidToken("The token is malformed.")
        try:
            header = jwt.get_unverified_header(token)
        except Exception:  # as in `_read`
            raise InvalidToken("The token is malformed.") from None
        if header.get("alg") != "RS256":
            raise InvalidToken("The token's algorithm is not RS256.")
        if header.get("kid") != self.key_id:
            raise InvalidToken("The token was signed with a key of another platform or an older one.")
        if not header.keys() <= _HEADER or header.get("typ", "JWT") != "JWT":
            raise InvalidToken("The token's header has more than alg, kid and typ.")

    def _check_claims(self, claims: _Claims) -> None:
        if claims.iss != self._url:
            raise InvalidToken("The token comes from another issuer.")
        if claims.client_id != CLIENT:
            raise InvalidToken("The token is for another client.")
        if not claims.sub:
            raise InvalidToken("The token has no subject.")
        now = self._now()
        if now >= claims.exp:
            raise _expired()
        if max(claims.iat, claims.nbf or claims.iat) > now:
            raise InvalidToken("The token is not valid yet.")

    def _remember(self, token: str, known: tuple[int, Principal]) -> None:
        with self._lock:
            self._verified[token] = known
            if len(self._verified) > _CACHED:
                self._verified.popitem(last=False)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def issuer_url(platform: str) -> str:
    """The issuer of a platform's tokens: the same on every port, so that tokens outlive a restart on another one.

    >>> issuer_url("cometbid")
    'http://oort.localhost/cometbid'
    """
    return f"http://oort.localhost/{platform}"


def thumbprint(key: rsa.RSAPublicKey) -> str:
    """The RFC 7638 thumbprint of the key, by which a token names it."""
    whole = RSAAlgorithm.to_jwk(key, as_dict=True)
    required = {name: whole[name] for name in ("e", "kty", "n")}  # in the order the RFC asks for
    return urlsafe_b64encode(hashlib.sha256(msgspec.json.encode(required)).digest()).decode().rstrip("=")


def _expired() -> InvalidToken:
    return InvalidToken("The token has expired.", "Get a new one: oort token.")


@cache
def _memory_key() -> rsa.RSAPrivateKey:
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def _stored_key(folder: Path) -> rsa.RSAPrivateKey:
    """The key in the folder, made if there is none. StateUnusable if what is there is not such a key."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _store(_new_key(), path)
        path.chmod(0o600)
        pem = path.read_bytes()
    except OSError as error:
        raise StateUnusable(f"{path} cannot be used: {error.strerror}.", "Check who owns it.") from error
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise _unusable(path) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _KEY_BITS:
        raise _unusable(path)
    return key


def _unusable(path: Path) -> StateUnusable:
    return StateUnusable(
        f"{path} is not an RSA key of {_KEY_BITS} bits.", "Delete it: a new one is made, and tokens issued before end."
    )


def _store(key: rsa.RSAPrivateKey, path: Path) -> None:
    """Write the key whole or not at all. If another process was faster, its key stays."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
