"""The Traces port on the store, with two readers: the list of traces, and the spans of a trace.

The spans of an invocation are packed into a row for each trace. The oldest rows are deleted when
there are more than `KEPT`.
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
_Recorded = list[Sequence[Span]]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Span, ...])


class Traces:
    """Spans in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        # The spans of the next write, which grow until that write begins.
        self._open: _Recorded | None = None

    def record(self, spans: Sequence[Span]) -> None:
        """See `ports.traces`. The spans can be read a moment later."""
        if not spans:
            return
        with self._lock:
            if self._open is not None:
                self._open.append(spans)
                return
            self._open = recorded = [spans]
        try:
            self._store.later(lambda session: _record(session, _segments(self._closed(recorded))))
        except Exception:  # a store that cannot be written costs spans, no invocation
            self._closed(recorded)
        except BaseException:
            self._closed(recorded)
            raise

    def recent(self, *, most: int = 20) -> list[TraceSummary]:
        """Return a summary of each of the last recorded traces, newest first."""

        def work(session: Session) -> list[tuple[Span, ...]]:
            traces: dict[str, None] = {}
            for (trace,) in session.each("SELECT trace FROM segments ORDER BY seq DESC"):
                traces.setdefault(trace)
                if len(traces) == most:
                    break
            return [_spans(session, trace) for trace in traces]

        summaries = map(_summary, self._store.read(work))
        return sorted(summaries, key=lambda summary: summary.start, reverse=True)

    def read(self, trace: str) -> tuple[Span, ...]:
        """Return the spans of the trace with this id or this unique prefix of an id, in
        order of their start.

        NotFoundHere if no trace, or more than one, has that prefix.
        """

        def work(session: Session) -> tuple[list[str], tuple[Span, ...]]:
            rows = session.rows(_BEGINNING, trace.lower(), trace.lower())
            spans = _spans(session, rows[0][0]) if len(rows) == 1 else ()
            return [match for (match,) in rows], spans

        matches, spans = self._store.read(work)
        if not matches:
            raise NotFoundHere(f"There is no trace {trace}.", "`oort traces` lists them.")
        if len(matches) > 1:
            raise NotFoundHere(
                f"Several traces begin with {trace}: {', '.join(matches)}.", "Give more of the id."
            )
        return spans

    def _closed(self, recorded: _Recorded) -> _Recorded:
        """Close the list for additions and return it, the same list at each call."""
        with self._lock:
            if self._open is recorded:
                self._open = None
        return recorded


# Ids are hexadecimal: every id with a prefix lies between the prefix and the
# prefix followed by "g".
_BEGINNING = "SELECT DISTINCT trace FROM segments WHERE trace >= ? AND trace < ? || 'g' LIMIT 5"


_INSERT = "INSERT INTO segments(trace, spans) VALUES (?, ?)"


def _record(session: Session, segments: Sequence[_Segment]) -> None:
    """Write the segments with few statements: each statement releases the interpreter lock
    and must get it back.
    """
    at = 0
    while at < len(segments):
        # A power of two, so that few statements are kept prepared.
        size = min(_MOST, 1 << (len(segments) - at).bit_length() - 1)
        values = [value for segment in segments[at : at + size] for value in segment]
        session.run(_INSERT + ", (?, ?)" * (size - 1), *values)
        at += size
    last = session.row("SELECT max(seq) FROM segments")
    if last is not None and last[0] // _PRUNE_EVERY != (last[0] - len(segments)) // _PRUNE_EVERY:
        session.run("DELETE FROM segments WHERE seq <= ?", last[0] - KEPT)


def _segments(recorded: _Recorded) -> list[_Segment]:
    """Pack the spans of many invocations, a segment for each trace of an invocation."""
    segments: list[_Segment] = []
    for spans in recorded:
        trace = spans[0].trace
        try:
            for span in spans:
                if span.trace != trace:  # seldom: a batch holds deliveries of several traces
                    parts = _by_trace(spans).items()
                    segments += [(of, _encoder.encode(part)) for of, part in parts]
                    break
            else:
                segments.append((trace, _encoder.encode(spans)))
        except ValueError:  # a text that UTF-8 cannot have: it costs these spans and no others
            continue
    return segments


def _by_trace(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """Group the spans by trace: a batch may hold deliveries of several traces."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace, []).append(span)
    return by_trace


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
