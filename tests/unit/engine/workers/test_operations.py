"""Reads and writes that take no thread have the same results as operations that take one."""

import pytest

from oort.engine.engine import Engine
from oort.engine.store.direct import DirectStore
from oort.engine.workers import operations, wire
from oort.engine.workers.wire import Failed, ToWorker
from oort.model.errors import StateLost
from oort.model.items import Equals, SetTo
from oort.model.operations import DeleteItem, GetItem, Operation, PutItem, Request, UpdateItem
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


def started() -> tuple[Engine, list[Exception]]:
    engine = Desk(DirectStore()).engine
    engine.ports.tables.put(OLD)
    # No function of the program has all rights.
    rights = {(Kind.TABLE, "desk.notes", action) for action in ("get", "put", "update", "delete")}
    engine.broker._granted["desk.fail"] = frozenset(rights)
    return engine, []


def direct(engine: Engine, request: Request, failed: list[Exception]) -> bytes:
    """Return the frame that a worker gets, without a thread."""
    operation = request.operation
    if isinstance(operation, GetItem):
        return operations.read(engine.broker, request, operation, failed=failed.append)
    assert isinstance(operation, PutItem | UpdateItem | DeleteItem)
    planned = operations.planned(engine.broker, request, operation, failed=failed.append)
    if isinstance(planned, bytes):
        return planned
    outcomes: list[object] = []
    engine.broker.store.begin(planned.work, outcomes.append)
    return operations.written(planned, outcomes[0], failed=failed.append)


@pytest.mark.parametrize("operation", EVERYTHING, ids=repr)
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
        scans.append(engine.ports.tables.get("desk.notes", ("old",)))
        assert failed == []
    assert read(frames[0]) == read(frames[1])
    assert scans[0] == scans[1]


def test_a_failure_of_the_engine_is_reported_and_shows_no_details() -> None:
    engine, failed = started()
    request = Request(engine.broker.open("desk.ring"), OLD)
    planned = operations.planned(engine.broker, request, OLD, failed=failed.append)
    assert not isinstance(planned, bytes)
    defect = ZeroDivisionError("details")
    frame = read(operations.written(planned, defect, failed=failed.append))
    assert isinstance(frame, Failed)
    assert "details" not in frame.what
    assert failed == [defect]


def test_a_lost_state_is_told_to_the_handler() -> None:
    engine, failed = started()
    request = Request(engine.broker.open("desk.ring"), OLD)
    planned = operations.planned(engine.broker, request, OLD, failed=failed.append)
    assert not isinstance(planned, bytes)
    frame = read(operations.written(planned, StateLost("It is gone."), failed=failed.append))
    assert frame == Failed(StateLost.code, "It is gone.", "")
    assert failed == []


def _token(engine: Engine, function: str) -> str:
    known = {each.name for each in engine.program.model.functions}
    return engine.broker.open(function) if function in known else "unknown"


def read(frame: bytes) -> ToWorker:
    (result,) = wire.Frames[ToWorker](ToWorker).take(frame)
    return result
