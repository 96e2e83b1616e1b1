"""The log of a Lambda function: JSON lines with the trace, from which CloudWatch
reads fields and metrics.

The line that ends an invocation carries its metrics in the embedded metric format, so no request to
CloudWatch is needed. The log format of the function stays `Text`: with `JSON`, Lambda would wrap
each line in another object.
"""

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from oort.rules.cloud.deployed import Metrics
from oort.runtime.environments import broken_record, log_line

if TYPE_CHECKING:
    import logging

    from oort.ports.clock import Clock

_STDERR = 2  # Lambda collects it too

Field = str | int | float | bool | None

# A custom metric costs by month and by combination of dimensions. So the function is no dimension,
# but the field `function`.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
_DIMENSIONS = [list(Metrics.DIMENSIONS)]
_METRICS = [
    {"Name": Metrics.ERRORS, "Unit": "Count"},
    {"Name": Metrics.DURATION, "Unit": "Milliseconds"},
]
_RANG = {"Name": Metrics.NEWLY_PARKED, "Unit": "Count"}


class JsonLog:
    """The log of a function.

    `always` holds fields of every line; `trace` is the trace of the running invocation.
    """

    def __init__(
        self, always: Mapping[str, Field], *, clock: "Clock", stream: TextIO | None = None
    ) -> None:
        self._always = dict(always)
        self._clock = clock
        self._stream = stream
        self.trace = ""

    def write(self, level: str, message: str, **fields: Field) -> None:
        """Write a line. Empty fields are left out."""
        self._put(level, message, fields, {})

    def invocation(
        self, message: str, *, failed: int, milliseconds: float, rang: int = 0, **fields: Field
    ) -> None:
        """Write the line that ends an invocation, with its metrics.

        The metric of newly parked messages is written only if there are any.
        """
        now = int(self._clock.now().timestamp() * 1000)
        metrics = [*_METRICS, *([_RANG] if rang else [])]
        directive = {"Namespace": Metrics.NAMESPACE, "Dimensions": _DIMENSIONS, "Metrics": metrics}
        numbers = {
            **({Metrics.NEWLY_PARKED: rang} if rang else {}),
            Metrics.ERRORS: failed,
            Metrics.DURATION: round(milliseconds, 3),
            "_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]},
        }
        self._put("ERROR" if failed else "INFO", message, fields, numbers)

    def capture(self) -> None:
        """Write records of `logging` from INFO upwards to this log."""
        import logging  # Lambda's own bootstrap has loaded it already

        root = logging.getLogger()
        root.handlers[:] = [_handler(self)]
        root.setLevel(logging.INFO)
        # At INFO, botocore logs where it found credentials and endpoints.
        logging.getLogger("botocore").setLevel(logging.WARNING)

    def record(self, record: "logging.LogRecord") -> None:
        """Write a record of `logging`."""
        failed = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.write(record.levelname, record.getMessage(), logger=record.name, traceback=failed)

    def _put(
        self,
        level: str,
        message: str,
        fields: Mapping[str, object],
        numbers: Mapping[str, object],
    ) -> None:
        names = {**numbers, **self._always, "trace": self.trace}
        line = log_line(level, message, now=self._clock.now(), fields=fields, names=names)
        stream = sys.stdout if self._stream is None else self._stream
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):  # a handler has closed or replaced it
            with suppress(OSError):
                os.write(_STDERR, f"{line}\n".encode())


def _handler(log: JsonLog) -> "logging.Handler":
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                log.record(record)
            except Exception as error:  # such a record must not fail the invocation
                log.write("ERROR", broken_record(record.name, record.msg, error))

    return Handler(logging.INFO)
