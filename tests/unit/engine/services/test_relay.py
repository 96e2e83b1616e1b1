"""The relay: order, bounds, delays, and messages whose queue is gone."""

from dataclasses import replace
from datetime import timedelta

from oort.engine.services.relay import NO_QUEUE
from oort.model.operations import PublishEvent, PutItem, SendMessage, Write
from oort.testing.port_suites.target import (
    HAPPENED,
    NOTES,
    OTHER_WORK,
    PLATFORM,
    SUBSCRIBERS,
    UNHEARD,
    WORK,
    message,
)
from tests.unit.engine.services.conftest import Services


def waiting(services: Services) -> int:
    """How many messages are in the outbox."""
    row = services.store.row("SELECT count(*) FROM outbox")
    assert row is not None
    return int(row[0])


def ids(services: Services, queue: str) -> list[str]:
    return [found.id for found in services.queue_inspection.peek(queue, most=1000)]


def test_messages_leave_in_the_order_of_their_commits(services: Services) -> None:
    for number in range(30):
        key = "ab"[number % 2]
        writes: list[Write] = [
            PublishEvent(HAPPENED, message(f"{number} {part}", name=HAPPENED, key=key))
            for part in "xy"
        ]
        services.transactions.commit([PutItem(NOTES, {"id": str(number)}), *writes], None)
    while services.relay.move(most=7):
        pass
    for queue in SUBSCRIBERS:
        assert ids(services, queue) == [f"{number} {part}" for number in range(30) for part in "xy"]
        found = services.deliveries.receive(queue, most=10)
        assert [delivery.message.id for delivery in found] == ids_of_first(5)


def ids_of_first(count: int) -> list[str]:
    return [f"{number} {part}" for number in range(count) for part in "xy"]


def test_a_pass_is_bounded_and_says_how_many_it_moved(services: Services) -> None:
    services.transactions.commit(
        [SendMessage(WORK, message(str(number))) for number in range(5)], None
    )
    assert waiting(services) == 5
    assert [services.relay.move(most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert waiting(services) == 0
    assert ids(services, WORK) == list("01234")


def test_order_holds_after_the_outbox_was_empty(services: Services) -> None:
    for number in range(5):
        services.transactions.commit([SendMessage(WORK, message(str(number)))], None)
        services.relay.move()
    assert ids(services, WORK) == list("01234")


def test_a_pass_with_nothing_to_do_commits_nothing(services: Services) -> None:
    before = services.store.data_version()
    assert services.relay.move() == 0
    assert services.store.data_version() == before


def test_an_event_is_fanned_out_to_those_who_subscribe_when_it_leaves(services: Services) -> None:
    services.transactions.commit(
        [PublishEvent(HAPPENED, message("1")), PublishEvent(UNHEARD, message("2"))], None
    )
    assert services.relay.move() == 2
    assert [ids(services, queue) for queue in SUBSCRIBERS] == [["1"], ["1"]]


def test_a_delay_counts_from_the_commit(services: Services) -> None:
    services.transactions.commit([SendMessage(WORK, message("1"), delay=5.0)], None)
    services.clock.advance(timedelta(seconds=4))
    services.relay.move()
    assert services.deliveries.receive(WORK, most=1) == []
    services.clock.advance(timedelta(seconds=1))
    assert len(services.deliveries.receive(WORK, most=1)) == 1


def test_a_message_whose_queue_is_gone_is_kept_as_a_dead_letter_and_blocks_nobody(
    services: Services,
) -> None:
    services.transactions.commit(
        [SendMessage(OTHER_WORK, message("1")), SendMessage(WORK, message("2"))], None
    )
    (service,) = PLATFORM.services
    resources = tuple(resource for resource in service.resources if resource.name != OTHER_WORK)
    without = services.running(replace(PLATFORM, services=(replace(service, resources=resources),)))
    assert without.relay.move() == 2
    assert ids(without, WORK) == ["2"]
    (letter,) = services.queue_inspection.dead(OTHER_WORK, most=2)
    assert (letter.message.id, letter.error) == ("1", NO_QUEUE)
    assert services.queue_inspection.redrive(OTHER_WORK) == 1
