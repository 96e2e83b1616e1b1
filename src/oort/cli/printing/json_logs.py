"""The JSON log of `oort dev --log json`: a line each, with the same fields as the logs on AWS."""

import logging
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from oort.cli.printing.logs import Answered, Log, Writer
from oort.model import names
from oort.rules import identifiers
from oort.runtime import redaction
from oort.runtime.environments import broken_record, log_line

if TYPE_CHECKING:
    from oort.model.invocations import DeliveryReport


_NAMES = frozenset(
    {"trace", "service", "function", "message_id", "event", "service_version"}
)  # no text of a handler

_encoder = msgspec.json.Encoder()


class JsonLog(Log):
    """See `Log`. No colours, and no text is shortened or left out."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer, colours=False)
        self._utc = (0, "")  # a second and its text
        writer.dropped = _dropped

    def _accessed(self, answered: Answered) -> str:
        """Return the line of a request, without the query, which may hold private data."""
        level = "ERROR" if answered.status >= 500 else "INFO"
        message = f"{answered.method} {answered.path}"
        whose = _whose(answered.function) if answered.function else {}
        if (
            not answered.error and not redaction.KNOWN.knows
        ):  # as `log_line` writes it, with less work
            now, second = answered.now, self._utc
            if second[0] != int(now):
                moment = datetime.fromtimestamp(int(now), UTC)
                second = self._utc = (int(now), f"{moment:%Y-%m-%dT%H:%M:%S}")
            line = {
                "time": f"{second[1]}.{int(now % 1 * 1000):03}Z",
                "level": level,
                "message": message,
                "status": answered.status,
                "Duration": _milliseconds(answered.took),
            }
            if answered.trace:
                line["trace"] = answered.trace
            if answered.version:
                line["service_version"] = answered.version
            with suppress(ValueError):  # a text that UTF-8 cannot have
                return _encoder.encode(line | whose).decode()
        return _made(
            datetime.fromtimestamp(answered.now, UTC),
            level,
            message,
            status=answered.status,
            Duration=_milliseconds(answered.took),
            trace=answered.trace,
            **whose,
            traceback=answered.error,
            repeated=answered.missed or "",
            service_version=answered.version,
        )

    def delivery(self, report: "DeliveryReport") -> None:
        """Log a delivery and its outcome."""
        message, failure = report.delivery.message, report.failure
        level, sentence = _sentence(report)
        self._line(
            level,
            sentence,
            Duration=_milliseconds(report.duration),
            trace=(identifiers.parent_of(message.traceparent) or ("", ""))[0],
            **_whose(report.function),
            message_id=message.id,
            attempt=report.delivery.attempt,
            traceback="" if failure is None else failure.traceback,
            **_why_parked(report),
            service_version=report.version,
        )

    def failed(self, error: Exception) -> None:
        """Log an error of the engine itself, which tries again; a repeated error once in a while."""
        missed = self._seldom.missed(f"{type(error)} {error}", now=datetime.now(UTC))
        if missed is not None:
            below = "".join(traceback.format_exception(error))
            self._line("ERROR", str(error), logger="oort", repeated=missed or "", traceback=below)

    def say(self, text: str, *, below: str = "") -> None:
        """Log a message of the platform."""
        self._line("INFO", text, logger="oort", traceback=below)

    def written(self, text: str, *, version: str = "") -> None:
        """See `Log`. A worker has written whole objects, one in each line."""
        if version:
            member = f',"service_version":{_encoder.encode(version).decode()}}}'
            text = "\n".join(
                line[:-1] + member if line.endswith("}") else line for line in text.split("\n")
            )
        super().written(text)

    def printed(self, text: str) -> None:
        """Log the output of a handler."""
        self._line("INFO", text, logger="print")

    def record(self, record: logging.LogRecord) -> None:
        """Log a record of `logging`."""
        failed = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._line(record.levelname, record.getMessage(), logger=record.name, traceback=failed)

    def broken(self, record: logging.LogRecord, error: Exception) -> None:
        """Log that a record cannot be formatted."""
        line = broken_record(record.name, record.msg, error)
        self._line("ERROR", line, logger=record.name)

    def _line(self, level: str, message: str, **fields: object) -> None:
        self._writer.write(_made(datetime.now(UTC), level, message, **fields))


class JsonServiceLogs(logging.Handler):
    """Log records from services and libraries, from INFO upwards."""

    def __init__(self, log: JsonLog) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record."""
        try:
            self._log.record(record)
        except Exception as error:
            self._log.broken(record, error)


def _made(now: datetime, level: str, message: str, **fields: object) -> str:
    names = {name: value for name, value in fields.items() if name in _NAMES}
    texts = {name: value for name, value in fields.items() if name not in _NAMES}
    return log_line(level, message, now=now, fields=texts, names=names)


def _dropped(number: int) -> str:
    text = "Log entries were dropped: nobody read the log in time."
    return _made(datetime.now(UTC), "WARNING", text, logger="oort", dropped=number)


def _sentence(report: "DeliveryReport") -> tuple[str, str]:
    """Return the level and the sentence for a delivery."""
    if report.parked is not None:  # the first of its event and version is what alarms stand on
        return "ERROR" if report.alarm else "INFO", f"parked: {report.parked.detail}"
    if report.failure is None:
        return "INFO", "delivered"
    end = "dead letter" if report.retry is None else "retry"
    return (
        "ERROR" if report.retry is None else "WARNING",
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
