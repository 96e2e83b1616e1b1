"""What repeats itself is said once in a while, with the number of times that it was not said."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

_MOST = 100  # texts that are remembered


class Seldom:
    """Decides which repetitions of a text are said. Several threads may use it.

    >>> from datetime import UTC
    >>> seldom, noon = Seldom(timedelta(seconds=30)), datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> [seldom.missed("disk full", now=noon + timedelta(seconds=after)) for after in (0, 1, 2, 31)]
    [0, None, None, 2]
    """

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._said: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def missed(self, text: str, *, now: datetime) -> int | None:
        """Return how often the text was not said since it was said; None if it is not said now."""
        with self._lock:
            last = self._said.pop(text, None)
            if last is not None and now - last[0] < self._pause:
                self._said[text] = (last[0], last[1] + 1)
                return None
            self._said[text] = (now, 0)
            while len(self._said) > _MOST:
                self._said.popitem(last=False)
            return 0 if last is None else last[1]
