"""Load a further version in a process of its own, which becomes the parent of its workers.

The process is a new interpreter, not a fork: the platform has threads and an open store, and has the
modules of another version. So it shares no memory with the platform.
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from oort.engine.workers import described, parent
from oort.engine.workers.described import Described, Refused
from oort.model.errors import InvalidProgram, OortError, StateUnusable
from oort.model.platform import PlatformModel

PATIENCE = timedelta(seconds=60)


class Running(Protocol):
    """The process of a version: `subprocess.Popen`."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process."""

    def kill(self) -> None:
        """End the process now."""


class Loaded:
    """A version that another process has loaded, with the connection to the process."""

    def __init__(self, model: PlatformModel, connection: socket.socket, process: Running) -> None:
        self.model = model
        self.connection = connection
        self._process = process

    def end(self) -> None:
        """End the process, with its workers, and wait for it."""
        self.connection.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_ENDING = 5.0  # seconds for the parent to end its workers


def start(module: str, arguments: Sequence[str], *, within: timedelta = PATIENCE) -> Loaded:
    """Load a version by `python -m MODULE DESCRIPTOR ARGUMENTS`, which must call `serve`.

    Raises StateUnusable if it cannot be loaded.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  the interpreter of this process
            [sys.executable, "-P", "-m", module, str(theirs.fileno()), *arguments],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl+C is for the platform
        )
    ours.settimeout(within.total_seconds())
    try:
        description = described.receive(ours)
        if isinstance(description, Described):
            ours.settimeout(None)
            return Loaded(described.model(description), ours, process)
        raise _refused(description, process)
    except (TimeoutError, ValueError) as error:
        what = (
            f"It was not loaded within {within.total_seconds():g} s."
            if isinstance(error, TimeoutError)
            else str(error)
        )
        raise StateUnusable(what) from error
    finally:
        if ours.gettimeout() is not None:
            ours.close()
            process.kill()
            process.wait()


def serve(
    descriptor: int,
    load: Callable[[], PlatformModel],
    main: Callable[[], parent.Main],
    *,
    within: timedelta = PATIENCE,
) -> None:
    """Load a version and be the parent of its workers, until the platform ends."""
    connection = socket.socket(fileno=descriptor)
    # An import that never ends must not outlive the platform.
    signal.setitimer(signal.ITIMER_REAL, within.total_seconds() + 1)
    try:
        model = load()
    except InvalidProgram as error:
        mistakes = "\n".join(str(mistake) for mistake in error.mistakes)
        described.send(connection, Refused(what=mistakes))
        return
    except OortError as error:
        described.send(connection, Refused(what=error.what, instead=error.instead))
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    described.send(connection, described.described(model))
    parent.become(connection, main())


def _refused(description: Refused | None, process: "subprocess.Popen[bytes]") -> StateUnusable:
    if description is not None:
        return StateUnusable(description.what, description.instead)
    code = process.wait()
    how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
    return StateUnusable(f"The process that loaded it {how}.")
