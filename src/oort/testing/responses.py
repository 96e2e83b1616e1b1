"""The response of the test platform to a request."""

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from oort.model.http import HttpReply
from oort.rules.types import models

T = TypeVar("T")


class Response:
    """A reply. `trace` is its trace id; `error` is the traceback of a 500, hidden from clients."""

    def __init__(self, reply: HttpReply) -> None:
        self.status: int = reply.status
        self.headers: Mapping[str, str] = dict(reply.headers)
        self.body: bytes = reply.body
        self.trace: str = reply.trace
        self.error: str = reply.error

    def json(self) -> object:
        """Return the body as JSON; None if it is empty."""
        return cast(object, msgspec.json.decode(self.body)) if self.body else None

    def into(self, model: type[T]) -> T:
        """Return the body as a type. Raises msgspec.ValidationError if the body does not fit."""
        try:
            return msgspec.json.decode(self.body, type=model, dec_hook=models.load)
        except msgspec.DecodeError as error:
            raise msgspec.ValidationError(f"{error}: {self!r}") from error

    def __repr__(self) -> str:
        cause = f" {self.error.strip().splitlines()[-1]}" if self.error.strip() else ""
        return f"<Response {self.status} {self.body[:200]!r}{cause}>"
