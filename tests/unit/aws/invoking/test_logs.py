"""Each line of a function's log is one JSON object, whatever a handler or a library logs."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from oort.aws.invoking.logs import JsonLog
from oort.engine.clocks import VirtualClock
from oort.runtime import redaction


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    found = logging.getLogger()
    handlers, level = found.handlers[:], found.level
    yield found
    found.handlers[:], found.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def log(stream: io.StringIO) -> JsonLog:
    return JsonLog(
        {"service": "shop", "function": "shop.place"}, clock=VirtualClock(), stream=stream
    )


class Unshowable:
    """A value whose text cannot be read."""

    def __repr__(self) -> str:
        raise ValueError("never")


def test_a_field_that_no_encoder_accepts_costs_no_line() -> None:
    stream = io.StringIO()
    log(stream).write("ERROR", "half of a pair: \ud800", first="\ud800", second=Unshowable())  # type: ignore[arg-type]
    (line,) = lines(stream)
    assert line["message"] == "half of a pair: \\ud800"
    assert line["first"] == "\\ud800"
    assert line["second"] == "a Unshowable that cannot be shown"
    assert line["service"] == "shop"


def test_a_line_has_time_level_message_and_what_always_stands_there() -> None:
    stream = io.StringIO()
    written = log(stream)
    written.write("INFO", "two\nlines", attempt=2, empty="")
    written.trace = "abc"
    written.write("INFO", "traced")
    first, second = lines(stream)
    assert first == {
        "time": "2026-01-01T00:00:00.000Z", "level": "INFO", "message": "two\nlines", "attempt": 2,
        "service": "shop", "function": "shop.place",
    }  # fmt: skip
    assert second["trace"] == "abc"


def test_an_invocation_ends_with_its_metrics() -> None:
    stream = io.StringIO()
    log(stream).invocation("done", failed=0, milliseconds=1.23456, status=200)
    (line,) = lines(stream)
    assert (line["level"], line["Errors"], line["Duration"], line["status"]) == (
        "INFO",
        0,
        1.235,
        200,
    )
    metrics = line["_aws"]
    assert isinstance(metrics, dict)
    assert metrics["Timestamp"] == 1767225600000
    assert [one["Name"] for one in metrics["CloudWatchMetrics"][0]["Metrics"]] == [
        "Errors",
        "Duration",
    ]


def test_what_is_logged_by_logging_is_written_too(root: logging.Logger) -> None:
    stream = io.StringIO()
    log(stream).capture()
    logging.getLogger("library").warning("careful %s", "now")
    logging.getLogger("library").debug("too much")
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("app").exception("it failed")
    first, second = lines(stream)
    assert (first["logger"], first["level"], first["message"]) == (
        "library",
        "WARNING",
        "careful now",
    )
    assert "KeyError: 'x'" in str(second["traceback"])


def test_a_record_that_cannot_be_written_fails_nothing(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    log(stream).capture()
    logging.getLogger("library").warning("%d apples", "no")
    line = json.loads(stream.getvalue())
    assert line["level"] == "ERROR"
    assert line["message"].startswith("A record of the logger library cannot be formatted")
    assert capsys.readouterr().err == ""


def test_a_secret_that_is_an_ordinary_word_does_not_change_metrics_and_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An alarm reads the dimensions: with `***` in the place of the stage it would see nothing."""
    known = redaction.Redactor()
    known.remember("shop.key", "prod")
    monkeypatch.setattr(redaction, "KNOWN", known)
    stream = io.StringIO()
    names = {"platform": "market", "stage": "prod", "service": "shop"}
    JsonLog(names, clock=VirtualClock(), stream=stream).invocation(
        "GET /prod", failed=0, milliseconds=1, traceback="prod"
    )
    line = json.loads(stream.getvalue())
    assert {name: line[name] for name in names} == names
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [list(names)]
    assert (line["message"], line["traceback"]) == ("GET /***", "***")


def test_without_a_stream_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLog({}, clock=VirtualClock()).write("INFO", "here")
    assert json.loads(capsys.readouterr().out)["message"] == "here"
