"""Bodies of requests that arrive: read within the limits, and given up for others if they drip."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from oort.model import limits
from oort.model.http import HttpRequest

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]

_FIRST = 1.0  # seconds in which a body is not given up for another request


class ClientLeft(Exception):
    """The client closed the connection before the body was complete."""


class TooSlow(Exception):
    """The body exceeded the time limits of a client."""


class GivenUp(Exception):
    """The body dripped while there was no room for another request."""


@dataclass(slots=True, eq=False)
class _Body:
    client: str
    start: float
    limit: asyncio.Timeout
    size: int = 0
    given_up: bool = False

    def speed(self, now: float) -> float:
        """Return the bytes a second."""
        return self.size / (now - self.start)


class Arriving:
    """The bodies that are read at the moment."""

    def __init__(self) -> None:
        self._bodies: set[_Body] = set()

    async def read(self, request: HttpRequest, receive: Receive) -> bytes | None:
        """Read the body; None if it exceeds the limit, or if its announced length does.

        Raises TooSlow if the client exceeds its time limits, GivenUp after `give_up`. A server
        that can have the body already says so by `receive.whole()`; then nothing is awaited.
        """
        take: Callable[[], bytes | None] | None = getattr(receive, "whole", None)
        if take is not None and (arrived := take()) is not None:
            return arrived if len(arrived) <= limits.REQUEST_BYTES else None
        announced = request.headers.get("content-length", "").lstrip("0")
        if announced.isdecimal() and (len(announced) > 18 or int(announced) > limits.REQUEST_BYTES):
            return None
        limit = asyncio.timeout(limits.CLIENT_PAUSE.total_seconds())
        body = _Body(request.client, asyncio.get_running_loop().time(), limit)
        self._bodies.add(body)
        try:
            async with limit:
                return await _parts(body, receive)
        except TimeoutError:
            raise (GivenUp if body.given_up else TooSlow) from None
        finally:
            self._bodies.discard(body)

    def give_up(self) -> bool:
        """End the slowest body, first of the client that has most of them; False without one."""
        now = asyncio.get_running_loop().time()
        candidates = [body for body in self._bodies if body.start <= now - _FIRST]
        if not candidates:
            return False
        counts = Counter(body.client for body in self._bodies)
        slowest = min(candidates, key=lambda body: (-counts[body.client], body.speed(now)))
        self._bodies.discard(slowest)
        slowest.given_up = True
        slowest.limit.reschedule(now)
        return True


async def _parts(body: _Body, receive: Receive) -> bytes | None:
    loop, pause = asyncio.get_running_loop(), limits.CLIENT_PAUSE.total_seconds()
    end = body.start + limits.CLIENT_TIME.total_seconds()
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part: bytes = message.get("body", b"")
        body.size += len(part)
        if body.size > limits.REQUEST_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        if part and not body.given_up:
            body.limit.reschedule(min(end, loop.time() + pause))
