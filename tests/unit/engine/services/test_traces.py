"""Traces: packed by invocation, listed newest first, found by the beginning of their id."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from oort.engine.services import traces as module
from oort.engine.store import schema
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Session
from oort.engine.store.store import connect
from oort.model.errors import NotFoundHere
from oort.model.invocations import Span
from tests.unit.engine.services.conftest import Services

A, B = "a" * 32, "ab" + "0" * 30


def span(
    trace: str, id: str, *, start: int, parent: str = "", error: str = "", service: str = "s"
) -> Span:
    return Span(
        trace=trace, id=id, parent=parent, name=f"name {id}", kind="function", service=service, start=start,
        duration=10, error=error, detail={"k": id},
    )  # fmt: skip


ROWS = "SELECT seq, trace FROM segments ORDER BY seq"


def test_an_invocation_is_one_row_with_the_ids_of_its_traces(services: Services) -> None:
    services.traces.record([span(A, "1", start=5), span(B, "2", start=6), span(A, "3", start=7)])
    services.traces.record([])
    services.traces.record([span(B, "4", start=8)])
    rows = services.store.read(lambda session: session.rows(ROWS))
    assert rows == [(2, A + B), (3, B)]
    assert [span.id for span in services.traces.read(A)] == ["1", "3"]
    assert [span.id for span in services.traces.read(B)] == ["2", "4"]


def test_a_text_that_cannot_be_encoded_costs_a_span_and_no_invocation(services: Services) -> None:
    services.traces.record([span(A, "1", start=5, error="\ud800")])
    assert services.traces.recent() == []


@contextmanager
def busy(store: GroupCommitStore) -> Iterator[None]:
    """Keep the writer of the store busy, as a slow disk does."""
    inside, release = threading.Event(), threading.Event()

    def work(_: Session) -> None:
        inside.set()
        assert release.wait(10)

    gate = store.submit(work)
    assert inside.wait(10)
    yield
    release.set()
    gate.result(10)


def test_invocations_that_end_while_the_disk_is_busy_are_written_by_one_work(
    tmp_path: Path,
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    traces = module.Traces(store)
    with busy(store):
        for number in range(150):
            traces.record([span(f"{number:032x}", "1", start=number)])
        handed_in = len(store._queue)
    store.write(lambda session: session.run("DELETE FROM segments WHERE seq > 128"))
    traces.record([span(A, "1", start=1)])  # a new work, since the first one has begun
    store.close()
    after = DirectStore(tmp_path / "oort.db")
    assert handed_in == 1
    ids = [f"{number:032x}" for number in range(128)]
    rows = after.read(lambda session: session.rows(ROWS))
    assert rows == [(64, "".join(ids[:64])), (128, "".join(ids[64:])), (129, A)]
    assert [span.start for span in module.Traces(after).read(ids[100])] == [100]
    after.close()


def test_packs_are_compressed(services: Services) -> None:
    many = [span(f"{number:032x}", str(number), start=number) for number in range(64)]
    services.traces.record(many)
    ((size,),) = services.store.read(
        lambda session: session.rows("SELECT length(spans) FROM segments")
    )
    assert size * 4 < len(msgspec.msgpack.encode(many))
    assert services.traces.read(f"{63:032x}") == (many[63],)


def test_an_id_that_lies_across_two_ids_of_a_pack_is_not_met(services: Services) -> None:
    first, second = "1" * 16 + "2" * 16, "3" * 16 + "4" * 16
    services.traces.record([span(first, "1", start=1), span(second, "2", start=2)])
    with pytest.raises(NotFoundHere, match="There is no trace 22223333"):
        services.traces.read("22223333")
    with pytest.raises(NotFoundHere, match=r"There is no trace 2{16}3{16}"):
        services.traces.read("2" * 16 + "3" * 16)


def test_traces_of_an_older_store_are_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = next(at for at, sql in enumerate(schema.STEPS) if "DROP INDEX segments_trace" in sql)
    old = [span(A, "1", start=5), span(A, "2", start=6)]
    with monkeypatch.context() as before:
        before.setattr(schema, "STEPS", schema.STEPS[:step])
        before.setattr(schema, "VERSION", step)
        connection = connect(tmp_path / "oort.db")
        sql = "INSERT INTO segments(trace, spans) VALUES(?, ?)"
        connection.execute(sql, (A, msgspec.msgpack.encode(old)))
        connection.execute(sql, (B, msgspec.msgpack.encode([span(B, "3", start=7)])))
        connection.close()
    store = DirectStore(tmp_path / "oort.db")
    traces = module.Traces(store)
    traces.record([span(A, "4", start=9)])
    assert [span.id for span in traces.read("aa")] == ["1", "2", "4"]
    assert [summary.trace for summary in traces.recent()] == [B, A]
    assert store.read(lambda session: session.rows(ROWS)) == [(1, A), (2, B), (3, A)]
    store.close()


def test_spans_that_cannot_be_encoded_cost_no_other_spans_of_the_same_write(
    tmp_path: Path,
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    traces = module.Traces(store)
    with busy(store):
        traces.record([span(A, "1", start=1)])
        traces.record([span("c" * 32, "2", start=2, error="\ud800")])
        traces.record([span(B, "3", start=3)])
    store.close()
    after = DirectStore(tmp_path / "oort.db")
    assert [summary.trace for summary in module.Traces(after).recent()] == [B, A]
    after.close()


def test_what_a_closed_store_refuses_keeps_nothing_waiting(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    traces = module.Traces(store)
    store.close()
    for _ in range(2):
        traces.record([span(A, "1", start=1)])
    assert traces._open is None


def test_a_trace_has_its_spans_in_order_of_their_start(services: Services) -> None:
    late, early = span(A, "2", start=9, parent="1"), span(A, "1", start=5)
    services.traces.record([late])
    services.traces.record([early])
    assert services.traces.read(A) == (early, late)
    assert services.traces.read("aa") == (early, late)
    assert services.traces.read("AA") == (early, late)


def test_an_unknown_or_ambiguous_id_is_one_clear_sentence(services: Services) -> None:
    services.traces.record([span(A, "1", start=5), span(B, "2", start=6)])
    with pytest.raises(NotFoundHere, match="There is no trace c"):
        services.traces.read("c")
    with pytest.raises(NotFoundHere, match="Several traces begin with a: "):
        services.traces.read("a")


def test_the_list_has_a_line_a_trace_newest_first(services: Services) -> None:
    services.traces.record([span(A, "2", start=9, parent="1", error="boom", service="t")])
    services.traces.record([span(B, "3", start=100)])
    services.traces.record([span(A, "1", start=5)])
    newest, older = services.traces.recent()
    assert (newest.trace, older.trace) == (B, A)
    assert (older.name, older.start, older.duration) == ("name 1", 5, 14)
    assert (older.spans, older.errors, older.services) == (2, 1, ("s", "t"))
    assert len(services.traces.recent(most=1)) == 1


def test_a_trace_whose_root_is_elsewhere_is_named_by_its_first_span(services: Services) -> None:
    services.traces.record([span(A, "2", start=9, parent="1"), span(A, "3", start=8, parent="2")])
    assert services.traces.recent()[0].name == "name 3"


def test_old_segments_go(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 10)
    for number in range(module._PRUNE_EVERY):
        services.traces.record([span(f"{number:032x}", "1", start=number)])
    assert services.store.read(lambda session: session.rows("SELECT count(*) FROM segments")) == [
        (10,)
    ]
