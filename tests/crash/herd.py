"""Many clients of one platform that all come back at once, as after a restart: each repeats its request until it has an answer."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field

_LONGEST = 30.0  # seconds for one attempt
_PAUSE = (0.05, 0.5)  # seconds between two attempts


@dataclass(slots=True)
class Herd:
    """What the clients know: the final status of each by its e-mail address, and every status on the way."""

    port: int
    emails: list[str]
    share: float = 0.1
    served: asyncio.Event = field(default_factory=asyncio.Event)  # that share of the clients
    ended: dict[str, int] = field(default_factory=dict[str, int])
    statuses: Counter[str] = field(default_factory=Counter[str])

    async def come(self, *, most: float) -> None:
        """Let every client come at once and go on until it has 201 or 409; TimeoutError after a time."""
        async with asyncio.timeout(most):
            await asyncio.gather(*(self._client(email) for email in self.emails))

    async def _client(self, email: str) -> None:
        body = json.dumps({"email": email, "country": "NO"}).encode()
        head = f"POST /accounts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        chance = random.Random(email)
        while email not in self.ended:
            status = await self._attempt(head.encode() + body)
            self.statuses[status] += 1
            if status in ("201", "409"):  # 409: an attempt without an answer had been done
                self.ended[email] = int(status)
                if len(self.ended) >= self.share * len(self.emails):
                    self.served.set()
            else:
                await asyncio.sleep(chance.uniform(*_PAUSE))

    async def _attempt(self, request: bytes) -> str:
        try:
            async with asyncio.timeout(_LONGEST):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(request)
                    line = await reader.readline()
                    return line.split(b" ")[1].decode() if line else "closed"
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            return type(error).__name__
