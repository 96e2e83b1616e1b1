"""Take the lock of a platform's state folder, and its port."""

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from oort.engine.state.folder import StateFolder, held, open_state
from oort.model.errors import AddressInUse, NotFoundHere, StateUnusable

__all__ = ["HOST", "StateFolder", "bound", "occupied"]  # commands hand the folder on

HOST = "127.0.0.1"
_BACKLOG = 2048  # connections that wait while a reload is under way
# The kernel ends the last process of a killed platform within milliseconds.
_PATIENCE = timedelta(seconds=2)
_PAUSE = 0.02
_ADDRESSES = "Give --host one that `ip address` shows, or 0.0.0.0 for all addresses."


@contextmanager
def occupied(
    folder: Path, *, port: int, host: str = HOST
) -> Iterator[tuple[StateFolder, socket.socket]]:
    """Lock the state folder and open the port. StateUnusable or AddressInUse if they are taken.

    A platform killed a moment ago gets a short time to end.
    """
    state = holder = open_state(folder)
    end = time.monotonic() + _PATIENCE.total_seconds()
    with ExitStack() as stack:
        while True:
            dying = _owner_is_gone(state)
            try:
                holder = stack.enter_context(held(state))
                break
            except StateUnusable:
                if not dying or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)
        yield holder, stack.enter_context(bound(port, host=host))


@contextmanager
def bound(port: int, *, host: str = HOST) -> Iterator[socket.socket]:
    """Open a socket on a port of this machine; 0 takes a free port. `host` is an IP address.

    AddressInUse if the port is taken; NotFoundHere if the machine does not have the address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except PermissionError:
            raise AddressInUse(
                f"Port {port} is reserved for the administrator.",
                "Choose a port above 1023: --port 8000.",
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise NotFoundHere(f"This machine has no address {host}.", _ADDRESSES) from None
            instead = f"Stop that program, or choose another port: --port {port + 1 if port < 65535 else 8000}."
            raise AddressInUse(
                f"Port {port} of {host} cannot be used: {error.strerror}.", instead
            ) from None
        yield listener


def _owner_is_gone(state: StateFolder) -> bool:
    """True if the process in the lock file has ended. Its child may still hold the lock for a
    moment."""
    try:
        os.kill(int(state.lock.read_text(encoding="ascii")), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False
    return False
