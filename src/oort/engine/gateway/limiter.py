"""The rate that each client of each route has used.

The gateway asks the limiter before a handler is entered. The memory is bounded: with too
many clients, the clients that were quiet longest start again with a full bucket. A restart
forgets all clients.
"""

from collections import OrderedDict
from datetime import timedelta
from threading import Lock

from oort.model.functions import Rate
from oort.ports.clock import Clock
from oort.rules.http import throttles

CLIENTS = 50_000  # buckets: about 15 MB


class Limiter:
    """A token bucket for each client of each route."""

    def __init__(self, clock: Clock, *, most: int = CLIENTS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, route: str, client: str, *, rate: Rate) -> timedelta:
        """Count the client's request and return zero, or return the time that
        the client should wait.
        """
        key, now = (route, client), self._clock.tick()
        with self._lock:
            verdict = throttles.take(rate, self._full_at.pop(key, now), now=now)
            self._full_at[key] = verdict.full_at
            if len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return verdict.wait
