"""Questions and orders to a running platform, over a socket in its state folder.

Only the owner of the folder can reach the socket. A message is a line of JSON, and so is its answer.
"""

import asyncio
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import msgspec

from oort.engine.versions.live import LiveVersions, VersionState
from oort.model.errors import InvalidUse, NotFoundHere, OortError, StateUnusable

__all__ = ["VersionState"]  # commands print it

FILE = "admin.sock"
_LONGEST = 64 * 1024  # bytes of a line
_READING = 5.0  # seconds for a line to arrive
_PATIENCE = 180.0  # seconds for an answer: a version is loaded, or its last invocations finish
_ERRORS: dict[str, type[OortError]] = {
    kind.code: kind for kind in (InvalidUse, NotFoundHere, StateUnusable)
}


class ShowVersions(msgspec.Struct, frozen=True, tag=True):
    """Ask for the live versions."""


class AddVersion(msgspec.Struct, frozen=True, tag=True):
    """Load a version and give it a share, in percent."""

    name: str
    folder: str
    share: int
    services: tuple[str, ...]


class ShareVersion(msgspec.Struct, frozen=True, tag=True):
    """Give a version another share, in percent."""

    name: str
    share: int
    services: tuple[str, ...]


class RemoveVersion(msgspec.Struct, frozen=True, tag=True):
    """End a version."""

    name: str


Order: TypeAlias = ShowVersions | AddVersion | ShareVersion | RemoveVersion


class Done(msgspec.Struct, frozen=True, tag=True):
    """The live versions after the order."""

    versions: tuple[VersionState, ...]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The error that an order ended with. Nothing has changed."""

    code: str
    what: str
    instead: str


Answer: TypeAlias = Done | Refused

_orders = msgspec.json.Decoder(Order)
_answers = msgspec.json.Decoder(Answer)


class Admin:
    """The platform's end of the socket. `begin` and `end` are called by the event loop."""

    def __init__(self, state: Path, versions: LiveVersions) -> None:
        self._file = state / FILE
        self._versions = versions
        self._listener: socket.socket | None = None
        self._server: asyncio.Task[asyncio.Server] | None = None

    def begin(self) -> None:
        """Accept orders from now on. StateUnusable if the folder cannot have a socket."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(self._file.lstat().st_mode):  # of a platform that was killed
                    self._file.unlink()
            with _short(self._file) as path:
                listener.bind(path)
            self._file.chmod(0o600)
            listener.listen()
        except OSError as error:
            listener.close()
            raise StateUnusable(f"{self._file} cannot be made: {error.strerror}.") from error
        listener.settimeout(0)
        self._listener = listener
        loop = asyncio.get_running_loop()
        self._server = loop.create_task(
            asyncio.start_server(self._converse, sock=listener, limit=_LONGEST)
        )

    def end(self) -> None:
        """Accept no other orders. From any thread."""
        if self._listener is not None:
            self._listener = None
            self._file.unlink(missing_ok=True)
            assert self._server is not None
            self._server.get_loop().call_soon_threadsafe(self._close)

    def _close(self) -> None:
        if self._server is not None and self._server.done():
            self._server.result().close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):
            line = await asyncio.wait_for(reader.readline(), _READING)
            answer = await asyncio.wrap_future(_in_thread(lambda: self.obey(line)))
            writer.write(msgspec.json.encode(answer) + b"\n")
            await writer.drain()
        writer.close()

    def obey(self, line: bytes) -> Answer:
        """Carry out an order, and return the answer."""
        try:
            self._carry_out(_orders.decode(line))
            return Done(tuple(self._versions.states()))
        except msgspec.DecodeError as error:
            return Refused(InvalidUse.code, f"The order is not understood: {error}.", "")
        except OortError as error:
            return Refused(error.code, error.what, error.instead)

    def _carry_out(self, order: Order) -> None:
        match order:
            case ShowVersions():
                pass
            case AddVersion():
                self._versions.add(
                    order.name, Path(order.folder), share=order.share, services=order.services
                )
            case ShareVersion():
                self._versions.share(order.name, order.share, services=order.services)
            case RemoveVersion():
                self._versions.remove(order.name)


def ask(state: Path, order: Order) -> tuple[VersionState, ...]:
    """Send an order to the running platform, and return its live versions afterwards.

    StateUnusable if no platform runs, or the error of the order.
    """
    file = state / FILE
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            with _short(file) as path:
                connection.connect(path)
            connection.sendall(msgspec.json.encode(order) + b"\n")
            line = connection.makefile("rb").readline()
        except TimeoutError:
            raise StateUnusable(
                f"The platform did not answer within {_PATIENCE:g} s.", "Its log says why."
            ) from None
        except OSError as error:
            raise StateUnusable(
                f"No platform that `oort serve` has started runs on {state} ({error.strerror}).",
                "Start it first: oort serve. If it runs on another folder, add its --state.",
            ) from error
    if not line:
        raise StateUnusable("The platform has ended before it answered.", "Its log says why.")
    answer: Answer = _answers.decode(line)
    if isinstance(answer, Refused):
        raise _ERRORS.get(answer.code, StateUnusable)(answer.what, answer.instead)
    return answer.versions


def _in_thread(work: Callable[[], Answer]) -> "Future[Answer]":
    """Run the work in a thread that does not keep the process at its end."""
    outcome: Future[Answer] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="admin", daemon=True).start()
    return outcome


@contextmanager
def _short(file: Path) -> Iterator[str]:
    """Return a path to the file that is short enough for a socket, on Linux also in a deep folder."""
    if len(os.fsencode(file)) < 100 or not Path("/proc/self/fd").exists():
        yield str(file)
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
