"""Who a bearer token or an API key stands for."""

from typing import Protocol

from oort.model.invocations import Principal


class Identity(Protocol):
    """Verifies access tokens of the platform's issuer, and the API keys of machines."""

    def verify(self, token: str) -> Principal:
        """The token's subject and groups. InvalidToken if the signature, issuer, audience, kind or time is not right."""

    def holder(self, api_key: str) -> Principal:
        """Whom the API key was made for: `key:NAME`, and its groups. InvalidToken unless the key is good now."""

    def revoke(self, token: str) -> None:
        """From now on refuse this token, durably. InvalidToken if it would not be accepted now."""
