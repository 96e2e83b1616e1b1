"""The identity port of the test platform: users by name, without keys."""

from collections.abc import Sequence

from oort.model.errors import InvalidToken
from oort.model.invocations import Principal


class KnownCallers:
    """An `Identity` that accepts its own tokens."""

    def __init__(self) -> None:
        self._known: dict[str, Principal] = {}
        self._issued = 0

    def token(self, user: str, groups: Sequence[str]) -> str:
        """Return a token for this user in these groups."""
        token = f"{self._issued}.{user}"
        self._issued += 1
        self._known[token] = Principal(user, frozenset(groups))
        return token

    def verify(self, token: str) -> Principal:
        """See `ports.identity`."""
        if token not in self._known:
            raise InvalidToken("The token was not issued here.")
        return self._known[token]

    def holder(self, api_key: str) -> Principal:  # noqa: ARG002  the port's signature
        """Refuse every key. A test calls as a machine with `as_="key:NAME"`."""
        raise InvalidToken("The API key is not known here.")

    def revoke(self, token: str) -> None:
        """See `ports.identity`."""
        self.verify(token)
        del self._known[token]
