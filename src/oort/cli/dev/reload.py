"""Keep one child process serving, and replace it when the project's files change.

A new child loads the program while the old child serves. If it finds no mistake, the old child
finishes its work and ends. The supervisor owns the port and the lock of the state, so new
connections wait in the meantime.
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Generic, Protocol, TypeVar

from oort.cli.dev.reload_children import END, Loaded, Message
from oort.cli.errors import LOST

LOOK = timedelta(milliseconds=250)
_IGNORED = "{} is written by the program each time it is imported. It does not reload the platform any more."
_GOES_ON = "The old program continues to run. Fix the mistakes, and the new program is loaded."
_WAITING = "The program does not run until its mistakes are fixed; requests wait."


class Process(Protocol):
    """The supervisor's view of a child: `reload_children.Child`."""

    code: int | None

    def hear(self) -> list[Message]:
        """Return the new messages of the child."""
        ...

    def serve(self) -> None:
        """Start to serve."""
        ...

    def hand_over(self) -> None:
        """Finish running work and end."""
        ...

    def stop(self) -> None:
        """End gracefully; the second call ends at once."""
        ...

    def kill(self) -> None:
        """End now."""
        ...


class Watched(Protocol):
    """The supervisor's view of the files: `reload_files.Files`."""

    def also(self, files: Sequence[str]) -> None:
        """Watch these files, too."""
        ...

    def given_up(self, *, begun: int, loaded: int) -> str:
        """Return a file that is ignored from now on, or ""."""
        ...

    def changed(self) -> str:
        """Return a changed file, or ""."""
        ...


P = TypeVar("P", bound=Process)


class Reloader(Generic[P]):
    """Run and replace children.

    `launch` starts a child for a changed file, or for "" the first time. `wait` waits for messages.
    """

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
        self._begun = self._loaded = 0  # the last import of a program, in nanoseconds
        self._handing_over = False
        self._stopping = False

    def run(self) -> int:
        """Serve until a signal, or until the first program fails; return the exit code."""
        with self._signals():
            self._start("")
            while True:
                self._wait(self._children())
                code = self._handle_news()
                if code is not None:
                    return code
                if (
                    not self._handing_over
                    and not self._stopping
                    and (file := self._files.changed())
                ):
                    self._change(file)

    def stop(self) -> None:
        """End the children gracefully; the second call ends them at once."""
        self._stopping = True
        for child in self._children():
            child.stop()

    def _children(self) -> list[P]:
        return [child for child in (self._serving, self._next) if child is not None]

    def _start(self, file: str) -> None:
        self._begun = time.time_ns()
        self._next = self._launch(file, self._children())
        if self._stopping:  # the signal came before the child was known
            self._next.stop()

    def _change(self, file: str) -> None:
        loaded = time.time_ns() if self._next is not None else self._loaded
        if ignored := self._files.given_up(begun=self._begun, loaded=loaded):
            self._say(_IGNORED.format(ignored))
        else:
            self._replace(file)

    def _replace(self, file: str) -> None:
        if self._next is not None:  # it loads what has changed again
            self._next.kill()
            self._next = None
        self._reloaded = True
        self._start(file)

    def _handle_news(self) -> int | None:
        """Handle messages and ends of children. Return the exit code at the end of the platform."""
        for child in self._children():
            for message in child.hear():
                self._handle_message(child, message)
        if (code := self._lost()) is not None:
            return code
        if self._next is not None and self._next.code is not None:
            code, self._next = self._next.code, None
            if self._serving is None and not self._reloaded:
                return self._final(code)
            if not self._stopping:
                self._say(_GOES_ON if self._serving else _WAITING)
        if self._serving is not None and self._serving.code is not None:
            code, self._serving = self._serving.code, None
            return self._handle_end(code)
        return 0 if self._stopping and not self._children() else None

    def _lost(self) -> int | None:
        """End all children if the state of one is gone: no other program can help."""
        children = self._children()
        if all(child.code != LOST for child in children):
            return None
        for child in children:
            if child.code is None:
                child.kill()
        return LOST

    def _handle_message(self, child: P, message: Message) -> None:
        if not isinstance(message, Loaded):
            self._ready = True
            return
        self._files.also(message.files)
        self._loaded = time.time_ns()
        # The older child ended before this child had loaded.
        if child is self._serving:
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

    def _handle_end(self, code: int) -> int | None:
        """Handle the end of the serving child. Return the exit code at the end of the platform."""
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
                f"The platform was stopped by {signal.Signals(-code).name}. Acknowledged work is not lost."
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

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
