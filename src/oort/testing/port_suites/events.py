"""The contract of events: a copy for every subscriber, with its own attempts and dead letters."""

from datetime import timedelta

import pytest

from oort.model import limits
from oort.model.errors import LimitExceeded
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import (
    ATTEMPTS,
    HAPPENED,
    SOON,
    SUBSCRIBERS,
    UNHEARD,
    WORK,
    Contract,
    Target,
    filling,
    message,
    received,
)


@pytest.mark.contract
class EventsContract(Contract):
    """Fan-out."""

    def test_every_subscriber_gets_the_event_as_it_was_published(
        self, target: Target, ports: Ports
    ) -> None:
        event = message("1", name=HAPPENED, body=b'{"n":1}', key="customer 7")
        ports.events.publish(HAPPENED, event)
        for queue in SUBSCRIBERS:
            (delivery,) = received(target, ports, queue, 1)
            assert delivery.message == event
            assert delivery.attempt == 1

    def test_a_subscriber_that_fails_does_not_touch_the_others(
        self, target: Target, ports: Ports
    ) -> None:
        ports.events.publish(HAPPENED, message("1", name=HAPPENED))
        failing, healthy = SUBSCRIBERS
        for _ in range(ATTEMPTS):
            (delivery,) = received(target, ports, failing, 1)
            ports.deliveries.retry(failing, delivery.receipt, after=timedelta(0), error="failed")
        (delivery,) = received(target, ports, healthy, 1)
        ports.deliveries.acknowledge(healthy, [delivery.receipt])

        def dead() -> bool:
            assert ports.deliveries.receive(failing, most=10) == []
            return ports.queue_inspection.depth(failing).dead == 1

        target.eventually(dead)
        assert ports.queue_inspection.depth(healthy).dead == 0

    def test_every_event_arrives(self, target: Target, ports: Ports) -> None:
        for number in range(8):
            ports.events.publish(HAPPENED, message(str(number), name=HAPPENED))
        for queue in SUBSCRIBERS:
            assert [delivery.message.id for delivery in received(target, ports, queue, 8)] == list(
                "01234567"
            )

    def test_an_event_without_subscribers_is_gone(self, target: Target, ports: Ports) -> None:
        ports.events.publish(UNHEARD, message("1", name=UNHEARD))
        target.wait(SOON)
        assert all(ports.deliveries.receive(queue, most=10) == [] for queue in (WORK, *SUBSCRIBERS))

    def test_an_event_may_have_256_kib_and_no_more(self, target: Target, ports: Ports) -> None:
        fits = filling("1", name=HAPPENED, size=limits.MESSAGE_BYTES)
        ports.events.publish(HAPPENED, fits)
        with pytest.raises(LimitExceeded):
            ports.events.publish(
                HAPPENED, filling("2", name=HAPPENED, size=limits.MESSAGE_BYTES + 1)
            )
        for queue in SUBSCRIBERS:
            assert [delivery.message for delivery in received(target, ports, queue, 1)] == [fits]
