"""Who a bearer token stands for."""

from typing import Protocol

from oort.model.invocations import Principal


class Identity(Protocol):
    """Verifies access tokens of the platform's issuer."""

    def verify(self, token: str) -> Principal:
        """The token's subject and groups. InvalidToken if the signature, issuer, audience, kind or time is not right."""
