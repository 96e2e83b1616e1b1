"""What one running platform has for itself: the lock of its state folder and its port. `oort dev` takes both before it serves."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from oort.engine.state.folder import StateFolder, held, open_state
from oort.model.errors import AddressInUse, StateUnusable

__all__ = ["HOST", "StateFolder", "bound", "occupied"]  # commands hand the folder on

HOST = "127.0.0.1"
_BACKLOG = 2048  # connections that wait while a reload is under way
_PATIENCE = timedelta(
    seconds=2
)  # for a killed platform's last process, which the kernel ends within milliseconds
_PAUSE = 0.02


@contextmanager
def occupied(folder: Path, *, port: int) -> Iterator[tuple[StateFolder, socket.socket]]:
    """The state folder with its lock held, and a socket on the port. StateUnusable or AddressInUse if others have them.

    A platform that was killed a moment ago is waited for; one that runs is not.
    """
    state, end = open_state(folder), time.monotonic() + _PATIENCE.total_seconds()
    with ExitStack() as stack:
        while True:
            dying = _owner_is_gone(state)
            try:
                stack.enter_context(held(state))
                break
            except StateUnusable:
                if not dying or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)
        yield state, stack.enter_context(bound(port))


@contextmanager
def bound(port: int) -> Iterator[socket.socket]:
    """A socket on the port of this machine alone; 0 takes a free one. AddressInUse if somebody else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(_BACKLOG)
        except PermissionError:
            raise AddressInUse(
                f"Port {port} is for the administrator.", "Take one above 1023: --port 8000."
            ) from None
        except OSError as error:
            instead = f"End that program, or take another port: --port {port + 1 if port < 65535 else 8000}."
            raise AddressInUse(
                f"Port {port} of {HOST} cannot be used: {error.strerror}.", instead
            ) from None
        yield listener


def _owner_is_gone(state: StateFolder) -> bool:
    """Whether the process that the lock names has ended: then a child of it, which holds the lock too, is ending."""
    try:
        os.kill(int(state.lock.read_text(encoding="ascii")), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False
    return False
