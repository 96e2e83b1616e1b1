"""The Identity port on Cognito. API Gateway has judged the tokens of requests already; this asks about one by itself.

Cognito judges an access token when it is used: signature, time, and whether it was revoked. What is left to look at is
whose pool it is of. API keys of machines are not kept on AWS.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Protocol, cast

import msgspec

from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.aws.requests import principal_of
from oort.model.errors import InvalidToken
from oort.model.invocations import Principal

# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html
_NOT_GOOD = frozenset({
    "InvalidParameterException", "NotAuthorizedException", "PasswordResetRequiredException", "UserNotConfirmedException",
    "UserNotFoundException",
})  # fmt: skip


class _Cognito(Protocol):
    def get_user(self, **request: object) -> object: ...
    def global_sign_out(self, **request: object) -> object: ...


class Identity:
    """See `ports.identity`. `pool` is the id of the platform's user pool."""

    def __init__(self, clients: Clients, *, pool: str) -> None:
        self._clients = clients
        self._pool = pool

    def verify(self, token: str) -> Principal:
        """See `ports.identity`."""
        claims = _claims(token)
        if str(claims.get("iss", "")).rpartition("/")[2] != self._pool:
            raise InvalidToken("The token is of another user pool.")
        try:
            ask(self._client.get_user, {"AccessToken": token}, doing="verifying an access token", expect=_NOT_GOOD)
        except Rejected as error:
            raise InvalidToken(f"The token is not good: {error.message}") from error
        return principal_of(claims)

    def holder(self, api_key: str) -> Principal:  # noqa: ARG002  the port's signature
        """See `ports.identity`: no key is good here."""
        raise InvalidToken("API keys are not known on AWS.")

    def revoke(self, token: str) -> None:
        """See `ports.identity`. Cognito revokes all tokens of the token's user; API Gateway goes on to take it until it expires."""
        self.verify(token)
        ask(self._client.global_sign_out, {"AccessToken": token}, doing="revoking an access token")

    @property
    def _client(self) -> _Cognito:
        return cast(_Cognito, self._clients.get("cognito-idp"))


def _claims(token: str) -> Mapping[str, object]:
    """What the token says, before it is believed."""
    parts = token.split(".")
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(text, type=dict[str, object])
    except (IndexError, binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidToken("This is not a token.") from error
