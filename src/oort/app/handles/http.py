"""Parameters and results of request handlers besides the body: headers and replies."""

from collections.abc import Mapping
from typing import Generic

from oort.app.handles.actions import T


class Header:
    """Mark a parameter that comes from a request header."""

    def __init__(self, name: str) -> None:
        self.name = name


class Reply(Generic[T]):
    """A body with its own status or headers.

    return Reply(account, headers={"Location": "/accounts/1"})
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: T, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.body = body
        self.status = status
        self.headers = dict(headers or {})
