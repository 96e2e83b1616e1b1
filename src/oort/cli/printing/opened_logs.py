"""Open the log of a running platform on stdout, as text or as JSON."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import TextIOWrapper

from oort.cli.printing import output
from oort.cli.printing.logs import HandedOver, LineWriter, Log, ServiceLogs, Writer

# The time that the end of a process waits for a reader of its log.
PATIENCE = timedelta(seconds=2)


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


def of_worker(form: str) -> Callable[[Callable[[str], None]], None]:
    """Return what sets up the log of a worker: its lines go to the log of the platform."""
    colours = output.coloured(sys.stdout)

    def prepare(write: Callable[[str], None]) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        _, handler = _lines(HandedOver(write), form, colours=colours)
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
