"""The Traces port on the store, and how traces are read: the list, and one with all its spans.

The spans of an invocation are packed into one row a trace. The oldest rows go when there are more than `KEPT`.
"""

import threading
from collections.abc import Sequence

import msgspec

from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.errors import NotFoundHere
from oort.model.invocations import Span, TraceSummary

KEPT = 50_000
_PRUNE_EVERY = 500
_MOST = 64  # rows a statement

_Segment = tuple[str, bytes]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Span, ...])


class Traces:
    """Spans in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._open: list[_Segment] | None = (
            None  # what the next work writes; it goes on growing until that begins
        )

    def record(self, spans: Sequence[Span]) -> None:
        """See `ports.traces`. They can be read a moment later."""
        segments = [(trace, _encoder.encode(own)) for trace, own in _by_trace(spans).items()]
        if not segments:
            return
        with self._lock:
            if self._open is not None:
                self._open += segments
                return
            self._open = segments
        try:
            self._store.later(lambda session: _record(session, self._closed(segments)))
        except BaseException:
            self._closed(segments)
            raise

    def recent(self, *, most: int = 20) -> list[TraceSummary]:
        """A line for each of the traces that were recorded last, newest first."""

        def work(session: Session) -> list[tuple[Span, ...]]:
            found: dict[str, None] = {}
            for (trace,) in session.each("SELECT trace FROM segments ORDER BY seq DESC"):
                found.setdefault(trace)
                if len(found) == most:
                    break
            return [_spans(session, trace) for trace in found]

        summaries = map(_summary, self._store.read(work))
        return sorted(summaries, key=lambda summary: summary.start, reverse=True)

    def read(self, trace: str) -> tuple[Span, ...]:
        """The spans of the trace with this id, or whose id alone begins like this, in order of their start.

        NotFoundHere if there is none, or more than one.
        """

        def work(session: Session) -> tuple[list[str], tuple[Span, ...]]:
            rows = session.rows(_BEGINNING, trace.lower(), trace.lower())
            return [found for (found,) in rows], _spans(session, rows[0][0]) if len(
                rows
            ) == 1 else ()

        found, spans = self._store.read(work)
        if not found:
            raise NotFoundHere(f"There is no trace {trace}.", "`oort traces` lists them.")
        if len(found) > 1:
            raise NotFoundHere(
                f"Several traces begin with {trace}: {', '.join(found)}.", "Give more of the id."
            )
        return spans

    def _closed(self, segments: list[_Segment]) -> list[_Segment]:
        """The segments, to which nothing is added any more. The same ones if the store asks again."""
        with self._lock:
            if self._open is segments:
                self._open = None
        return segments


# Identifiers are hexadecimal: everything that begins with a prefix lies between it and itself followed by "g".
_BEGINNING = "SELECT DISTINCT trace FROM segments WHERE trace >= ? AND trace < ? || 'g' LIMIT 5"


_INSERT = "INSERT INTO segments(trace, spans) VALUES (?, ?)"


def _record(session: Session, segments: Sequence[_Segment]) -> None:
    """Write the segments with few statements: each one gives up the interpreter lock and must get it back."""
    at = 0
    while at < len(segments):
        size = min(
            _MOST, 1 << (len(segments) - at).bit_length() - 1
        )  # a power of two: few statements to keep prepared
        values = [value for segment in segments[at : at + size] for value in segment]
        session.run(_INSERT + ", (?, ?)" * (size - 1), *values)
        at += size
    last = session.row("SELECT max(seq) FROM segments")
    if last is not None and last[0] // _PRUNE_EVERY != (last[0] - len(segments)) // _PRUNE_EVERY:
        session.run("DELETE FROM segments WHERE seq <= ?", last[0] - KEPT)


def _by_trace(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """A batch may hold deliveries of several traces."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.trace, []).append(span)
    return found


def _spans(session: Session, trace: str) -> tuple[Span, ...]:
    rows = session.rows("SELECT spans FROM segments WHERE trace = ? ORDER BY seq", trace)
    return tuple(
        sorted(
            (span for (data,) in rows for span in _decoder.decode(data)),
            key=lambda span: span.start,
        )
    )


def _summary(spans: tuple[Span, ...]) -> TraceSummary:
    root = next((span for span in spans if not span.parent), spans[0])
    start = spans[0].start
    return TraceSummary(
        trace=root.trace,
        name=root.name,
        start=start,
        duration=max(span.start + span.duration for span in spans) - start,
        spans=len(spans),
        errors=sum(1 for span in spans if span.error),
        services=tuple(dict.fromkeys(span.service for span in spans)),
    )
