"""From the language of the broker to the ports: each operation reaches its port, and refusals are results."""

from datetime import timedelta

import msgspec
import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model.items import Equals, Item, SetTo
from oort.model.messages import Message
from oort.model.operations import (
    CheckItem,
    ClaimEffect,
    Commit,
    DeleteItem,
    Done,
    FinishEffect,
    Found,
    GetItem,
    Happened,
    Lease,
    Listed,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    Refused,
    ReleaseEffect,
    Result,
    ScanTable,
    SendMessage,
    UpdateItem,
)
from oort.runtime.operations import Operations
from tests.unit.programs import sign_up

MESSAGE = Message(id="m", name="email.outgoing", body=b"{}")
ADA: Item = {"id": "1", "country": "NO"}
NORWAY, SWEDEN = Equals(("country",), "NO"), Equals(("country",), "SE")


class World:
    """Operations on the engine's own ports."""

    def __init__(self) -> None:
        store, clock, platform = DirectStore(), VirtualClock(), sign_up()
        ports = bundle.on(store, platform=platform, clock=clock)
        self.deliveries, self.queue_inspection = ports.deliveries, ports.queue_inspection
        self._operations = Operations(ports)

    def perform(self, operation: Operation) -> Result:
        """Carry it out, after a trip through the wire format."""
        wire = msgspec.msgpack.decode(msgspec.msgpack.encode(operation), type=Operation)
        return self._operations.perform(wire)


def test_each_operation_reaches_its_port() -> None:
    world = World()
    people = "accounts.people"
    assert world.perform(PutItem(people, dict(ADA))) == Done()
    assert world.perform(GetItem(people, ("1",))) == Found(dict(ADA))
    changed: Item = {**ADA, "country": "SE"}
    assert world.perform(UpdateItem(people, ("1",), (SetTo(("country",), "SE"),))) == Found(changed)
    assert world.perform(CheckItem(people, ("1",), SWEDEN)) == Done()
    assert world.perform(QueryIndex(people, "by_country", "SE")) == Listed([changed], None)
    assert world.perform(ScanTable(people)) == Listed([changed], None)
    assert world.perform(DeleteItem(people, ("1",))) == Done()
    assert world.perform(GetItem(people, ("1",))) == Found(None)
    assert world.perform(SendMessage("email.outgoing", MESSAGE, delay=60.0)) == Done()
    assert world.deliveries.receive("email.outgoing", most=10) == []
    assert world.queue_inspection.peek("email.outgoing", most=10) == [MESSAGE]
    assert world.perform(PublishEvent("accounts.signed-up", MESSAGE)) == Done()
    assert world.queue_inspection.peek("email.welcome", most=10) == [MESSAGE]
    assert world.deliveries.next_due() == (VirtualClock().now() + timedelta(seconds=60)).timestamp()


def test_effects_are_noted_in_their_port() -> None:
    world, lease = World(), Lease("f", "m", "n", "me")
    other = msgspec.structs.replace(lease, holder="other")
    assert world.perform(ClaimEffect(lease, 60.0)) == Done()
    held = world.perform(ClaimEffect(other, 60.0))
    assert isinstance(held, Refused)
    assert (held.code, held.after) == ("effect.in-progress", 60.0)
    assert world.perform(ReleaseEffect(lease)) == Done()
    assert world.perform(ClaimEffect(other, 60.0)) == Done()
    assert world.perform(FinishEffect(lease, b"1")) == Done(applied=False)
    assert world.perform(FinishEffect(other, b"2")) == Done()
    assert world.perform(ClaimEffect(lease, 60.0)) == Happened(b"2")


@pytest.mark.parametrize(
    ("operation", "code", "position"),
    [
        (PutItem("accounts.people", dict(ADA), if_absent=True), "condition.failed", 0),
        (CheckItem("accounts.people", ("1",), SWEDEN), "condition.failed", 0),
        (UpdateItem("accounts.people", ("2",), (SetTo(("a",), 1),)), "item.missing", 0),
        (ScanTable("accounts.people", after="nonsense"), "cursor.invalid", 0),
        (ScanTable("accounts.people", limit=0), "use.invalid", 0),
        (GetItem("accounts.people", ("",)), "value.invalid", 0),
        (PutItem("accounts.people", {"id": "x" * 500_000}), "value.invalid", 0),
        (PutItem("accounts.people", {"id": "2", "text": "x" * 500_000}), "limit.exceeded", 0),
        (SendMessage("email.outgoing", MESSAGE, delay=1000.0), "limit.exceeded", 0),
        (SendMessage("email.outgoing", MESSAGE, delay=float("nan")), "value.invalid", 0),
        (ClaimEffect(Lease("f", "m", "n", "me"), float("nan")), "limit.exceeded", 0),
        (ClaimEffect(Lease("f", "m", "", "me"), 1.0), "use.invalid", 0),
        (
            Commit(
                (
                    PutItem("accounts.people", {"id": "3"}),
                    DeleteItem("accounts.people", ("1",), SWEDEN),
                )
            ),
            "condition.failed",
            1,
        ),
    ],
)
def test_what_a_port_refuses_is_a_result_with_its_code_and_place(
    operation: Operation, code: str, position: int
) -> None:
    world = World()
    world.perform(PutItem("accounts.people", dict(ADA)))
    result = world.perform(operation)
    assert isinstance(result, Refused)
    assert (result.code, result.position) == (code, position)
    assert result.detail
    assert world.perform(ScanTable("accounts.people")) == Listed([dict(ADA)], None)


def test_what_no_port_knows_is_an_error_of_the_target_and_not_a_refusal() -> None:
    for operation in (GetItem("no.table", ("1",)), SendMessage("no.queue", MESSAGE)):
        with pytest.raises(KeyError):
            World().perform(operation)
