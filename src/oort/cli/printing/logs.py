"""The text log of a running platform: a line for each request and delivery, and records of
services.

Each traceback appears once. A thread writes the lines several times a second, so a slow terminal
never delays a request.
"""

import logging
import re
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, TypeAlias

import msgspec

import oort
from oort.cli.printing import output
from oort.model.errors import OortError
from oort.rules import identifiers
from oort.runtime import redaction
from oort.runtime.environments import broken_record
from oort.runtime.seldom import Seldom

if TYPE_CHECKING:
    from oort.model.http import HttpReply, HttpRequest
    from oort.model.invocations import DeliveryReport

# A line, or what makes it: the thread calls it when it writes.
Line: TypeAlias = "str | Callable[[], str]"

_GATHER = 0.03  # seconds: short enough that nobody sees it, long enough that a busy platform writes many lines at once
_PAUSE_OF_REFUSALS = timedelta(seconds=1)  # between two requests that failed for the same reason
_PAUSE = timedelta(seconds=30)  # between two lines about the same error of the engine
# The most texts and characters that wait for a reader. Above, the oldest texts are dropped.
_KEPT = 20_000
_UNMADE = 300  # characters, about, of a line that is not made yet
_KEPT_CHARACTERS = 16 * 1024 * 1024
_REMEMBERED = 1_000  # failures whose traceback was shown
_UNAVAILABLE = 503  # with a traceback: the state or the target cannot be used now
_TRACE = 8  # characters of a trace's id; `oort trace` takes a beginning
_INDENT = " " * 14
_PARKED = "The message is kept and not tried again: see `oort events parked`. A consumer that can read it will get it."
_RUNTIME = str(Path(oort.__file__).parent / "runtime")
# A frame of a traceback: its place, then the lines that are indented deeper.
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line \d+.*\n(?:    .*\n)*', re.MULTILINE)


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The facts that the line of a request shows."""

    now: float
    method: str
    path: str
    status: int
    took: timedelta
    trace: str
    function: str
    error: str
    version: str = ""
    missed: int = 0  # requests before that failed for the same reason, without a line


class LineWriter:
    """Write lines to a stream from a thread. `close` writes the remaining lines.

    If nobody reads the stream, the oldest lines are dropped. `dropped` makes the line about their
    number, which is written in their place.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        kept: int = _KEPT,
        characters: int = _KEPT_CHARACTERS,
    ) -> None:
        self.dropped: Callable[[int], str] = _dropped
        self._stream = stream
        self._most = (kept, characters)
        self._lines: deque[Line] = deque()
        self._characters = self._missing = 0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._is_woken = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, line: Line) -> None:
        """Add one or more complete lines, without blocking.

        The thread makes a line that is not made yet. Until then such a line should hold little memory.
        """
        lines, characters = self._most
        with self._lock:
            self._lines.append(line)
            self._characters += len(line) if isinstance(line, str) else _UNMADE
            while self._characters > characters or len(self._lines) > lines:
                self._characters -= _size(self._lines.popleft())
                self._missing += 1
        if not self._is_woken:
            self._is_woken = True
            self._woken.set()

    def close(self, *, within: timedelta | None = None) -> bool:
        """Write the remaining lines, and end. False if nobody reads them in time."""
        self._closing.set()
        self._woken.set()
        self._thread.join(None if within is None else within.total_seconds())
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.wait()
            self._closing.wait(_GATHER)
            self._woken.clear()
            self._is_woken = (
                False  # before the lines are taken: a later line wakes the thread again
            )
            self._drain()
        self._drain()

    def _drain(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, deque()
            missing, self._characters, self._missing = self._missing, 0, 0
        if missing:
            lines.appendleft(self.dropped(missing))
        if not lines:
            return
        texts = [line if isinstance(line, str) else _made(line) for line in lines]
        try:
            self._stream.write("\n".join(texts) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._closing.set()  # the reader has gone; the platform continues without a log


class Writer(Protocol):
    """Takes complete lines. `dropped` makes the line about lines that were dropped."""

    dropped: Callable[[int], str]

    def write(self, line: Line) -> None:
        """Add one or more lines."""


class HandedOver:
    """A writer that gives the lines to a function at once."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self.dropped: Callable[[int], str] = _dropped
        self._take = take

    def write(self, line: Line) -> None:
        """See `Writer`."""
        self._take(line if isinstance(line, str) else _made(line))


class Log:
    """The output of a platform while it runs."""

    def __init__(self, writer: Writer, *, colours: bool) -> None:
        self._writer = writer
        self._colours = colours
        self._second = (0, "")
        self._statuses: dict[int, str] = {}
        self._shown: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._lock = threading.Lock()
        self._seldom = Seldom(_PAUSE)
        self._refusals = Seldom(_PAUSE_OF_REFUSALS)

    def access(self, request: "HttpRequest", reply: "HttpReply", took: timedelta) -> None:
        """Log a request and its reply, with the traceback of a failed handler.

        The query is left out: it may hold tokens and private data. Requests that fail for the same
        reason of the engine, such as a full disk, get a line a second.
        """
        missed = self._missed(reply) if reply.status == _UNAVAILABLE else 0
        if missed is None:
            return
        # Not the request and the reply themselves: they hold bodies, and the line may wait.
        answered = Answered(
            time.time(), request.method, request.path, reply.status, took,
            reply.trace, reply.function, reply.error, reply.version, missed,
        )  # fmt: skip
        self._writer.write(partial(self._accessed, answered))

    def _missed(self, reply: "HttpReply") -> int | None:
        """Return the number of equal refusals without a line; None if this gets no line either."""
        if not reply.error:
            return 0
        reason = reply.error.rstrip().rpartition("\n")[2]
        return self._refusals.missed(reason, now=datetime.now(UTC))

    def delivery(self, report: "DeliveryReport") -> None:
        """Log a delivery and its outcome.

        The traceback appears for the first failure of its kind. The first parked message of an
        event and
        version comes with advice.
        """
        message, failure = report.delivery.message, report.failure
        trace = (identifiers.parent_of(message.traceparent) or ("", ""))[0]
        waited = timedelta(
            seconds=max(0.0, time.time() - message.sent - report.duration.total_seconds())
        )
        parts = [_took(report.duration), self._short(trace), f"waited {output.duration(waited)}"]
        below = ""
        if failure is not None:
            parts.append(output.preview(failure.error, width=200))
            if self._is_new(report.function, message.id, failure.error):
                below = self._traceback(failure.traceback, trace=trace)
        elif report.parked is not None:
            parts.append(output.preview(report.parked.detail, width=200))
            if report.alarm:
                below = self._paint(f"{_INDENT}{_PARKED}", "red")
        line = _line("deliver", report.function, self._outcome(report), *parts)
        self.say(f"{line}{self._version(report.version)}", below=below)

    def failed(self, error: Exception) -> None:
        """Log an error of the engine itself, which tries again; a repeated error once in a while."""
        missed = self._seldom.missed(f"{type(error)} {error}", now=datetime.now(UTC))
        if missed is None:
            return
        more = f" ({output.counted(missed, 'repetition')} not shown)" if missed else ""
        head = self._paint("engine", "red")
        if isinstance(error, OortError):
            self.say(f"{head}  {output.shortened(str(error))}{more}")
        else:
            below = self._traceback("".join(traceback.format_exception(error)), trace="")
            what = f"{type(error).__name__}: {output.one_line(str(error))}"
            self.say(f"{head}  {what}{more}", below=below)

    def say(self, text: str, *, below: str = "") -> None:
        """Log a line, with further lines below."""
        line = f"{self._time()}  {text}"
        self._writer.write(redaction.text(f"{line}\n{below}" if below else line))

    def written(self, text: str, *, version: str = "") -> None:
        """Log lines that a worker process has written, with the version if several are live."""
        self._writer.write(redaction.text(f"{text}{self._version(version)}"))

    def printed(self, text: str) -> None:
        """Log the output of a handler unchanged: this is text for a person."""
        self._writer.write(redaction.text(text))

    def _accessed(self, answered: Answered) -> str:
        """Return the line of a request. The writer's thread makes thousands of them a second."""
        now, path, status = answered.now, answered.path, answered.status
        number = self._statuses.get(status)
        if number is None:
            number = self._paint(str(status), _status_colour(status))
            self._statuses[status] = number
        seconds, second = answered.took.total_seconds(), self._second
        took = (
            f"{seconds * 1e3:.1f} ms" if 0.0005 <= seconds < 1 else output.duration(answered.took)
        )
        what = path if path.isprintable() and path[:1] == "/" else output.one_line(path)
        moment = second[1] if second[0] == int(now) else self._clock(now)
        moment, trace = f"{moment}.{int(now % 1 * 1000):03}", answered.trace[:_TRACE]
        if self._colours:
            moment, trace = self._paint(moment, "dim"), self._paint(trace, "dim")
        line = f"{moment}  {answered.method:<7} {what:<34} → {number}  {took:>8}"
        for part in (trace, answered.function):
            if part:
                line = f"{line}  {part}"
        if answered.version:
            line = f"{line}{self._version(answered.version)}"
        if answered.missed:
            line = f"{line}  ({answered.missed:,} more failed like this)"
        if answered.error:
            line = f"{line}\n{self._traceback(answered.error, trace=answered.trace)}"
        return redaction.text(line) if redaction.KNOWN.knows else line

    def _outcome(self, report: "DeliveryReport") -> str:
        if report.parked is not None:
            return self._paint(
                f"parked: {report.parked.reason}", "red" if report.alarm else "yellow"
            )
        if report.failure is None:
            return self._paint("ok ", "green")  # as wide as a status
        if report.retry is None:
            return self._paint("dead letter", "red")
        again = f"retry in {_rounded(report.retry)} (attempt {report.delivery.attempt} of {report.attempts})"
        return self._paint(again, "yellow")

    def _traceback(self, text: str, *, trace: str) -> str:
        if not text:
            return ""
        lines = [*readable(text).splitlines(), *([f"trace {trace}"] if trace else [])]
        return self._paint("\n".join(f"{_INDENT}{line}".rstrip() for line in lines), "red")

    def _version(self, version: str) -> str:
        """Return the version for the end of a line; "" while one version is live."""
        return f"  {self._paint(f'[{version}]', 'dim')}" if version else ""

    def _short(self, trace: str) -> str:
        return self._paint(trace[:_TRACE], "dim")

    def _is_new(self, function: str, message: str, error: str) -> bool:
        key = (function, message, error)
        with self._lock:
            if key in self._shown:
                return False
            self._shown[key] = None
            if len(self._shown) > _REMEMBERED:
                self._shown.popitem(last=False)
            return True

    def _paint(self, text: str, style: str) -> str:
        return output.paint(text, style, on=self._colours)

    def _time(self) -> str:
        """Return the time to the millisecond. The time zone is read once a second, since that is
        slow."""
        now = time.time()
        return self._paint(f"{self._clock(now)}.{int(now % 1 * 1000):03}", "dim")

    def _clock(self, now: float) -> str:
        second, text = self._second
        if second != int(now):
            text = f"{datetime.fromtimestamp(now).astimezone():%H:%M:%S}"
            self._second = (int(now), text)
        return text


class ServiceLogs(logging.Handler):
    """Log records from services and libraries, from INFO upwards."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log
        self.setFormatter(logging.Formatter("%(levelname)s  %(name)s  %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record, with its traceback on the next lines."""
        try:
            line = self.format(record)
        except Exception as error:
            line = broken_record(record.name, record.msg, error)
        self._log.say(line)


@contextmanager
def shown_records() -> Iterator[None]:
    """Print the log records of handlers on stderr, from WARNING upwards, without secret values."""
    handler = CommandLogs()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class CommandLogs(logging.StreamHandler[TextIO]):
    """Log records of a command that runs a handler once."""

    def __init__(self) -> None:
        super().__init__()
        self.setLevel(logging.WARNING)

    def format(self, record: logging.LogRecord) -> str:
        """Return the message of the record, with its traceback on the next lines."""
        try:
            return redaction.text(super().format(record))
        except Exception as error:
            return broken_record(record.name, record.msg, error)


def readable(text: str) -> str:
    """Remove frames of the runtime from a traceback, and shorten paths in the current folder."""
    frames = _FRAME.sub(lambda frame: "" if frame["file"].startswith(_RUNTIME) else frame[0], text)
    return output.shortened(frames)


def _made(line: Callable[[], str]) -> str:
    try:
        return line()
    except (
        Exception
    ) as error:  # a line that cannot be made costs neither the thread nor other lines
        return f"A line of the log cannot be made: {error!r}"


def _size(line: Line) -> int:
    """Return the characters of a line; about as many if it is not made yet."""
    return len(line) if isinstance(line, str) else _UNMADE


def _dropped(number: int) -> str:
    return f"Entries of the log were dropped, {number:,} of them: nobody read the log in time."


def _line(verb: str, what: str, outcome: str, *parts: str) -> str:
    return f"{verb:<7} {output.one_line(what):<34} → {outcome}  {'  '.join(part for part in parts if part)}"


def _took(time: timedelta) -> str:
    return f"{output.duration(time):>8}"


def _status_colour(status: int) -> str:
    if status < 400:
        return "green"
    return "yellow" if status < 500 else "red"


def _rounded(time: timedelta) -> str:
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    return output.duration(time)
