"""Open the log of a running platform on stdout, as text or as JSON."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import TextIOBase

from oort.cli.printing import output
from oort.cli.printing.logs import HandedOver, LineWriter, Log, ServiceLogs, Writer

# The time that the end of a process waits for a reader of its log.
PATIENCE = timedelta(seconds=2)
_LONGEST = 64 * 1024  # characters of a line that is printed in parts


@contextmanager
def opened(form: str) -> Iterator[tuple[Log, LineWriter]]:
    """Open the log. Records from `logging` go to the same log."""
    stream = sys.stdout
    writer = LineWriter(stream)
    log, handler = _lines(writer, form, colours=output.coloured(stream))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log, writer
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        writer.close(within=PATIENCE)


class Printed(TextIOBase):
    """The standard output of a worker: whole lines go to the log, so that they never mix."""

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__()
        self._take = take
        self._rest = ""

    def writable(self) -> bool:
        """See io."""
        return True

    def write(self, text: str, /) -> int:
        """Add text, and give away all whole lines."""
        *lines, self._rest = (self._rest + text).split("\n")
        if lines:
            self._take("\n".join(lines))
        elif len(self._rest) > _LONGEST:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Give away the last line, without its end."""
        if self._rest:
            rest, self._rest = self._rest, ""
            self._take(rest)


def of_worker(form: str) -> Callable[[Callable[[str], None]], None]:
    """Return the function that sets up the log of a worker. The lines go to the log of the platform."""
    colours = output.coloured(sys.stdout)

    def prepare(write: Callable[[str], None]) -> None:
        log, handler = _lines(HandedOver(write), form, colours=colours)
        sys.stdout = Printed(log.printed)
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)

    return prepare


def _lines(writer: Writer, form: str, *, colours: bool) -> tuple[Log, logging.Handler]:
    if form == "json":
        from oort.cli.printing.json_logs import JsonLog, JsonServiceLogs

        structured = JsonLog(writer)
        return structured, JsonServiceLogs(structured)
    log = Log(writer, colours=colours)
    return log, ServiceLogs(log)
