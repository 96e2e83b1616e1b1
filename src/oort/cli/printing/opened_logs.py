"""Open the log of a running platform on stdout, as text or as JSON."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from oort.cli.printing import output
from oort.cli.printing.logs import LineWriter, Log, ServiceLogs

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


def _lines(writer: LineWriter, form: str, *, colours: bool) -> tuple[Log, logging.Handler]:
    if form == "json":
        from oort.cli.printing.json_logs import JsonLog, JsonServiceLogs

        structured = JsonLog(writer)
        return structured, JsonServiceLogs(structured)
    log = Log(writer, colours=colours)
    return log, ServiceLogs(log)
