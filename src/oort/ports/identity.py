"""The principal of a bearer token or an API key."""

from typing import Protocol

from oort.model.invocations import Principal


class Identity(Protocol):
    """Verifies access tokens of the platform's issuer, and the API keys of machines."""

    def verify(self, token: str) -> Principal:
        """Return the token's subject and groups.

        InvalidToken for a wrong signature, issuer, audience, kind or time.
        """

    def holder(self, api_key: str) -> Principal:
        """Return the principal of the API key: `key:NAME`, and its groups.

        InvalidToken unless the key is valid now.
        """

    def revoke(self, token: str) -> None:
        """Refuse this token from now on, durably. InvalidToken if the token is not accepted now."""
