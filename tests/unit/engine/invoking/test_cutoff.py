"""Cutting off and finishing: whichever comes first happens, and an invocation that begins too late never has any rights."""

from oort.engine.gateway.gateway import Admission
from oort.engine.invoking.cutoff import Cutoff
from oort.engine.store.direct import DirectStore
from oort.model.http import HttpRequest
from tests.unit.engine.desk import Desk


def test_what_is_cut_off_loses_its_rights_once() -> None:
    cutoff, revoked = Cutoff(), list[str]()
    cutoff.begin(lambda: revoked.append("x"))
    assert (cutoff.cut(), cutoff.cut(), cutoff.finish()) == (True, False, False)
    assert revoked == ["x"]


def test_what_begins_after_it_was_cut_off_has_no_rights() -> None:
    cutoff, revoked = Cutoff(), list[str]()
    cutoff.cut()
    cutoff.begin(lambda: revoked.append("x"))
    assert revoked == ["x"]


def test_what_has_finished_cannot_be_cut_off() -> None:
    cutoff, revoked = Cutoff(), list[str]()
    cutoff.begin(lambda: revoked.append("x"))
    assert (cutoff.finish(), cutoff.cut()) == (True, False)
    assert revoked == []


def test_a_request_cut_off_before_its_thread_begins_writes_nothing() -> None:
    store = DirectStore()
    desk = Desk(store)
    gateway = desk.engine.gateway
    admitted = gateway.admit(
        HttpRequest("POST", "/desk", headers={"content-type": "application/json"})
    )
    assert isinstance(admitted, Admission)
    expired = gateway.expire(admitted)
    assert expired is not None
    assert expired.status == 504
    assert gateway.answer(admitted, b'{"id":"1"}').status == 500  # nobody waits for this reply
    assert desk.engine.ports.queue_inspection.peek("desk.jobs", most=1) == []
    spans = [
        span
        for span in desk.engine.ports.traces.read(admitted.arrival.trace)
        if span.kind == "request"
    ]
    assert [span.detail["status"] for span in spans] == ["504"]
    store.close()


def test_a_request_that_just_finished_keeps_its_reply() -> None:
    store = DirectStore()
    gateway = Desk(store).engine.gateway
    admitted = gateway.admit(HttpRequest("GET", "/desk/1"))
    assert isinstance(admitted, Admission)
    assert gateway.answer(admitted, b"").status == 200
    assert gateway.expire(admitted) is None
    store.close()
