"""Spans and stamps: traces are continued when they are valid, messages carry the trace and the time."""

import pytest

from oort import Can, Event, Get, Publish, Queue, Send, Service, Table, event
from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.model.errors import InvalidUse
from oort.model.messages import Message
from oort.model.operations import (
    ClaimEffect,
    Commit,
    FinishEffect,
    Found,
    GetItem,
    Lease,
    Mark,
    Operation,
    PublishEvent,
    PutItem,
    Refused,
    ReleaseEffect,
    ScanTable,
    SendMessage,
)
from oort.runtime.links import EnvironmentLink, title
from tests.unit.runtime.kit import PARENT, TRACE, RecordingBroker, Running

MESSAGE = Message(id="1", name="n", body=b"{}")


def link(broker: RecordingBroker | None = None) -> EnvironmentLink:
    return EnvironmentLink(
        service="s",
        broker=broker or RecordingBroker(),
        clock=VirtualClock(),
        entropy=SeededEntropy(3),
    )


def begin(one: EnvironmentLink, traceparent: str) -> str:
    return one.begin(
        name="s.f", kind="function", token="t", traceparent=traceparent, mark=None, detail={}
    )


def test_a_valid_trace_is_continued() -> None:
    one = link()
    assert begin(one, f"00-{TRACE}-{PARENT}-01") == TRACE
    one.end()
    (span,) = one.take_spans()
    assert (span.trace, span.parent) == (TRACE, PARENT)
    assert one.take_spans() == ()


@pytest.mark.parametrize(
    "header", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01"]
)
def test_an_invalid_one_is_replaced_by_a_new_root(header: str) -> None:
    one = link()
    trace = begin(one, header)
    one.end(error="why")
    (span,) = one.take_spans()
    assert len(trace) == 32
    assert trace != TRACE
    assert (span.trace, span.parent, span.error) == (trace, "", "why")


def test_a_message_carries_the_trace_the_function_and_the_time() -> None:
    one = link()
    begin(one, f"00-{TRACE}-{PARENT}-01")
    first, second = (one.message(name="n", body=b"{}", key="k", version=2) for _ in range(2))
    one.end()
    (span,) = one.take_spans()
    assert first.traceparent == f"00-{TRACE}-{span.id}-01"
    assert first.sent == VirtualClock().now().timestamp()
    assert (first.name, first.key, first.version) == ("n", "k", 2)
    assert first.id != second.id


def test_a_refused_operation_is_an_error_in_its_span_and_keeps_no_invocation_from_ending() -> None:
    one = link(RecordingBroker(lambda _: Refused("permission.denied", "no")))
    begin(one, "")
    assert one.perform(GetItem("s.t", ("1",))) == Refused("permission.denied", "no")
    one.end()
    assert [(span.name, span.error) for span in one.take_spans()] == [
        ("get s.t", "permission.denied"),
        ("s.f", ""),
    ]


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (GetItem("s.t", ("1",)), "get s.t"),
        (ScanTable("s.t"), "scan s.t"),
        (SendMessage("s.q", MESSAGE), "send s.q"),
        (PublishEvent("s.e", MESSAGE), "publish s.e"),
        (Commit((PutItem("s.t", {}), SendMessage("s.q", MESSAGE))), "commit put s.t, send s.q"),
        (ClaimEffect(Lease("s.f", "m", "charge", "h"), 1.0), "once charge"),
        (FinishEffect(Lease("s.f", "m", "charge", "h"), b"1"), "finish charge"),
        (ReleaseEffect(Lease("s.f", "m", "charge", "h")), "release charge"),
    ],
)
def test_a_span_says_what_the_operation_does(operation: Operation, name: str) -> None:
    assert title(operation) == name


def test_each_claim_of_a_delivery_has_a_holder_of_its_own_also_after_a_block() -> None:
    one = link()
    mark = Mark("s.f", "m")
    one.begin(name="s.f", kind="delivery", token="t", traceparent="", mark=mark, detail={})
    first = one.lease("charge")
    one.perform(Commit((), mark))
    assert one.mark() is None
    second = one.lease("charge")
    assert (first.function, first.message, first.name) == ("s.f", "m", "charge")
    assert first.holder != second.holder
    assert second == Lease("s.f", "m", "charge", second.holder)


def test_a_request_has_no_lease() -> None:
    one = link()
    begin(one, "")
    with pytest.raises(InvalidUse, match="once\\(\\) needs a delivery"):
        one.lease("charge")


@event("spans.done", version=1, key="id")
class Done(Event):
    """Done."""

    id: str


def test_one_request_makes_a_function_span_with_an_operation_span_each() -> None:
    service = Service("spans")

    @service.queue("letters")
    class Letters(Queue[str, Can]):
        """Letters."""

    @service.table("items", key="id")
    class Items(Table[str, Done, Can]):
        """Items."""

    @service.get("/", public=True)
    def act(items: Items[Get], letters: Letters[Send], out: Publish[Done]) -> None:
        items.get("1")
        letters.send("a")
        out.publish(Done(id="1"))

    @service.worker(Letters)
    def read(letter: str) -> None: ...

    outcome = Running(service, broker=RecordingBroker(lambda _: Found(None))).request()
    function = next(span for span in outcome.spans if span.kind == "function")
    assert [span.name for span in outcome.spans if span.parent == function.id] == [
        "get spans.items",
        "send spans.letters",
        "publish spans.done",
    ]
    assert (function.name, function.trace, function.parent) == ("spans.act", TRACE, PARENT)
