"""The local token issuer: signs access tokens like Cognito's, and verifies them for the gateway.

Its keys, API keys and revoked tokens are in the state folder. Time comes only from the given clock,
so tokens also expire in virtual time. Errors never quote a token, since clients and logs show
errors.
"""

import re
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import jwt
import msgspec

from oort.engine.identity.api_keys import PREFIX, ApiKeys
from oort.engine.identity.revocations import Revocations
from oort.engine.identity.signing_keys import KeyRing, SigningKeys
from oort.engine.state.shared_files import LOOK, Changes
from oort.model.errors import InvalidToken, InvalidUse
from oort.model.invocations import Principal
from oort.ports.clock import Clock

CLIENT = "oort-local"
SCOPE = "aws.cognito.signin.user.admin"  # what Cognito puts into an access token of its own API
LONGEST = timedelta(days=1)  # Cognito: access tokens live 5 minutes to 1 day
# the gateway allows 10,240 bytes of headers; a token of 100 groups has under 4,000
_TOKEN_CHARACTERS = 8192
_CACHED = 1024
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Not jku, jwk, x5u or crit: with these, a token could bring its own key.
_HEADER = frozenset({"alg", "kid", "typ"})
_ONLY_SIGNATURE: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}


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


@dataclass(frozen=True, slots=True)
class _Verified:
    """A verified token: its principal, and the facts that can still end its validity."""

    principal: Principal
    expires: int
    id: str
    key_id: str
    # The token is good until this Unix time, while the issuer has these lists.
    until: float = 0.0
    lists: "_Lists | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """The keys and the revoked tokens. Each change makes a new object."""

    keys: KeyRing
    revoked: Mapping[str, int]


class Issuer:
    """An `Identity` that issues tokens: `Issuer(folder, issuer_url(name), clock)`.

    Without a folder, all data is in memory, for tests.
    """

    def __init__(self, folder: Path | None, issuer_url: str, clock: Clock) -> None:
        self._keys = SigningKeys(folder)
        self._revoked = Revocations(folder)
        self.api_keys = ApiKeys(folder, clock)
        self.url = issuer_url
        self._clock = clock
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._lock = Lock()
        self._changes = None if folder is None else Changes(folder)
        self._lists: _Lists | None = None
        self._fresh: tuple[bytes, float] = (b"", 0.0)

    @property
    def key_id(self) -> str:
        """The id of the signing key."""
        return self._keys.ring().key_id

    def issue(
        self, user: str, groups: Iterable[str], lifetime: timedelta = timedelta(hours=1)
    ) -> str:
        """Return an access token for the user.

        InvalidUse if the user is empty, or the lifetime longer than a day.
        """
        if not user:
            raise InvalidUse("A token needs a user.", "Name one: oort token --user ada.")
        if user.startswith(PREFIX):
            raise InvalidUse(
                f"{user} is the id of an API key, not of a user.", "Send that key as x-api-key."
            )
        if not timedelta(0) < lifetime <= LONGEST:
            raise InvalidUse(
                f"A token cannot live for {lifetime}.",
                "Cognito allows at most one day, and so do we.",
            )
        now = int(self._now())
        claims = {
            "sub": user,
            "iss": self.url,
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
        ring = self._keys.ring()
        return jwt.encode(claims, ring.signing, algorithm="RS256", headers={"kid": ring.key_id})

    def verify(self, token: str) -> Principal:
        """Return the token's principal. InvalidToken unless this issuer made it and it is valid
        now."""
        verified = self._verified.get(token)
        if (
            verified is not None
            and verified.lists is self._latest()
            and self._clock.now().timestamp() < verified.until
        ):
            try:  # noqa: SIM105  suppress() costs three calls
                self._verified.move_to_end(token)
            except KeyError:  # another thread checks the token at this moment
                pass
            return verified.principal
        return self._known(token).principal

    def holder(self, api_key: str) -> Principal:
        """Return the principal of an API key. InvalidToken for an unknown key."""
        return self.api_keys.holder(api_key)

    def revoke(self, token: str) -> None:
        """Refuse this token from now on, also after a restart. InvalidToken if it is invalid
        already."""
        verified = self._known(token)
        self._revoked.add(verified.id, ends=verified.expires, now=self._clock.now())

    def rotate(self, *, at_once: bool = False) -> str:
        """Sign with a new key from now on, and return its id.

        Older tokens stay valid for the longest lifetime of a token; `at_once` ends them now.
        """
        until = None if at_once else self._now() + LONGEST.total_seconds()
        return self._keys.rotate(until=until)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JSON Web Key Set (RFC 7517) of all accepted keys."""
        return {"keys": self._keys.ring().documents(now=self._now())}

    def _latest(self) -> _Lists:
        """Return the keys and the revoked tokens. Without a change, no file is looked at."""
        # The count is older than the lists, so a change in between is seen next time.
        count, now = b"" if self._changes is None else self._changes.count(), time.monotonic()
        lists, fresh = self._lists, self._fresh
        if lists is not None and count and count == fresh[0] and now < fresh[1]:
            return lists
        keys, revoked = self._keys.ring(), self._revoked.ends()
        if lists is None or lists.keys is not keys or lists.revoked is not revoked:
            lists = self._lists = _Lists(keys, revoked)
        self._fresh = (count, now + LOOK)
        return lists

    def _known(self, token: str) -> _Verified:
        """Check the token, and remember how long the answer holds."""
        with self._lock:
            verified = self._verified.pop(token, None)
        verified, lists, now = verified or self._read(token), self._latest(), self._now()
        if now >= verified.expires:
            raise InvalidToken("The token has expired.", "Get a new one: oort token.")
        end = lists.keys.end(verified.key_id)
        if now >= end:
            raise _other_key()
        if verified.id in lists.revoked:
            raise InvalidToken("The token was revoked.", "Get a new one: oort token.")
        verified = replace(verified, until=min(verified.expires, end), lists=lists)
        with self._lock:
            self._verified[token] = verified
            if len(self._verified) > _CACHED:
                self._verified.popitem(last=False)
        return verified

    def _read(self, token: str) -> _Verified:
        """Check the facts that never change, once for each token. The end of a token is checked at
        each use."""
        key_id = self._check_header(token)
        key = self._keys.ring().verifier(key_id, now=self._now())
        if key is None:
            raise _other_key()
        try:
            raw = jwt.decode(token, key, algorithms=["RS256"], options=_ONLY_SIGNATURE)
            claims = msgspec.convert(raw, _Claims)
        except jwt.InvalidSignatureError:
            raise InvalidToken("The token's signature is not right.") from None
        except msgspec.ValidationError:
            raise InvalidToken(
                "The token lacks a claim of an access token, or has one of the wrong type."
            ) from None
        except Exception:  # whatever a parser makes of hostile input, it is no token; the cause may quote the token
            raise InvalidToken("The token is malformed.") from None
        self._check_claims(claims)
        return _Verified(
            Principal(claims.sub, frozenset(claims.groups)), claims.exp, claims.jti, key_id
        )

    def _check_header(self, token: str) -> str:
        """Return the id of the key in the token's header."""
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
        if self._keys.ring().verifier(header.get("kid"), now=self._now()) is None:
            raise _other_key()
        if not header.keys() <= _HEADER or header.get("typ", "JWT") != "JWT":
            raise InvalidToken("The token's header has more than alg, kid and typ.")
        return str(header["kid"])

    def _check_claims(self, claims: _Claims) -> None:
        if claims.iss != self.url:
            raise InvalidToken("The token comes from another issuer.")
        if claims.client_id != CLIENT:
            raise InvalidToken("The token is for another client.")
        if not claims.sub:
            raise InvalidToken("The token has no subject.")
        if claims.exp - claims.iat > LONGEST.total_seconds():  # also of a key that was stolen
            raise InvalidToken("The token lives longer than a day.")
        if max(claims.iat, claims.nbf or claims.iat) > self._now():
            raise InvalidToken("The token is not valid yet.")

    def _now(self) -> float:
        return self._clock.now().timestamp()


def issuer_url(platform: str) -> str:
    """Return the issuer of a platform's tokens.

    It does not depend on the port, so tokens outlive a restart on another port.

    >>> issuer_url("cometbid")
    'http://oort.localhost/cometbid'
    """
    return f"http://oort.localhost/{platform}"


def _other_key() -> InvalidToken:
    return InvalidToken("The token was signed with a key of another platform or an older one.")
