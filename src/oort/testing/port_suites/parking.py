"""The contract of parking: unreadable messages wait unchanged until a release."""

import pytest

from oort.model.errors import NotUnderstood
from oort.model.messages import Fault, Message, Older, ParkedMessage, Reason
from oort.ports.bundle import Ports
from oort.rules.messaging import envelopes
from oort.testing.port_suites.target import (
    ATTEMPTS,
    MOMENT,
    OTHER_WORK,
    VISIBILITY,
    WORK,
    Contract,
    Target,
    message,
    received,
)

FAULT = Fault(Reason.UNKNOWN_VERSION, "suite.work a has version 9, and version 1 is known.\n\x00")
NEWER = Message(
    id="n", name=WORK, body=b'{"n":[1.0,"\xc3\xa9"]}', version=9, key="k", traceparent="00-aa-bb-01", sent=1.5, oldest=8,
    older=(Older(7, b'{"n":1}'),),
)  # fmt: skip


@pytest.mark.contract
class ParkingContract(Contract):
    """Park, inspect and release."""

    def test_what_is_parked_leaves_its_queue_and_is_seen(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, NEWER)
        park(target, ports)
        (seen,) = waiting(target, ports, 1)
        assert (seen.queue, seen.message, seen.fault.reason) == (
            WORK,
            NEWER,
            Reason.UNKNOWN_VERSION,
        )
        assert seen.fault.detail.startswith("suite.work a has version 9, and version 1 is known.")
        assert envelopes.unwrapped(seen.raw) == NEWER
        target.wait(VISIBILITY + MOMENT)
        assert ports.deliveries.receive(WORK, most=10) == []
        target.eventually(lambda: ports.queue_inspection.depth(WORK).parked == 1)
        assert ports.queue_inspection.depth(WORK).dead == 0

    def test_looking_takes_nothing_away(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, NEWER)
        park(target, ports)
        first = waiting(target, ports, 1)
        assert [parked.message for parked in waiting(target, ports, 1)] == [
            parked.message for parked in first
        ]

    def test_what_is_released_comes_back_with_fresh_attempts(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, NEWER)
        park(target, ports)
        waiting(target, ports, 1)
        release(target, ports, ["n"])
        for attempt in range(1, ATTEMPTS + 1):
            (delivery,) = received(target, ports, WORK, 1)
            assert (delivery.message, delivery.attempt) == (NEWER, attempt)
            target.wait(VISIBILITY + MOMENT)
        assert ports.parking.parked(WORK, most=10) == []

    def test_only_what_is_ready_is_released(self, target: Target, ports: Ports) -> None:
        names = [f"m{number:02}" for number in range(23)]
        for name in names:
            ports.queues.send(WORK, message(name))
        park(target, ports, count=23)
        waiting(target, ports, 23)
        even = names[::2]
        release(target, ports, even)
        assert [parked.message.id for parked in received(target, ports, WORK, len(even))] == even
        left = waiting(target, ports, 11)
        assert sorted(parked.message.id for parked in left) == names[1::2]

    def test_a_stale_receipt_takes_nothing_off_the_queue(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("a"))
        (late,) = received(target, ports, WORK, 1)
        target.wait(VISIBILITY + MOMENT)
        (current,) = received(target, ports, WORK, 1)
        ports.deliveries.park(WORK, late, FAULT)
        assert {parked.message.id for parked in ports.parking.parked(WORK, most=10)} <= {
            "a"
        }  # SQS has a copy by then
        target.wait(VISIBILITY + MOMENT)
        (again,) = received(target, ports, WORK, 1)
        assert (again.message, again.attempt) == (current.message, current.attempt + 1)

    def test_a_body_that_is_no_json_is_kept_to_the_byte(self, target: Target, ports: Ports) -> None:
        bodies = {"a": b"\xff\x00garbage", "b": b"", "c": b'{"n":1,"n":2}', "d": b"{ }"}
        for name, body in bodies.items():
            ports.queues.send(WORK, message(name, body=body))
        park(target, ports, count=len(bodies), fault=Fault(Reason.MALFORMED, ""))
        assert {
            parked.message.id: parked.message.body for parked in waiting(target, ports, len(bodies))
        } == bodies

    def test_what_is_discarded_is_gone_and_the_others_stay(
        self, target: Target, ports: Ports
    ) -> None:
        for name in "abc":
            ports.queues.send(WORK, message(name))
        park(target, ports, count=3)
        waiting(target, ports, 3)
        discarded = 0

        def done() -> bool:
            nonlocal discarded
            discarded += ports.parking.discard(WORK, chosen=lambda parked: parked.message.id != "b")
            return discarded == 2

        target.eventually(done)
        assert [parked.message.id for parked in waiting(target, ports, 1)] == ["b"]
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_the_oldest_come_first(self, target: Target, ports: Ports) -> None:
        for name in ("b", "a", "c"):
            ports.queues.send(WORK, message(name))
            park(target, ports)
            target.wait(MOMENT)
        assert [parked.message.id for parked in waiting(target, ports, 3)] == ["b", "a", "c"]

    def test_putting_dead_letters_back_leaves_what_is_parked(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, NEWER)
        park(target, ports)
        waiting(target, ports, 1)
        assert ports.queue_inspection.redrive(WORK) == 0
        assert [parked.message for parked in waiting(target, ports, 1)] == [NEWER]
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_each_queue_has_its_own(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, NEWER)
        park(target, ports)
        waiting(target, ports, 1)
        assert ports.parking.parked(OTHER_WORK, most=10) == []
        assert ports.parking.release(OTHER_WORK, ready=lambda _: True) == 0
        with pytest.raises(KeyError):
            ports.parking.parked("suite.none", most=1)

    def test_what_is_released_by_its_fault(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("a"))
        park(target, ports, fault=NotUnderstood(FAULT).fault)
        waiting(target, ports, 1)
        assert (
            ports.parking.release(
                WORK, ready=lambda parked: parked.fault.reason is Reason.MALFORMED
            )
            == 0
        )
        assert len(waiting(target, ports, 1)) == 1


def park(target: Target, ports: Ports, *, count: int = 1, fault: Fault = FAULT) -> None:
    """Receive `count` messages of the queue and park them."""
    for delivery in received(target, ports, WORK, count):
        ports.deliveries.park(WORK, delivery, fault)


def waiting(target: Target, ports: Ports, count: int) -> list[ParkedMessage]:
    """Wait until `count` messages are parked and return them."""
    messages: list[ParkedMessage] = []

    def there() -> bool:
        messages[:] = ports.parking.parked(WORK, most=100)
        return len(messages) == count

    target.eventually(there)
    return messages


def release(target: Target, ports: Ports, ids: list[str]) -> None:
    """Release the messages with these ids, all of them."""
    released = 0

    def done() -> bool:
        nonlocal released
        released += ports.parking.release(WORK, ready=lambda parked: parked.message.id in ids)
        return released == len(ids)

    target.eventually(done)
