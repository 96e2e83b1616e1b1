"""The line of a request is written in a short way; it is the line that `log_line` writes."""

import io
from datetime import timedelta

import msgspec
import pytest

from oort.cli.printing import logs
from oort.cli.printing.json_logs import JsonLog
from oort.cli.printing.logs import LineWriter
from oort.model.http import HttpReply, HttpRequest
from oort.runtime import redaction

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Clock:
    """A time that stands still."""

    def time(self) -> float:
        """Unix seconds."""
        return 1_767_225_600.0426


def _line(path: str, reply: HttpReply) -> str:
    stream = io.StringIO()
    writer = LineWriter(stream)
    JsonLog(writer).access(HttpRequest("GET", path), reply, timedelta(microseconds=1234))
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("path", ["/a", '/"\n\x1b', "/å", "/\ud800"])
@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(200, (), b"", TRACE, "shop.place"),
        HttpReply(404, (), b"", TRACE),
        HttpReply(503, (), b"", ""),
        HttpReply(500, (), b"", TRACE, "shop.place", "Traceback"),
    ],
)
def test_the_short_way_writes_the_same_line(
    path: str, reply: HttpReply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "time", Clock())
    short = _line(path, reply)
    known = redaction.Redactor()
    known.remember("a.secret", "never in a line")
    monkeypatch.setattr(redaction, "KNOWN", known)
    assert short == _line(path, reply)
    assert short.count("\n") == 1
    assert msgspec.json.decode(short)["time"] == "2026-01-01T00:00:00.042Z"
