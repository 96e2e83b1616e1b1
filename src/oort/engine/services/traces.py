"""The Traces port on the store, with two readers: the list of traces, and the spans of a trace.

The spans of invocations that end together are a row: a pack. The oldest packs are deleted when
there are more than `KEPT` invocations. A reader looks at the ids in all packs. That takes up to 0.3 s,
and only commands that show traces do so.
"""

import threading
import zlib
from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter

import msgspec

from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.errors import NotFoundHere
from oort.model.invocations import Span, TraceSummary

KEPT = 50_000
_PRUNE_EVERY = 500
_MOST = 64  # invocations a pack
_ID = 32  # characters of a trace's id
# Bytes. A pack of 64 reads has 33,000, and 7,400 when it is compressed, at 3 µs an invocation.
_COMPRESSED = 2_000
_MARK = b"\x78"  # the first byte of compressed spans; a list in msgpack never begins with it

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
            self._store.later(lambda session: _write(session, self._closed(recorded)))
        except Exception:  # a store that cannot be written costs spans, no invocation
            self._closed(recorded)
        except BaseException:
            self._closed(recorded)
            raise

    def recent(self, *, most: int = 20) -> list[TraceSummary]:
        """Return a summary of each of the last recorded traces, newest first."""

        def work(session: Session) -> list[tuple[Span, ...]]:
            traces: dict[str, None] = {}
            for (ids,) in session.each("SELECT trace FROM segments ORDER BY seq DESC"):
                for trace in reversed(_ids(ids)):
                    if len(traces) < most:
                        traces.setdefault(trace)
                if len(traces) >= most:
                    break
            return _spans(session, traces)

        summaries = map(_summary, self._store.read(work))
        return sorted(summaries, key=lambda summary: summary.start, reverse=True)

    def read(self, trace: str) -> tuple[Span, ...]:
        """Return the spans of the trace with this id or this unique prefix of an id, in
        order of their start.

        NotFoundHere if no trace, or more than one, has that prefix.
        """

        def work(session: Session) -> tuple[list[str], tuple[Span, ...]]:
            matches = _beginning(session, trace.lower())
            spans = _spans(session, matches) if len(matches) == 1 else [()]
            return matches, spans[0]

        matches, spans = self._store.read(work)
        if not matches:
            raise NotFoundHere(f"There is no trace {trace}.", "`oort traces` lists them.")
        if len(matches) > 1:
            raise NotFoundHere(
                f"Several traces begin with {trace}: {', '.join(matches)}.", "Give more of the id."
            )
        return spans

    def _closed(self, recorded: _Recorded) -> _Recorded:
        """Close the list for additions and return the list, the same at each call."""
        with self._lock:
            if self._open is recorded:
                self._open = None
        return recorded


def _write(session: Session, recorded: _Recorded) -> None:
    """Write the spans with few statements: each statement releases the interpreter lock
    and must get it back.
    """
    for at in range(0, len(recorded), _MOST):
        ids, spans = _pack(recorded[at : at + _MOST])
        if ids:
            session.run(_INSERT, len(ids), "".join(ids), spans)
            _prune(session, len(ids))


_INSERT = (
    "INSERT INTO segments(seq, trace, spans) SELECT coalesce(max(seq), 0) + ?, ?, ? FROM segments"
)


def _prune(session: Session, added: int) -> None:
    row = session.row("SELECT max(seq) FROM segments")
    last: int = row[0] if row is not None else 0
    if last // _PRUNE_EVERY != (last - added) // _PRUNE_EVERY:
        session.run("DELETE FROM segments WHERE seq <= ?", last - KEPT)


def _pack(recorded: _Recorded) -> tuple[list[str], bytes]:
    """Return the ids of the traces of some invocations, and all their spans."""
    spans = [span for spans in recorded for span in spans]
    try:
        data = _encoder.encode(spans)
    except ValueError:  # a text that UTF-8 cannot have: it costs its own invocation and no others
        recorded = [spans for spans in recorded if _can_be_encoded(spans)]
        spans = [span for spans in recorded for span in spans]
        data = _encoder.encode(spans)
    ids = [trace for spans in recorded for trace in dict.fromkeys([span.trace for span in spans])]
    return ids, data if len(data) < _COMPRESSED else zlib.compress(data, 1)


def _can_be_encoded(spans: Sequence[Span]) -> bool:
    try:
        _encoder.encode(spans)
    except ValueError:
        return False
    return True


def _unpacked(data: bytes) -> tuple[Span, ...]:
    return _decoder.decode(zlib.decompress(data) if data[:1] == _MARK else data)


def _ids(packed: str) -> list[str]:
    return [packed[at : at + _ID] for at in range(0, len(packed), _ID)]


def _beginning(session: Session, prefix: str, *, most: int = 5) -> list[str]:
    """Return the traces whose ids begin with the prefix, in order of their ids; not more than `most`."""
    matches: set[str] = set()
    rows = session.each("SELECT trace FROM segments WHERE instr(trace, ?)", prefix)
    for (packed,) in rows:
        matches.update(trace for trace in _ids(packed) if trace.startswith(prefix))
    return sorted(matches)[:most]


def _spans(session: Session, traces: Collection[str]) -> list[tuple[Span, ...]]:
    """Return the spans of each trace, in order of their start."""
    by_trace: dict[str, list[Span]] = {trace: [] for trace in traces}
    for span in _every(session, by_trace.keys()):
        if span.trace in by_trace:
            by_trace[span.trace].append(span)
    return [tuple(sorted(spans, key=attrgetter("start"))) for spans in by_trace.values()]


def _every(session: Session, traces: Collection[str]) -> Iterator[Span]:
    """Yield all spans of the packs with these traces."""
    searched = frozenset(traces)
    packs = [
        number
        for number, packed in session.rows("SELECT seq, trace FROM segments ORDER BY seq")
        if not searched.isdisjoint(_ids(packed))
    ]
    for number in packs:
        row = session.row("SELECT spans FROM segments WHERE seq = ?", number)
        assert row is not None  # read in the same transaction
        yield from _unpacked(row[0])


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
