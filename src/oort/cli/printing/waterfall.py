"""Draw a trace: a tree of its spans, each with a bar on one time scale. Spans in, lines out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oort.cli.printing import output
from oort.model.invocations import Span

NARROWEST = 80
WIDEST = 140
_LEAST_BAR = 16
_LONGEST_SERVICE = 16
_TIMES = 21  # two right-aligned columns of a start and a duration, and the space in front of each
_FILLED, _SHORT = "█", "▏"
_COLOURS = {"request": "cyan", "function": "green", "delivery": "magenta"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A span at its position in the tree. `above` is the prefix of further lines for this span."""

    span: Span
    label: str
    above: str


def lines(spans: Sequence[Span], *, width: int, colours: bool) -> Iterator[str]:
    """Yield the lines: the trace, a summary, a line for each span, and a line for each error.

    `width` is limited to 80 to 140.
    """
    width = max(NARROWEST, min(WIDEST, width))
    rows = list(_tree(spans))
    first = min(span.start for span in spans)
    length = max(1, max(span.start + span.duration for span in spans) - first)
    services = len({span.service for span in spans})
    yield output.paint(spans[0].trace, "bold", on=colours)
    yield _summary(spans, first, length, services, colours=colours)
    yield ""
    owner = min(_LONGEST_SERVICE, max(len(span.service) for span in spans))
    longest = max(len(row.label) for row in rows)
    name = min(longest, max(24, width - owner - _TIMES - max(_LEAST_BAR, width // 3) - 4))
    bar = width - name - owner - _TIMES - 4
    for row in rows:
        span = row.span
        label, service = _cut(row.label, name), _cut(span.service, owner)
        start, took = output.nanoseconds(span.start - first), output.nanoseconds(span.duration)
        colour = "red" if span.error else _COLOURS.get(span.kind)
        drawn = output.paint(_bar(span, first, length, bar), colour, on=colours)
        yield f"{label:<{name}}  {service:<{owner}}{start:>10} {took:>10}  {drawn}".rstrip()
        if span.error:
            text = f"{row.above}✗ {output.preview(span.error, width=width - len(row.above) - 2)}"
            yield output.paint(text, "red", on=colours)


def _summary(
    spans: Sequence[Span], first: int, length: int, services: int, *, colours: bool
) -> str:
    parts = (
        output.moment(first / 1e9).strftime("%Y-%m-%d %H:%M:%S"),
        output.nanoseconds(length),
        output.counted(len(spans), "span"),
        output.counted(services, "service"),
    )
    errors = sum(1 for span in spans if span.error)
    failed = (output.paint(output.counted(errors, "error"), "red", on=colours),) if errors else ()
    return " · ".join((*parts, *failed))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _tree(spans: Sequence[Span]) -> Iterator[_Row]:
    """Yield the spans, each after its parent, children by start. A span without a recorded parent
    is at the top."""
    ordered = sorted(spans, key=lambda span: span.start)
    ids = {span.id for span in ordered}
    children: dict[str, list[Span]] = {}
    for span in ordered:
        children.setdefault(span.parent if span.parent in ids else "", []).append(span)
    # Not by recursion: a chain of messages that cause messages may be longer than Python's stack.
    waiting = [(span, "", "") for span in reversed(children.get("", ()))]
    while waiting:
        span, prefix, below = waiting.pop()
        inner = children.get(span.id, ())
        yield _Row(
            span, f"{prefix}{output.one_line(span.name)}", f"{below}{'│ ' if inner else '  '}"
        )
        for place, child in enumerate(reversed(inner)):
            last = place == 0
            waiting.append(
                (child, f"{below}{'└ ' if last else '├ '}", f"{below}{'  ' if last else '│ '}")
            )


def _bar(span: Span, first: int, length: int, width: int) -> str:
    begin = min(width - 1, (span.start - first) * width // length)
    filled = min(width - begin, round(span.duration * width / length))
    return " " * begin + (_FILLED * filled or _SHORT)
