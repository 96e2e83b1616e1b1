"""Queues against a model of a few lines, in any order of operations that hypothesis finds."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model import limits
from oort.model.messages import Delivery
from oort.testing.port_suites.target import ATTEMPTS, PLATFORM, VISIBILITY, WORK, message
from tests.repeats import times

SECONDS = st.integers(0, 4).map(lambda number: timedelta(seconds=number))


@dataclass
class Expected:
    """One message as it should be: where it is, and until when."""

    id: str
    visible: timedelta
    attempts: int = 0
    leased: bool = False
    ended: int = 0  # starts while it was leased
    receipts: list[str] = field(default_factory=list)


class QueueMachine(RuleBasedStateMachine):
    """Sends, receives, settles and lets time pass, and compares with the model after each step."""

    deliveries = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.store = DirectStore()
        self.clock = VirtualClock()
        self.ports = bundle.on(self.store, platform=PLATFORM, clock=self.clock)
        self.now = timedelta(0)
        self.sent = 0
        self.live: dict[str, Expected] = {}
        self.dead: list[str] = []

    def teardown(self) -> None:
        self.store.close()

    def holder(self, delivery: Delivery) -> Expected | None:
        """The message that the receipt is still good for."""
        found = self.live.get(delivery.message.id)
        good = (
            found is not None
            and found.leased
            and found.visible > self.now
            and found.attempts == delivery.attempt
        )
        return (
            found if good and found is not None and found.receipts[-1] == delivery.receipt else None
        )

    @rule(delay=SECONDS)
    def send(self, delay: timedelta) -> None:
        self.sent += 1
        name = f"{self.sent:04}"
        self.ports.queues.send(WORK, message(name), delay=delay)
        self.live[name] = Expected(name, self.now + delay)

    @rule(target=deliveries, most=st.integers(1, 4))
    def receive(self, most: int) -> object:
        found = self.ports.deliveries.receive(WORK, most=most)
        ready = [one for one in self.live.values() if one.visible <= self.now]
        doomed = [one for one in ready if one.attempts >= ATTEMPTS]
        good = [one for one in ready if one not in doomed]
        suspects = [one for one in good if one.ended >= limits.SUSPECT]
        if not suspects:
            assert len(found) == min(most, len(good))
        elif self.live[found[0].message.id] in suspects:
            assert len(found) == 1  # it comes alone
        else:
            assert len(found) <= min(most, len(good) - len(suspects))
        for delivery in found:
            one = self.live[delivery.message.id]
            assert one in ready
            assert delivery.attempt == one.attempts + 1
            one.attempts, one.leased, one.visible = one.attempts + 1, True, self.now + VISIBILITY
            one.receipts.append(delivery.receipt)
        died = {
            letter.message.id for letter in self.ports.queue_inspection.dead(WORK, most=1000)
        } - set(self.dead)
        assert died <= {one.id for one in doomed}
        for name in died:
            del self.live[name]
            self.dead.append(name)
        return multiple(*found)

    @rule(delivery=deliveries)
    def acknowledge(self, delivery: Delivery) -> None:
        one = self.holder(delivery)
        self.ports.deliveries.acknowledge(WORK, [delivery.receipt])
        if one is not None:
            del self.live[one.id]

    @rule(delivery=consumes(deliveries), after=SECONDS)
    def retry(self, delivery: Delivery, after: timedelta) -> None:
        one = self.holder(delivery)
        self.ports.deliveries.retry(WORK, delivery.receipt, after=after, error="failed")
        if one is None:
            return
        if one.attempts >= ATTEMPTS:
            del self.live[one.id]
            self.dead.append(one.id)
        else:
            one.leased, one.ended, one.visible = False, 0, self.now + after

    @rule(by=SECONDS)
    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.now += by

    @rule()
    def redrive(self) -> None:
        assert self.ports.queue_inspection.redrive(WORK) == len(self.dead)
        for name in self.dead:
            self.live[name] = Expected(name, self.now)
        self.dead.clear()

    @rule()
    def restart(self) -> None:
        self.ports.deliveries.release_all()
        for one in self.live.values():
            if one.leased:
                wait = timedelta(seconds=min(one.ended, 60))
                one.leased, one.visible = False, self.now + wait
                one.attempts -= one.ended < limits.INTERRUPTIONS
                one.ended += 1

    @invariant()
    def counts_agree(self) -> None:
        depth = self.ports.queue_inspection.depth(WORK)
        flying = sum(1 for one in self.live.values() if one.leased and one.visible > self.now)
        assert (depth.waiting, depth.in_flight, depth.dead) == (
            len(self.live) - flying,
            flying,
            len(self.dead),
        )

    @invariant()
    def due_times_agree(self) -> None:
        later = [one.visible for one in self.live.values() if one.visible > self.now]
        expected = (VirtualClock().now() + min(later)).timestamp() if later else None
        assert self.ports.deliveries.next_due() == expected
        assert bool(self.ports.deliveries.ready_queues()) == any(
            one.visible <= self.now for one in self.live.values()
        )


TestQueuesAgainstAModel = QueueMachine.TestCase
TestQueuesAgainstAModel.settings = settings(
    max_examples=times(60), stateful_step_count=40, deadline=None
)
pytestmark = [pytest.mark.slow, pytest.mark.unmeasured]
