"""Problems that a handler raises as a reply (RFC 9457). Part of the public API.

The runtime turns problems into replies.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Problem(Exception):
    """A reply with a `status` and an `application/problem+json` body, raised in a handler.

    Define a subclass for a problem of your own: the class name becomes the `type`, the first line
    of the docstring the `title`. `detail` is shown to the client, and so are the keyword `members`;
    put no secrets there.

    >>> class PaymentRequired(Problem):
    ...     '''The card was refused.'''
    ...     status = 402
    >>> PaymentRequired("card ends in 4242", attempts=2).document()["detail"]
    'card ends in 4242'
    """

    status: int = 400

    def __init__(self, detail: str = "", **members: Json) -> None:
        self.detail = detail
        self.members = members
        super().__init__(detail)

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring, or the class name in words."""
        docstring = cls.__dict__.get("__doc__") or ""
        first = docstring.strip().split("\n")[0].strip()
        return first or _words(cls.__name__).capitalize()

    @classmethod
    def urn(cls) -> str:
        """Return the value of the member `type`.

        >>> NotFound.urn()
        'urn:problem:not-found'
        """
        return f"urn:problem:{_words(cls.__name__).replace(' ', '-')}"

    def document(self) -> dict[str, Json]:
        """Return the RFC 9457 members, ready for JSON."""
        reserved: dict[str, Json] = {
            "type": self.urn(),
            "title": self.title(),
            "status": self.status,
        }
        if self.detail:
            reserved["detail"] = self.detail
        return {
            **reserved,
            **{name: value for name, value in self.members.items() if name not in reserved},
        }


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400


class Unauthorized(Problem):
    """The request carries no valid credentials."""

    status = 401


class Forbidden(Problem):
    """The caller may not do this."""

    status = 403


class NotFound(Problem):
    """There is no such thing."""

    status = 404


class Conflict(Problem):
    """Somebody else was faster, or it exists already."""

    status = 409


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
