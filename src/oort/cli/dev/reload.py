"""Reload: keeps one child serving and replaces it when the project's files change. `oort dev` runs it.

A new child loads the program beside the one that serves. Only when it found no mistake does the old one finish what runs
and end; the port and the state's lock are the supervisor's, so connections that come in meanwhile wait.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Generic, Protocol, TypeVar

from oort.cli.dev.reload_children import END, Loaded, Message

LOOK = timedelta(milliseconds=250)
_GOES_ON = "The program as it was goes on. Mend the mistakes, and it is reloaded."
_WAITING = "Nothing is served until the program is mended; requests wait."


class Process(Protocol):
    """What the supervisor needs of a child; see `reload_children.Child`."""

    code: int | None

    def hear(self) -> list[Message]:
        """What it has said since."""
        ...

    def serve(self) -> None:
        """Begin."""
        ...

    def hand_over(self) -> None:
        """Finish what runs and end."""
        ...

    def stop(self) -> None:
        """End gracefully; the second time, at once."""
        ...

    def kill(self) -> None:
        """End now."""
        ...


class Watched(Protocol):
    """What the supervisor needs to know of the files; see `reload_files.Files`."""

    def also(self, files: Sequence[str]) -> None:
        """Look at these, too."""
        ...

    def changed(self) -> str:
        """A file that changed since, or nothing."""
        ...


P = TypeVar("P", bound=Process)


class Reloader(Generic[P]):
    """`launch` starts a child; it is given the file that changed, or nothing for the first one. `wait` waits for news."""

    def __init__(
        self,
        files: Watched,
        *,
        launch: Callable[[str, Sequence[P]], P],
        wait: Callable[[Sequence[P]], None],
        say: Callable[[str], None],
    ) -> None:
        self._files = files
        self._launch = launch
        self._wait = wait
        self._say = say
        self._serving: P | None = None
        self._next: P | None = None
        self._ready = False  # the child that serves has answered, or could have
        self._reloaded = False
        self._handing_over = False
        self._stopping = False

    def run(self) -> int:
        """Serve until a signal, or until the first program turns out to be wrong; the exit code."""
        with self._signals():
            self._start("")
            while True:
                self._wait(self._children())
                code = self._news()
                if code is not None:
                    return code
                if (
                    not self._handing_over
                    and not self._stopping
                    and (file := self._files.changed())
                ):
                    self._replace(file)

    def stop(self) -> None:
        """End the children gracefully; a second time, at once."""
        self._stopping = True
        for child in self._children():
            child.stop()

    def _children(self) -> list[P]:
        return [child for child in (self._serving, self._next) if child is not None]

    def _start(self, file: str) -> None:
        self._next = self._launch(file, self._children())
        if self._stopping:  # the signal came before the child was known
            self._next.stop()

    def _replace(self, file: str) -> None:
        if self._next is not None:  # it loads what has changed again
            self._next.kill()
            self._next = None
        self._reloaded = True
        self._start(file)

    def _news(self) -> int | None:
        """Act on what the children have said and done; the exit code if that is the end."""
        for child in self._children():
            for message in child.hear():
                self._told(child, message)
        if self._next is not None and self._next.code is not None:
            code, self._next = self._next.code, None
            if self._serving is None and not self._reloaded:
                return self._final(code)
            if not self._stopping:
                self._say(_GOES_ON if self._serving else _WAITING)
        if self._serving is not None and self._serving.code is not None:
            code, self._serving = self._serving.code, None
            return self._after(code)
        return 0 if self._stopping and not self._children() else None

    def _told(self, child: P, message: Message) -> None:
        if not isinstance(message, Loaded):
            self._ready = True
            return
        self._files.also(message.files)
        if (
            child is self._serving
        ):  # its turn came before it had loaded: the one before had ended by itself
            return
        if self._serving is None:
            self._promote()
        elif self._ready:
            self._handing_over = True
            self._serving.hand_over()
        else:  # it has not served anybody yet
            self._serving.kill()

    def _promote(self) -> None:
        self._serving, self._next = self._next, None
        self._ready = False
        if self._serving is None:  # it was ended while it waited
            self._say(_WAITING)
        else:
            self._serving.serve()

    def _after(self, code: int) -> int | None:
        """What follows the end of the child that served; the exit code if that is the end."""
        if self._stopping:
            if self._next is not None:
                self._next.kill()
            return self._final(code)
        if self._handing_over or self._next is not None:
            self._handing_over = False
            self._promote()
            return None
        if self._reloaded and not self._ready:  # it loads, and cannot start: the reason is printed
            self._say(_WAITING)
            return None
        if code < 0:
            self._say(
                f"The platform was ended by {signal.Signals(-code).name}. Nothing acknowledged is lost."
            )
        return self._final(code)

    def _final(self, code: int) -> int:
        if self._stopping and code in (-END, -signal.SIGTERM):  # it did not serve yet
            return 0
        return code if code >= 0 else 1

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_sig: int, _frame: FrameType | None) -> None:
            self.stop()

        before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
