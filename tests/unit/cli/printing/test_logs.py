"""The lines of a running platform: requests, deliveries, failures, and what services log."""

import io
import json
import logging
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import oort
from oort.cli.printing import logs
from oort.cli.printing.json_logs import JsonLog
from oort.cli.printing.logs import CommandLogs, LineWriter, Log, ServiceLogs, shown_records
from oort.model.errors import StateUnusable
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import DeliveryReport, Failure
from oort.model.messages import Delivery, Message
from oort.runtime import redaction

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@contextmanager
def log(stream: io.StringIO, *, colours: bool = False) -> Iterator[Log]:
    writer = LineWriter(stream)
    try:
        yield Log(writer, colours=colours)
    finally:
        writer.close()


def reply(status: int, *, error: str = "") -> HttpReply:
    return HttpReply(status, (), b"", TRACE, "shop.place", error)


def report(
    *, failure: Failure | None = None, retry: timedelta | None = None, attempt: int = 2
) -> DeliveryReport:
    message = Message(
        id="m", name="shop.placed", body=b"{}", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01"
    )
    delivery = Delivery(message=message, receipt="r", attempt=attempt)
    return DeliveryReport("shop.pack", delivery, 5, failure, retry, timedelta(milliseconds=3))


FAILURE = Failure(receipt="r", error="ValueError: no", traceback="Traceback\nValueError: no\n")


def test_a_request_is_one_line_without_its_query_which_may_hold_a_token() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.access(
            HttpRequest("GET", "/a", "token=secret"), reply(200), timedelta(milliseconds=12.3)
        )
    (line,) = stream.getvalue().splitlines()
    assert line.split()[1:] == ["GET", "/a", "→", "200", "12.3", "ms", TRACE[:8], "shop.place"]


def test_a_handler_that_raised_is_followed_by_its_traceback_and_trace() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.access(
            HttpRequest("GET", "/a"),
            reply(500, error="Traceback\n  File x\nValueError: no\n"),
            timedelta(0),
        )
    lines = [line.strip() for line in stream.getvalue().splitlines()[1:]]
    assert lines == ["Traceback", "File x", "ValueError: no", f"trace {TRACE}"]


def test_deliveries_say_what_became_of_them() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.delivery(report())
        one.delivery(report(failure=FAILURE, retry=timedelta(seconds=2)))
        one.delivery(report(failure=FAILURE, retry=timedelta(minutes=2), attempt=3))
        one.delivery(report(failure=FAILURE, attempt=5))
    text = stream.getvalue()
    lines = [line for line in text.splitlines() if "deliver" in line]
    assert "→ ok " in lines[0]
    assert "→ retry in 2 s (attempt 2 of 5)" in lines[1]
    assert "→ retry in 2 min 0 s (attempt 3 of 5)" in lines[2]
    assert "→ dead letter" in lines[3]
    assert "ValueError: no" in lines[3]
    assert "waited" in lines[0]
    assert text.count("Traceback") == 1


def test_failures_that_were_shown_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_REMEMBERED", 1)
    other = Failure(receipt="r", error="KeyError: 1", traceback="Traceback\nKeyError: 1\n")
    stream = io.StringIO()
    with log(stream) as one:
        for failure in (FAILURE, other, FAILURE):
            one.delivery(report(failure=failure))
    assert stream.getvalue().count("Traceback") == 3


def test_the_engines_own_errors_are_sentences_or_tracebacks() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.failed(StateUnusable("The disk is full.", "Free some space."))
        one.failed(KeyError("x"))
    first, second, third = stream.getvalue().splitlines()
    assert first.endswith("engine  The disk is full. Free some space.")
    assert second.endswith("engine  KeyError: 'x'")
    assert third.strip() == "KeyError: 'x'"


def test_colours_of_statuses() -> None:
    stream = io.StringIO()
    with log(stream, colours=True) as one:
        for status in (200, 404, 500):
            one.access(HttpRequest("GET", "/"), reply(status), timedelta(0))
    assert [
        code
        for code in ("\x1b[32m200", "\x1b[33m404", "\x1b[31m500")
        if code not in stream.getvalue()
    ] == []


def test_what_services_log_is_shown_between() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        handler = ServiceLogs(one)
        handler.handle(logging.LogRecord("shop", logging.WARNING, "", 0, "%s left", ("one",), None))
    assert stream.getvalue().endswith("WARNING  shop  one left\n")


BROKEN = logging.LogRecord("shop", logging.INFO, "", 0, "%d apples", ("sk_live_1234",), None)


def test_a_record_that_cannot_be_formatted_is_a_line_without_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    with log(stream) as lines:
        ServiceLogs(lines).handle(BROKEN)
    assert "A record of the logger shop cannot be formatted" in stream.getvalue()
    assert "%d apples" in stream.getvalue()
    assert "sk_live_1234" not in stream.getvalue() + capsys.readouterr().err


def test_a_command_shows_records_without_secret_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = redaction.Redactor()
    known.remember("shop.key", "sk_live_1234")
    monkeypatch.setattr(redaction, "KNOWN", known)
    logger = logging.getLogger("shop.handlers")
    with shown_records():
        logger.warning("using %s", "sk_live_1234")
        logger.info("not shown")
        try:
            raise ValueError("bad sk_live_1234")
        except ValueError:
            logger.exception("failed")
    assert "sk_live_1234" not in CommandLogs().format(BROKEN)
    err = capsys.readouterr().err
    assert "using ***" in err
    assert "ValueError: bad ***" in err
    assert "sk_live_1234" not in err
    assert "not shown" not in err
    assert not any(isinstance(handler, CommandLogs) for handler in logging.getLogger().handlers)


def test_a_stream_that_is_gone_does_not_stop_the_platform() -> None:
    stream = io.StringIO()
    stream.close()
    writer = LineWriter(stream)
    writer.write("a line")
    writer.close()
    assert not any(thread.name == "log" for thread in threading.enumerate())


def test_frames_of_the_runtime_are_left_out() -> None:
    runtime = Path(oort.__file__).parent / "runtime" / "invoke.py"
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{runtime}", line 1, in request\n    enter()\n    ^^^^^^^\n'
        '  File "/app/orders.py", line 2, in place\n    raise KeyError\nKeyError\n'
    )
    assert logs.readable(text) == (
        'Traceback (most recent call last):\n  File "/app/orders.py", line 2, in place\n    raise KeyError\nKeyError\n'
    )


def test_a_line_that_cannot_be_made_costs_no_other_line() -> None:
    def broken() -> str:
        raise ValueError("no")

    stream = io.StringIO()
    writer = LineWriter(stream)
    for line in ("before", broken, lambda: "after"):
        writer.write(line)
    writer.close()
    assert stream.getvalue().splitlines() == [
        "before",
        "A line of the log cannot be made: ValueError('no')",
        "after",
    ]


def test_a_line_that_waits_holds_no_body() -> None:
    stream, inside, release = io.StringIO(), threading.Event(), threading.Event()
    body = weakref.WeakSet[_Body]()

    def slow() -> str:
        inside.set()
        assert release.wait(10)
        return ""

    writer = LineWriter(stream)
    writer.write(slow)
    assert inside.wait(10)
    large = _Body()
    body.add(large)
    given = HttpReply(200, (), large, TRACE, "shop.place")  # type: ignore[arg-type]
    Log(writer, colours=False).access(HttpRequest("GET", "/a"), given, timedelta(0))
    del given, large
    assert not body
    release.set()
    writer.close()
    assert "GET" in stream.getvalue()


class _Body:
    """A body that a test can look for."""


@pytest.mark.parametrize("path", ["/a\x1b[2J\nforged", "/å\x00"])
def test_a_path_cannot_forge_a_line(path: str) -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.access(HttpRequest("GET", path), reply(200), timedelta(0))
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()


def test_a_traceback_of_a_request_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    known = redaction.Redactor()
    known.remember("billing.key", "sk_live_1234")
    monkeypatch.setattr(redaction, "KNOWN", known)
    stream = io.StringIO()
    with log(stream) as one:
        one.access(
            HttpRequest("GET", "/a"), reply(500, error="ValueError: sk_live_1234\n"), timedelta(0)
        )
    assert "sk_live_1234" not in stream.getvalue()
    assert "ValueError: ***" in stream.getvalue()


class Stuck(io.StringIO):
    """A pipe that nobody reads until `go_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go_on = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.entered.set()
        assert self.go_on.wait(20)
        return super().write(text)


@pytest.mark.parametrize("form", ["text", "json"])
def test_entries_that_nobody_reads_are_dropped_and_counted(form: str) -> None:
    stream = Stuck()
    writer = LineWriter(stream, kept=5, characters=1000)
    if form == "json":
        JsonLog(writer)
    writer.write("first")
    assert stream.entered.wait(20)
    for number in range(10):
        writer.write(f"entry {number}")
    writer.write("x" * 990)  # leaves room for ten characters
    assert not writer.close(within=timedelta(milliseconds=1))
    stream.go_on.set()
    assert writer.close(within=timedelta(seconds=20))
    first, dropped, *rest = stream.getvalue().splitlines()
    assert (first, rest) == ("first", ["entry 9", "x" * 990])
    assert "dropped" in dropped
    assert "9" in dropped
    if form == "json":
        assert json.loads(dropped)["dropped"] == 9


@pytest.mark.parametrize("form", ["text", "json"])
def test_requests_that_fail_for_the_same_reason_of_the_engine_get_a_line_a_second(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([*[0.0] * 4, 1.1, 1.2])
    monkeypatch.setattr(logs, "datetime", Moments(moments))
    stream = io.StringIO()
    writer = LineWriter(stream)
    log = JsonLog(writer) if form == "json" else Log(writer, colours=False)
    full = "Traceback\noort.model.errors.StateUnwritable: The disk is full."
    for error in (full, full, full, full, full, "Traceback\nQueueFull: The queue is full."):
        log.access(HttpRequest("POST", "/a"), reply(503, error=error), timedelta(0))
    log.access(HttpRequest("POST", "/a"), reply(503), timedelta(0))  # of a handler
    writer.close()
    text = stream.getvalue()
    assert text.count("POST") == 4
    assert ("3 more failed like this" if form == "text" else '"repeated":3') in text


class Moments:
    """A clock with these moments, in seconds."""

    def __init__(self, moments: Iterator[float]) -> None:
        self._moments = moments
        self._start = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self, _zone: object) -> datetime:
        return self._start + timedelta(seconds=next(self._moments))

    fromtimestamp = datetime.fromtimestamp
