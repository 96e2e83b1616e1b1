"""The test platform's identity: callers are known by name, no keys involved."""

from collections.abc import Sequence

from oort.model.errors import InvalidToken
from oort.model.invocations import Principal


class KnownCallers:
    """An `Identity` whose tokens it made itself."""

    def __init__(self) -> None:
        self._known: dict[str, Principal] = {}

    def token(self, user: str, groups: Sequence[str]) -> str:
        """A token for this user in these groups."""
        token = f"{len(self._known)}.{user}"
        self._known[token] = Principal(user, frozenset(groups))
        return token

    def verify(self, token: str) -> Principal:
        """See `ports.identity`."""
        if token not in self._known:
            raise InvalidToken("The token was not issued here.")
        return self._known[token]
