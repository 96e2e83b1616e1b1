"""Traces: packed by invocation, listed newest first, found by the beginning of their id."""

import threading
from pathlib import Path

import pytest

from oort.engine.services import traces as module
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Session
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


def test_an_invocation_is_one_row_a_trace(services: Services) -> None:
    services.traces.record([span(A, "1", start=5), span(B, "2", start=6), span(A, "3", start=7)])
    services.traces.record([])
    assert services.store.read(lambda session: session.rows("SELECT trace FROM segments")) == [
        (A,),
        (B,),
    ]


def test_a_text_that_cannot_be_encoded_costs_a_span_and_no_invocation(services: Services) -> None:
    services.traces.record([span(A, "1", start=5, error="\ud800")])
    assert services.traces.recent() == []


def test_invocations_that_end_while_the_disk_is_busy_are_written_by_one_work(
    tmp_path: Path,
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    traces, inside, release = module.Traces(store), threading.Event(), threading.Event()

    def busy(session: Session) -> None:
        inside.set()
        assert release.wait(10)

    gate = store.submit(busy)
    assert inside.wait(10)
    for number in range(150):
        traces.record([span(f"{number:032x}", "1", start=number)])
    handed_in = len(store._queue)
    release.set()
    gate.result(10)
    store.write(lambda session: session.run("DELETE FROM segments WHERE seq > 100"))
    traces.record([span(A, "1", start=1)])  # a new work, since the first one has begun
    store.close()
    after = DirectStore(tmp_path / "oort.db")
    assert handed_in == 1
    rows = after.read(lambda session: session.rows("SELECT trace FROM segments ORDER BY seq"))
    assert rows == [*((f"{number:032x}",) for number in range(100)), (A,)]
    after.close()


def test_spans_that_cannot_be_encoded_cost_no_other_spans_of_the_same_write(
    tmp_path: Path,
) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    traces, inside, release = module.Traces(store), threading.Event(), threading.Event()

    def busy(session: Session) -> None:
        inside.set()
        assert release.wait(10)

    gate = store.submit(busy)
    assert inside.wait(10)
    traces.record([span(A, "1", start=1)])
    traces.record([span("c" * 32, "2", start=2, error="\ud800")])
    traces.record([span(B, "3", start=3)])
    release.set()
    gate.result(10)
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
