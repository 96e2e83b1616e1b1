"""The log of a running platform as JSON, a line each: `oort dev --log json`. The fields are those that functions write on AWS."""

import logging
import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oort.cli.printing.logs import LineWriter, Log
from oort.model import names
from oort.rules import identifiers
from oort.runtime import records

if TYPE_CHECKING:
    from oort.model.http import HttpReply, HttpRequest
    from oort.model.reports import DeliveryReport


class JsonLog(Log):
    """See `Log`. Nothing is coloured, shortened or left out."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__(writer, colours=False)

    def access(self, request: "HttpRequest", reply: "HttpReply", took: timedelta) -> None:
        """One request and its reply. The path stands there, the query does not: it may hold what is nobody's business."""
        self._line(
            "ERROR" if reply.status >= 500 else "INFO",
            f"{request.method} {request.path}",
            status=reply.status,
            Duration=_milliseconds(took),
            trace=reply.trace,
            **_whose(reply.function),
            traceback=reply.error,
        )

    def delivery(self, report: "DeliveryReport") -> None:
        """One delivery and what became of it."""
        message, failure = report.delivery.message, report.failure
        level, told = _told(report)
        self._line(
            level,
            told,
            Duration=_milliseconds(report.duration),
            trace=(identifiers.parent_of(message.traceparent) or ("", ""))[0],
            **_whose(report.function),
            message_id=message.id,
            attempt=report.delivery.attempt,
            traceback="" if failure is None else failure.traceback,
            **_why_parked(report),
        )

    def failed(self, error: Exception) -> None:
        """The engine itself could not do something; it tries again."""
        self._line(
            "ERROR", str(error), logger="oort", traceback="".join(traceback.format_exception(error))
        )

    def say(self, text: str, *, below: str = "") -> None:
        """What the platform says of itself."""
        self._line("INFO", text, logger="oort", traceback=below)

    def record(self, record: logging.LogRecord) -> None:
        """One record of `logging`."""
        failed = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._line(record.levelname, record.getMessage(), logger=record.name, traceback=failed)

    def _line(self, level: str, message: str, **fields: object) -> None:
        self._writer.write(records.line(level, message, now=datetime.now(UTC), fields=fields))


class JsonServiceLogs(logging.Handler):
    """Writes what services and libraries log by `logging`, from INFO upwards, in the same form."""

    def __init__(self, log: JsonLog) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        try:
            self._log.record(record)
        except Exception:
            self.handleError(record)


def _told(report: "DeliveryReport") -> tuple[str, str]:
    """The level and the sentence for a delivery."""
    if report.parked is not None:  # the first of its event and version is what alarms stand on
        return "ERROR" if report.alarm else "INFO", f"parked: {report.parked.detail}"
    if report.failure is None:
        return "INFO", "delivered"
    end = "dead letter" if report.retry is None else "retry"
    return (
        "ERROR",
        f"{report.failure.error} ({end}, attempt {report.delivery.attempt} of {report.attempts})",
    )


def _why_parked(report: "DeliveryReport") -> dict[str, object]:
    if report.parked is None:
        return {}
    message = report.delivery.message
    return {"event": message.name, "version": message.version, "reason": report.parked.reason.value}


def _whose(function: str) -> dict[str, str]:
    return {"service": names.owner(function), "function": function}


def _milliseconds(time: timedelta) -> float:
    return round(time.total_seconds() * 1000, 3)
