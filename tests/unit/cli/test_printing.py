"""What commands print with, without a platform: durations, tables, colours, waterfalls, log lines and suggested commands."""

import io
import logging
import shlex
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import click
import msgspec
import pytest

from oort.cli.arguments import options
from oort.cli.dev import welcome
from oort.cli.printing import logs, output, waterfall
from oort.cli.printing.logs import LineWriter, Log, ServiceLogs
from oort.cli.wiring import platforms
from oort.model.errors import StateUnusable
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import Failure
from oort.model.messages import Delivery, Message
from oort.model.reports import DeliveryReport
from oort.model.spans import Span
from tests.unit.cli.shops import shop

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MILLISECOND = 1_000_000


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


# -- output and words


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.00034, "340 µs"),
        (0.0021, "2.1 ms"),
        (1.2, "1.20 s"),
        (123, "2 min 3 s"),
        (7380, "2 h 3 min"),
    ],
)
def test_durations_are_shown_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert output.duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("text", "hours"),
    [("90s", 0.025), ("30m", 0.5), ("1h", 1), ("7d", 168), (timedelta(hours=2), 2)],
)
def test_lengths_of_time_are_read(text: object, hours: float) -> None:
    assert options.Length().convert(text, None, None) == timedelta(hours=hours)


def test_another_length_of_time_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="write 90s, 30m, 1h or 7d"):
        options.Length().convert("1 hour", None, None)


def test_colours_are_for_terminals_and_not_against_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.coloured(Terminal())
    assert not output.coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.coloured(Terminal())


def test_a_line_cannot_be_forged_by_what_it_quotes() -> None:
    assert output.one_line("a\n12:00 \x1b[31mforged") == "a 12:00  [31mforged"
    assert output.preview("x" * 200, width=10) == "xxxxxxxxx…"


def test_paths_outside_the_current_folder_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert output.relative(tmp_path / "a" / "b") == "a/b"
    assert output.relative("/elsewhere") == "/elsewhere"
    monkeypatch.chdir("/")
    assert output.shortened("/a/b") == "/a/b"


# -- waterfalls


def span(
    name: str,
    start: int,
    duration: int,
    *,
    parent: str = "",
    error: str = "",
    kind: str = "operation",
) -> Span:
    return Span(
        trace=TRACE, id=name, parent=parent, name=name, kind=kind, service="shop", error=error,
        start=start * MILLISECOND, duration=duration * MILLISECOND,
    )  # fmt: skip


def drawn(*spans: Span, width: int = 80) -> list[str]:
    return list(waterfall.lines(spans, width=width, colours=False))


def test_a_waterfall_is_a_tree_with_bars_on_one_scale() -> None:
    heading, summary, empty, *rows = drawn(
        span("request", 0, 100, kind="request"), span("first", 0, 50, parent="request"),
        span("second", 50, 50, parent="request"), span("inner", 75, 25, parent="second"),
    )  # fmt: skip
    assert heading == TRACE
    assert summary.endswith("100.0 ms · 4 spans · 1 service")
    assert empty == ""
    assert [row.partition("  shop")[0].rstrip() for row in rows] == [
        "request",
        "├ first",
        "└ second",
        "  └ inner",
    ]
    bars = [row[row.index("█") :].rstrip() for row in rows]
    places = [row.index("█") for row in rows]
    assert places[0] == places[1] < places[2] < places[3]
    assert len(bars[0]) == pytest.approx(2 * len(bars[1]), abs=1)


def test_an_error_stands_under_its_span() -> None:
    lines = drawn(
        span("request", 0, 9), span("child", 1, 1, parent="request", error="ValueError: no\nmore")
    )
    assert lines[1].endswith("1 error")
    assert lines[-1] == "    ✗ ValueError: no more"


def test_a_span_whose_parent_was_not_recorded_stands_at_the_top() -> None:
    rows = drawn(span("a", 0, 1, parent="elsewhere"), span("b", 1, 1, parent="elsewhere"))[3:]
    assert [row.split()[0] for row in rows] == ["a", "b"]


def test_a_trace_without_duration_can_be_drawn() -> None:
    assert drawn(span("only", 5, 0))[-1].split()[:2] == ["only", "shop"]


@pytest.mark.parametrize(("asked", "width"), [(20, 80), (100, 100), (500, 140)])
def test_it_fits_the_terminal_between_80_and_140_columns(asked: int, width: int) -> None:
    spans = [
        span("x" * 300, 0, 100),
        *(span(f"{n}", n, 100 - n, parent="x" * 300, error="e" * 300) for n in range(9)),
    ]
    spans.append(msgspec.structs.replace(spans[1], id="long", service="s" * 34))
    assert max(map(len, drawn(*spans, width=asked))) <= width


def test_a_chain_deeper_than_pythons_stack_can_be_drawn() -> None:
    spans = [span(f"{n}", n, 1, parent=f"{n - 1}" if n else "") for n in range(3000)]
    assert len(drawn(*spans)) == 3003


# -- log lines


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


def test_a_request_is_one_line() -> None:
    stream = io.StringIO()
    with log(stream) as one:
        one.access(HttpRequest("GET", "/a", "b=c"), reply(200), timedelta(milliseconds=12.3))
    (line,) = stream.getvalue().splitlines()
    assert line.split()[1:] == ["GET", "/a?b=c", "→", "200", "12.3", "ms", TRACE[:8], "shop.place"]


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


def test_a_record_that_cannot_be_shown_disturbs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with log(io.StringIO()) as one:
        ServiceLogs(one).handle(
            logging.LogRecord("shop", logging.INFO, "", 0, "%d", ("one",), None)
        )
    assert "not all arguments converted" in (shown := capsys.readouterr().err) or "%d" in shown


def test_a_stream_that_is_gone_does_not_stop_the_platform() -> None:
    stream = io.StringIO()
    stream.close()
    writer = LineWriter(stream)
    writer.write("a line")
    writer.close()
    assert not any(thread.name == "log" for thread in threading.enumerate())


def test_frames_of_the_runtime_are_left_out() -> None:
    runtime = Path(logs.__file__).parents[1] / "runtime" / "invoke.py"
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{runtime}", line 1, in request\n    enter()\n    ^^^^^^^\n'
        '  File "/app/orders.py", line 2, in place\n    raise KeyError\nKeyError\n'
    )
    assert logs.readable(text) == (
        'Traceback (most recent call last):\n  File "/app/orders.py", line 2, in place\n    raise KeyError\nKeyError\n'
    )


# -- what `oort dev` suggests


def suggested(folder: Path) -> list[list[str]]:
    _, program = platforms.load(folder)
    address = welcome.Address("http://127.0.0.1:8000", Path("/state/support.curl"))
    return [
        shlex.split(one)
        for one in welcome.commands(program, address, tag="t1", today=date(2026, 1, 31))
    ]


def test_the_first_command_creates_and_the_others_show(tmp_path: Path) -> None:
    place, mine, everything, of_day = suggested(shop(tmp_path))
    assert place == [
        "curl", "-sS", "-w", r"\n", "http://127.0.0.1:8000/orders", "-H", "content-type: application/json",
        "-d", '{"email":"ada+t1@example.com","note":""}',
    ]  # fmt: skip
    assert mine == [
        "curl",
        "-sS",
        "-w",
        r"\n",
        "-K",
        "/state/support.curl",
        "http://127.0.0.1:8000/orders",
    ]
    assert everything[-3:] == [
        "http://127.0.0.1:8000/orders/all?country=example",
        "-H",
        "x-trace: example",
    ]
    assert of_day[-1] == "http://127.0.0.1:8000/orders/of/2026-01-31"


ODD = """
from typing import Annotated
import msgspec
from msgspec import Meta
from oort import Service
odd = Service("odd")
class Thing(msgspec.Struct):
    code: Annotated[str, Meta(pattern="^q7-[0-9]{9}$")]
@odd.post("/", public=True)
def make(body: Thing) -> None: ...
@odd.post("/{id}", public=True)
def remake(id: str, body: dict[str, int]) -> None: ...
@odd.get("/", public=True)
def listed(ids: list[int], flag: bool) -> None: ...
"""


def test_a_route_without_an_example_is_not_suggested(tmp_path: Path) -> None:
    assert [one[-1] for one in suggested(shop(tmp_path, ODD))] == [
        "http://127.0.0.1:8000/odd?ids=1&flag=true"
    ]


def test_the_developer_is_in_every_group_that_a_route_names(tmp_path: Path) -> None:
    _, program = platforms.load(shop(tmp_path))
    assert welcome.groups(program) == frozenset({"staff"})


def test_credentials_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "support.curl"
    file.write_text("older and longer than what follows" * 9)
    file.chmod(0o644)
    welcome.write_credentials(file, "abc")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == 'header = "authorization: Bearer abc"\n'
