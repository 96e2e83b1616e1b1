"""A trace as a waterfall."""

import msgspec
import pytest

from oort.cli.printing import waterfall
from oort.model.invocations import Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MILLISECOND = 1_000_000


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
