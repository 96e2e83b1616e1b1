"""Deliveries: each succeeds or fails by itself, is read as its type, and hangs below the trace of its sender."""

import asyncio

import msgspec
import pytest

from oort import Can, Conflict, Context, Event, Put, Queue, Service, Table, atomic, event, upcast
from oort.model.errors import ConditionFailed
from oort.model.messages import Fault, Reason
from oort.model.operations import Commit, Done, Mark, Refused, Request, Result
from tests.unit.runtime.kit import PARENT, TRACE, RecordingBroker, Running


class Job(msgspec.Struct):
    """Work."""

    number: int


class Note(msgspec.Struct):
    """An item."""

    id: str


def worker(seen: list[object]) -> Service:
    """A worker that fails for odd numbers and ends the process for 13."""
    service = Service("work")

    @service.queue("jobs")
    class Jobs(Queue[Job, Can]):
        """Jobs."""

    @service.worker(Jobs)
    def do(job: Job, ctx: Context) -> None:
        seen.append((job.number, ctx.message_id, ctx.attempt))
        if job.number == 13:
            raise SystemExit(1)
        if job.number % 2:
            raise ValueError(f"odd\n{job.number}")

    return service


def test_only_what_failed_is_named_and_the_others_are_done() -> None:
    seen: list[object] = []
    outcome = Running(worker(seen)).batch(*({"number": n} for n in range(5)), attempt=2)
    assert seen == [(n, f"m{n}", 2) for n in range(5)]
    assert [(one.receipt, one.error) for one in outcome.failures] == [
        ("r1", "ValueError: odd 1"),
        ("r3", "ValueError: odd 3"),
    ]
    assert "raise ValueError" in outcome.failures[0].traceback


def test_a_handler_that_ends_the_process_fails_its_message_only() -> None:
    outcome = Running(worker([])).batch({"number": 13}, {"number": 2})
    assert [(one.receipt, one.error) for one in outcome.failures] == [("r0", "SystemExit: 1")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"number":"x"}',
        b'{"number": 1e999}',
        b"[" * 100_000,
        b'{"number":' + b"1" * 5000,
    ],
)
def test_a_message_that_cannot_be_read_is_parked_and_the_handler_is_not_entered(
    body: bytes,
) -> None:
    seen: list[object] = []
    outcome = Running(worker(seen)).batch(body, {"number": 2})
    assert outcome.failures == ()
    assert [one.receipt for one in outcome.parked] == ["r0"]
    assert outcome.parked[0].fault.reason in {Reason.MALFORMED, Reason.MISFIT, Reason.TOO_DEEP}
    assert outcome.parked[0].fault.detail.startswith("test m0 ")
    assert outcome.spans[0].error == f"parked: {outcome.parked[0].fault.reason}"
    assert seen == [(2, "m1", 1)]


def test_what_the_transport_could_not_read_is_parked_with_its_fault() -> None:
    seen: list[object] = []
    fault = Fault(Reason.CONTENT_TYPE, "It is a picture.")
    outcome = Running(worker(seen)).batch({"number": 2}, {"number": 4}, fault=fault)
    assert [one.fault for one in outcome.parked] == [fault, fault]
    assert seen == []


def test_spans_hang_below_the_sender_one_a_delivery() -> None:
    outcome = Running(worker([])).batch({"number": 1}, {"number": 2})
    assert [(one.trace, one.parent, one.kind, one.name, one.service) for one in outcome.spans] == [
        (TRACE, PARENT, "delivery", "work.do", "work")
    ] * 2
    assert [one.error for one in outcome.spans] == ["ValueError: odd 1", ""]
    assert outcome.spans[0].detail == {"message": "m0", "attempt": "1", "waited": "1000.0 ms"}
    assert len({one.id for one in outcome.spans}) == 2


@event("work.changed", version=1, key="id")
class ChangedV1(Event):
    """Older."""

    id: str


@event("work.changed", version=2, key="id")
class Changed(Event):
    """Newer."""

    id: str
    by: str


@upcast
def signed(old: ChangedV1) -> Changed:
    """Nobody knows who it was."""
    return Changed(id=old.id, by="unknown")


def test_an_older_version_is_read_through_its_upcast_and_an_unknown_one_is_parked() -> None:
    seen: list[Changed] = []
    service = Service("reader")

    @service.on(Changed)
    async def note(event: Changed) -> None:
        await asyncio.sleep(0)
        seen.append(event)

    running = Running(service)
    assert running.batch({"id": "1"}, version=1).failures == ()
    assert running.batch({"id": "2", "by": "ada"}, version=2).failures == ()
    assert seen == [Changed(id="1", by="unknown"), Changed(id="2", by="ada")]
    (parked,) = running.batch({"id": "3"}, version=3).parked
    assert parked.fault.reason is Reason.UNKNOWN_VERSION


def test_an_upcast_that_fails_fails_the_delivery() -> None:
    service = Service("reader")

    @event("work.counted", version=1, key="id")
    class V1(Event):
        id: str

    @event("work.counted", version=2, key="id")
    class V2(Event):
        id: str
        n: int

    @upcast
    def counted(old: V1) -> V2:
        return V2(id=old.id, n=int(old.id))

    @service.on(V2)
    def note(event: V2) -> None:
        """Nothing."""

    outcome = Running(service).batch({"id": "1"}, {"id": "x"}, version=1)
    assert [one.receipt for one in outcome.failures] == ["r1"]
    assert outcome.failures[0].error.startswith("ValueError")
    assert counted(V1(id="7")).n == 7


def blocks(log: list[str]) -> Service:
    """A consumer with two blocks, and a third if the first one meets a conflict."""
    service = Service("blocks")

    @service.table("notes", key="id")
    class Notes(Table[str, Note, Can]):
        """Notes."""

    @service.queue("jobs")
    class Jobs(Queue[Job, Can]):
        """Jobs."""

    @service.worker(Jobs)
    def do(job: Job, notes: Notes[Put]) -> None:
        with atomic() as tx:
            pass  # an empty block takes no mark
        for _ in range(2):
            try:
                with atomic() as tx:
                    tx.put(notes, Note("a"))
                break
            except Conflict:
                log.append("conflict")
        with atomic() as tx:
            tx.put(notes, Note("b"))

    return service


def marks(broker: RecordingBroker) -> list[Mark | None]:
    """The mark of each commit."""
    return [one.operation.mark for one in broker.requests if isinstance(one.operation, Commit)]


def test_the_first_block_that_commits_carries_the_mark_and_each_delivery_has_its_own() -> None:
    running = Running(blocks([]))
    assert running.batch({"number": 1}, {"number": 2}).failures == ()
    assert marks(running.broker) == [Mark("blocks.do", "m0"), None, Mark("blocks.do", "m1"), None]


def test_a_block_that_was_refused_leaves_the_mark_to_the_one_that_tries_again() -> None:
    log: list[str] = []

    def once(request: Request) -> Result:
        return Done() if log else Refused(ConditionFailed.code, "stale")

    running = Running(blocks(log), broker=RecordingBroker(once))
    assert running.batch({"number": 1}).failures == ()
    assert log == ["conflict"]
    assert marks(running.broker) == [Mark("blocks.do", "m0"), Mark("blocks.do", "m0"), None]


def test_a_broker_that_fails_fails_the_delivery_and_its_span_says_interrupted() -> None:
    def broken(_: Request) -> Result:
        raise OSError("disk")

    outcome = Running(blocks([]), broker=RecordingBroker(broken)).batch({"number": 1})
    assert [one.error for one in outcome.failures] == ["OSError: disk"]
    assert {(one.kind, one.error) for one in outcome.spans} == {
        ("operation", "interrupted"),
        ("delivery", "OSError: disk"),
    }


def test_operations_hang_below_their_delivery_and_are_named_after_what_they_do() -> None:
    outcome = Running(blocks([])).batch({"number": 1})
    delivery = next(one for one in outcome.spans if one.kind == "delivery")
    operations = [one for one in outcome.spans if one.kind == "operation"]
    assert [one.name for one in operations] == ["commit put blocks.notes"] * 2
    assert {(one.parent, one.trace) for one in operations} == {(delivery.id, TRACE)}
