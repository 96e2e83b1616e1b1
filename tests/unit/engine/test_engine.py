"""The engine as a whole: what start does first, and what it leaves to its caller."""

from datetime import timedelta

import msgspec

from oort.engine.clocks import VirtualClock
from oort.engine.store.direct import DirectStore
from oort.model.messages import Message
from oort.model.operations import Lease, PutItem
from tests.unit.engine.desk import Desk

MESSAGE = Message(id="m", name="desk.jobs", body=b'{"id":"1"}')


def test_leases_that_a_killed_process_left_end_at_the_start() -> None:
    store, clock = DirectStore(), VirtualClock()
    before = Desk(store, clock=clock)
    before.engine.ports.queues.send("desk.jobs", MESSAGE)
    assert len(before.engine.ports.deliveries.receive("desk.jobs", most=1)) == 1
    after = Desk(store, clock=clock)
    after.engine.start()
    try:
        after.deliveries.until(lambda: len(after.deliveries.reports) == 1)
    finally:
        after.engine.stop()
    assert after.deliveries.reports[0].failure is None
    assert after.deliveries.errors == []


def test_an_effect_that_a_killed_process_had_begun_may_be_tried_at_once() -> None:
    store, clock = DirectStore(), VirtualClock()
    lease = Lease("desk.work", "m", "charge", "killed")
    Desk(store, clock=clock).engine.ports.effects.claim(lease, length=timedelta(hours=12))
    after = Desk(store, clock=clock)
    after.engine.start()
    after.engine.stop()
    again = msgspec.structs.replace(lease, holder="next")
    assert after.engine.ports.effects.claim(again, length=timedelta(hours=12)) is None


def test_a_commit_with_a_message_wakes_the_engine_and_the_store_stays_open() -> None:
    store = DirectStore()
    desk = Desk(store, clock=VirtualClock())
    desk.engine.start()
    desk.engine.ports.queues.send("desk.jobs", MESSAGE)
    desk.deliveries.until(lambda: len(desk.deliveries.reports) == 1)
    desk.engine.stop()
    assert desk.engine.ports.queue_inspection.depth("desk.jobs").waiting == 0
    desk.engine.ports.tables.put(PutItem("desk.notes", {"id": "1"}))
    assert store.data_version() > 0


def test_without_a_start_it_stands_still() -> None:
    clock = VirtualClock()
    desk = Desk(DirectStore(), clock=clock)
    desk.engine.ports.queues.send("desk.jobs", MESSAGE)
    clock.advance(timedelta(days=1))
    assert desk.deliveries.reports == []
    assert desk.engine.consumers.deliver("desk.jobs") == 1
    assert len(desk.deliveries.reports) == 1
