"""The history keeps the newest events in their order, and hands them out by event, by place and by time."""

from datetime import timedelta

import pytest

from oort.model import limits
from oort.testing.port_suites.target import HAPPENED, SUBSCRIBERS, UNHEARD, message
from tests.unit.engine.services.conftest import Services


def publish(services: Services, *ids: str, event: str = HAPPENED) -> None:
    for name in ids:
        services.events.publish(event, message(name, name=event))


def test_the_last_ones_come_in_their_order(services: Services) -> None:
    history = services.ports.history
    publish(services, "a", "b", "c")
    publish(services, "x", event=UNHEARD)
    assert [one.message.id for one in history.last(most=2)] == ["c", "x"]
    assert [one.message.id for one in history.last(HAPPENED, most=2)] == ["b", "c"]


def test_whoever_follows_goes_on_after_a_place(services: Services) -> None:
    history = services.ports.history
    publish(services, "a", "b")
    (first, _) = history.after(0, most=10)
    services.clock.advance(timedelta(minutes=5))
    publish(services, "c")
    assert [one.message.id for one in history.after(first.place, most=10)] == ["b", "c"]
    recent = (services.clock.now() - timedelta(minutes=1)).timestamp()
    assert [one.message.id for one in history.after(0, since=recent, most=10)] == ["c"]


def test_a_replay_goes_to_one_queue_only(services: Services) -> None:
    history = services.ports.history
    publish(services, "a", "b")
    for queue in SUBSCRIBERS:
        services.deliveries.acknowledge(
            queue, [one.receipt for one in services.deliveries.receive(queue, most=10)]
        )
    history.replay(SUBSCRIBERS[0], [one.message for one in history.last(most=10)])
    assert [len(services.deliveries.receive(queue, most=10)) for queue in SUBSCRIBERS] == [2, 0]


def test_the_oldest_go(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HISTORY_EVENTS", 3)
    history = services.ports.history
    publish(services, *"abcdefg")
    assert [one.message.id for one in history.last(most=10)] == ["e", "f", "g"]
