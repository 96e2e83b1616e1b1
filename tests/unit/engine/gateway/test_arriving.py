"""A body that has arrived before somebody asks for it costs no waiting, and has the same limit."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from oort.engine.gateway.arriving import Arriving
from oort.model import limits
from oort.model.http import HttpRequest


class Sender:
    """What a server gives for a body: the whole if it is there, else its messages."""

    def __init__(self, whole: bytes | None) -> None:
        self._whole = whole
        self.awaited = 0

    def whole(self) -> bytes | None:
        """The body, if all of it is there."""
        return self._whole

    async def __call__(self) -> MutableMapping[str, Any]:
        """The next message."""
        self.awaited += 1
        return {"type": "http.request", "body": b"late"}


@pytest.mark.parametrize(
    ("whole", "body", "awaited"),
    [
        (b"", b"", 0),
        (b"{}", b"{}", 0),
        (None, b"late", 1),
        (b" " * limits.REQUEST_BYTES, b" " * limits.REQUEST_BYTES, 0),
        (b" " * (limits.REQUEST_BYTES + 1), None, 0),
    ],
    ids=["none", "some", "late", "just", "too large"],
)
def test_a_body_is_awaited_only_if_it_is_not_there(
    whole: bytes | None, body: bytes | None, awaited: int
) -> None:
    sender = Sender(whole)
    assert asyncio.run(Arriving().read(HttpRequest("POST", "/"), sender)) == body
    assert sender.awaited == awaited
