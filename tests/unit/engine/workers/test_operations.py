"""Reads and writes that take no thread have the same results as operations that take one."""

from dataclasses import replace

import pytest

from oort.engine.engine import Engine
from oort.engine.invoking.plans import Write
from oort.engine.rows.planned import Planned
from oort.engine.store.direct import DirectStore
from oort.engine.workers import operations, wire
from oort.engine.workers.wire import Failed, ToWorker
from oort.model.errors import StateLost
from oort.model.items import Equals, SetTo
from oort.model.messages import Message
from oort.model.operations import (
    Commit,
    DeleteItem,
    GetItem,
    Mark,
    Operation,
    PublishEvent,
    PutItem,
    Request,
    ScanTable,
    SendMessage,
    UpdateItem,
)
from oort.model.resources import Kind
from tests.unit.engine.desk import Desk

OLD = PutItem("desk.notes", {"id": "old", "count": 1})
EVERYTHING: list[Operation] = [
    GetItem("desk.notes", ("old",)),
    GetItem("desk.notes", ("new",)),
    GetItem("desk.notes", ("",)),
    GetItem("desk.nowhere", ("1",)),
    PutItem("desk.notes", {"id": "new", "count": 2**70}),
    PutItem("desk.notes", {"id": "old"}, if_absent=True),
    PutItem("desk.notes", {"id": "old"}, when=Equals(("count",), 2)),
    PutItem("desk.notes", {}),
    PutItem("desk.notes", {"id": "big", "text": "a" * 500_000}),
    UpdateItem("desk.notes", ("old",), (SetTo(("count",), 5),)),
    UpdateItem("desk.notes", ("new",), (SetTo(("count",), 5),)),
    DeleteItem("desk.notes", ("old",)),
    DeleteItem("desk.notes", ("old",), when=Equals(("count",), 2)),
]
GOOD = Message(id="m", name="desk.jobs", body=b'{"id":"1"}', checked=True)
TWICE = Message(id="m", name="desk.jobs", body=b'{"id":"1","id":"2"}', checked=True)
RUNG = Message(id="m", name="desk.rung", body=b'{"id":"1"}', checked=True)
WITH_MESSAGES: list[Operation] = [
    SendMessage("desk.jobs", GOOD, 0),
    SendMessage("desk.jobs", GOOD, 60),
    SendMessage("desk.jobs", GOOD, 1e9),
    SendMessage("desk.jobs", TWICE, 0),
    SendMessage("desk.nowhere", GOOD, 0),
    PublishEvent("desk.rung", RUNG),
    PublishEvent("desk.rung", TWICE),
    PublishEvent("desk.nothing", RUNG),
    Commit((PutItem("desk.notes", {"id": "new"}), SendMessage("desk.jobs", GOOD, 0)), None),
    Commit((PutItem("desk.notes", {"id": "old"}, if_absent=True), PublishEvent("desk.rung", RUNG)), None),
    Commit((PutItem("desk.notes", {"id": "a"}), PutItem("desk.notes", {"id": "a"})), None),
    Commit((SendMessage("desk.jobs", TWICE, 0),), None),
    Commit((PutItem("desk.notes", {"id": "new"}),), Mark("desk.fail", "m")),
    Commit((PutItem("desk.notes", {"id": "new"}),), Mark("desk.other", "m")),
    Commit((), None),
    Commit(tuple(PutItem("desk.notes", {"id": str(n)}) for n in range(24)), Mark("desk.fail", "m")),
]  # fmt: skip


def started() -> tuple[Engine, list[Exception]]:
    engine = Desk(DirectStore()).engine
    engine.ports.tables.put(OLD)
    # No function of the program has all rights.
    rights = {(Kind.TABLE, "desk.notes", action) for action in ("get", "put", "update", "delete")}
    rights |= {(Kind.QUEUE, "desk.jobs", "send"), (Kind.EVENT, "desk.rung", "publish")}
    engine.broker._granted["desk.fail"] = frozenset(rights)
    # What must be counted or read once was counted and read.
    engine.ports.backlog.admit_event("desk.rung")
    engine.ports.backlog.admit_outgoing()
    engine.ports.backlog.admit("desk.jobs")
    engine.ports.effects._steady.now()
    return engine, []


def direct(engine: Engine, request: Request, failed: list[Exception]) -> bytes:
    """Return the frame that a worker gets, without a thread."""
    operation = request.operation
    if isinstance(operation, GetItem):
        return operations.read(engine.broker, request, operation, failed=failed.append)
    assert isinstance(operation, Write)
    planned = operations.planned(engine.broker, request, operation, failed=failed.append)
    if isinstance(planned, bytes):
        return planned
    assert planned is not None
    outcomes: list[object] = []
    engine.broker.store.begin(planned.work, outcomes.append)
    return operations.written(planned, outcomes[0], failed=failed.append)


@pytest.mark.parametrize("operation", [*EVERYTHING, *WITH_MESSAGES], ids=repr)
@pytest.mark.parametrize("function", ["desk.show", "desk.ring", "desk.fail", "desk.everybody"])
def test_the_frame_is_the_same(function: str, operation: Operation) -> None:
    frames, scans = [], []
    for is_direct in (True, False):
        engine, failed = started()
        request = Request(_token(engine, function), operation)
        frames.append(
            direct(engine, request, failed)
            if is_direct
            else operations.answered(engine.broker, request, failed=failed.append)
        )
        scans.append(
            (
                engine.ports.tables.scan(ScanTable("desk.notes")).items,
                engine.ports.queue_inspection.depth("desk.jobs"),
                engine.ports.queue_inspection.depth("desk.count"),
                engine.ports.relay.waiting(),
            )
        )
        assert failed == []
    assert read(frames[0]) == read(frames[1])
    assert scans[0] == scans[1]


@pytest.mark.parametrize(
    "operation",
    [
        SendMessage("desk.jobs", GOOD, 0),
        PublishEvent("desk.rung", RUNG),
        Commit((SendMessage("desk.jobs", GOOD, 0),), None),
        Commit((PublishEvent("desk.rung", RUNG),), None),
    ],
    ids=repr,
)
def test_a_queue_that_must_be_counted_takes_a_thread(operation: Operation) -> None:
    assert _needs_a_thread(operation) is False
    assert _needs_a_thread(operation, by="count") is True


@pytest.mark.parametrize(
    "operation",
    [
        SendMessage("desk.jobs", GOOD, 60),
        Commit((SendMessage("desk.jobs", GOOD, 60),), None),
        Commit((PutItem("desk.notes", {"id": "new"}),), Mark("desk.fail", "m")),
    ],
    ids=repr,
)
def test_a_clock_that_was_set_takes_a_thread(operation: Operation) -> None:
    assert _needs_a_thread(operation) is False
    assert _needs_a_thread(operation, by="jump") is True
    assert _needs_a_thread(operation, by="lock") is True


def test_a_large_commit_takes_a_thread() -> None:
    puts = tuple(PutItem("desk.notes", {"id": str(n)}) for n in range(26))
    assert _needs_a_thread(Commit(puts[:25], None)) is False
    assert _needs_a_thread(Commit(puts, None)) is True


def _needs_a_thread(operation: Operation, *, by: str = "") -> bool:
    engine, failed = started()
    jumps = engine.ports.effects._steady._jumps
    if by == "count":
        engine.ports.backlog._counts.clear()
    elif by == "jump":
        jumps._seen = replace(jumps._seen, wall=jumps._seen.wall - 3600)
    elif by == "lock":
        assert jumps._lock.acquire(blocking=False)
    request = Request(_token(engine, "desk.fail"), operation)
    assert isinstance(operation, Write)
    planned = operations.planned(engine.broker, request, operation, failed=failed.append)
    assert failed == []
    assert not isinstance(planned, bytes)
    return planned is None


def test_a_failure_of_the_engine_is_reported_and_shows_no_details() -> None:
    engine, failed = started()
    request = Request(engine.broker.open("desk.ring"), OLD)
    planned = operations.planned(engine.broker, request, OLD, failed=failed.append)
    assert isinstance(planned, Planned)
    defect = ZeroDivisionError("details")
    frame = read(operations.written(planned, defect, failed=failed.append))
    assert isinstance(frame, Failed)
    assert "details" not in frame.what
    assert failed == [defect]


def test_a_lost_state_is_told_to_the_handler() -> None:
    engine, failed = started()
    request = Request(engine.broker.open("desk.ring"), OLD)
    planned = operations.planned(engine.broker, request, OLD, failed=failed.append)
    assert isinstance(planned, Planned)
    frame = read(operations.written(planned, StateLost("It is gone."), failed=failed.append))
    assert frame == Failed(StateLost.code, "It is gone.", "")
    assert failed == []


def _token(engine: Engine, function: str) -> str:
    known = {each.name for each in engine.program.model.functions}
    return engine.broker.open(function) if function in known else "unknown"


def read(frame: bytes) -> ToWorker:
    (result,) = wire.Frames[ToWorker](ToWorker).take(frame)
    return result
