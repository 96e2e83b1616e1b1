"""What handlers of requests take and give besides the body: headers and replies."""

from collections.abc import Mapping
from typing import Generic

from oort.app.handles.actions import T


class Header:
    """Marks a parameter that comes from a request header.

    def enqueue(body: Order, key: Annotated[str, Header("Idempotency-Key")]) -> None: ...
    """

    def __init__(self, name: str) -> None:
        self.name = name


class Reply(Generic[T]):
    """A body with a status or headers of its own: `return Reply(account, headers={"Location": "/accounts/1"})`."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: T, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.body = body
        self.status = status
        self.headers = dict(headers or {})
