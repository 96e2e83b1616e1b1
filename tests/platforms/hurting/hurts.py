"""What a bad handler or library does to its process, once for each order.

The folder in HURTING_FOLDER is the world outside: it holds a file for each hurt that was done, and for
each process that has run a handler of a hurt service. With a file `healed` in it nothing is hurt any more.
"""

import ctypes
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

LEAKED: list[bytes] = []
MIB = 1 << 20
LINES = 12_000  # more than a worker may log in a second


def hang() -> NoReturn:
    """Go on for ever, whatever is raised."""
    while True:
        try:
            time.sleep(10)
        except BaseException:  # not even TimedOut ends it
            continue


def flood() -> None:
    """Write nonsense into every socket, and so into the connection to the broker."""
    for number in range(3, 256):
        try:
            is_socket = stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError:
            continue
        if is_socket:
            for _ in range(64):
                os.write(number, b"\xff" * MIB)


def chatter() -> None:
    """Print more than the broker reads."""
    for line in range(LINES):
        sys.stdout.write(f"line {line}\n")
    sys.stdout.flush()


def leave() -> NoReturn:
    """Raise what ends a program."""
    raise SystemExit("stop")


def fail() -> NoReturn:
    """Fail as handlers do."""
    raise ConnectionError("nobody answers")


HURTS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "hang": hang,
    "sleep": lambda: time.sleep(60),
    "leak": lambda: LEAKED.append(b"x" * (520 * MIB)),
    "eat": lambda: bytearray(2048 * MIB),
    "flood": flood,
    "chatter": chatter,
    "fork": os.fork,
    "close": lambda: os.closerange(3, 64),
    "leave": leave,
    "fail": fail,
}
PLACES = ("request", "count", "work", "reserve")
MOMENTS = ("before", "after")  # the atomic block of the handler
ALWAYS = "always"  # the first part of the nature of an order that is poison for `work`


def at(place: str, *, id: str, nature: str) -> None:
    """Hurt this process if that is the nature of the order, and if it has not happened yet."""
    folder = Path(os.environ["HURTING_FOLDER"])
    _register(folder)
    where, _, doing = nature.rpartition(".")
    is_poison = where == ALWAYS and place == "work.before"
    if (where == place or is_poison) and not (folder / "healed").exists():
        if not is_poison:
            try:
                (folder / f"{id}.done").open("x").close()
            except FileExistsError:
                return
        HURTS[doing]()


def _register(folder: Path) -> None:
    """Let those outside know this process, which they may kill."""
    (folder / f"{os.getpid()}.pid").touch()
