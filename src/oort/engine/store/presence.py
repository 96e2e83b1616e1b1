"""Notice that files of a running platform are removed or replaced.

An open file goes on to exist without its name: writes would be acknowledged and lost.
"""

import os
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from oort.model.errors import StateLost


class Presence:
    """The files that have these paths now. Paths without a file are left out.

    `glance` looks once in `pause`: each look at a file releases the interpreter lock, and a busy
    writer would wait for the lock after every commit.
    """

    def __init__(self, paths: Iterable[Path], *, pause: timedelta) -> None:
        stamps = ((path, identity_of(path)) for path in paths)
        self._known = [(path, stamp) for path, stamp in stamps if stamp is not None]
        self._missing: Path | None = None
        self.are_there = True
        self._pause = pause.total_seconds()
        self._next = 0.0

    def missing(self) -> StateLost | None:
        """Return the error if a path has no file or another file. The error stays from then on."""
        for path, stamp in self._known:
            if self._missing is None and identity_of(path) != stamp:
                self._missing, self.are_there = path, False
        return self.noticed()

    def glance(self) -> StateLost | None:
        """Return the error as `missing`, but look only if the last glance was some time ago."""
        now = time.monotonic()
        if now < self._next:
            return self.noticed()
        self._next = now + self._pause
        return self.missing()

    def noticed(self) -> StateLost | None:
        """Return the earlier error of `missing`, without a look at the files."""
        return None if self._missing is None else lost(self._missing)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return a value that no other existing file has, or None without a file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def lost(path: Path) -> StateLost:
    """Return the error for a file that was removed or replaced."""
    return StateLost(
        f"{path} was removed or replaced while the platform ran.",
        "Nothing is saved any more. Put the state folder back, then start the platform again.",
    )
