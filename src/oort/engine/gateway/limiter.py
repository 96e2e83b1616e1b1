"""Remembers how much of its rate each client of each route has used. The gateway asks it before a handler is entered.

The memory is bounded: with too many clients at once, those that were quiet for longest begin anew. Nothing survives a restart.
"""

from collections import OrderedDict
from datetime import timedelta
from threading import Lock

from oort.model.functions import Rate
from oort.ports.clock import Clock
from oort.rules.http import throttles

CLIENTS = 50_000  # buckets: about 15 MB


class Limiter:
    """A bucket for each client of each route."""

    def __init__(self, clock: Clock, *, most: int = CLIENTS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, route: str, client: str, *, rate: Rate) -> timedelta:
        """Zero if the client's request may pass, which is counted; otherwise how long the client should wait."""
        key, now = (route, client), self._clock.tick()
        with self._lock:
            verdict = throttles.take(rate, self._full_at.pop(key, now), now=now)
            self._full_at[key] = verdict.full_at
            if len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return verdict.wait
