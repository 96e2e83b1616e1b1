"""The contract of queues: deliveries, visibility, attempts, dead letters, delays and limits."""

import json
from datetime import timedelta

import pytest

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.messages import DeadLetter, Delivery
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import (
    ATTEMPTS,
    MOMENT,
    OTHER_WORK,
    SOON,
    VISIBILITY,
    WORK,
    Contract,
    Target,
    filling,
    message,
    received,
)

NOW = timedelta(0)


def receive_one(target: Target, ports: Ports, queue: str = WORK) -> Delivery:
    return received(target, ports, queue, 1)[0]


def dead(target: Target, ports: Ports, queue: str, count: int) -> list[DeadLetter]:
    """Wait for `count` dead letters and return them.

    SQS moves a message to the dead letters at the next delivery, so this receives while it polls.
    """

    def there() -> bool:
        assert ports.deliveries.receive(queue, most=10) == []
        return ports.queue_inspection.depth(queue).dead == count

    target.eventually(there)
    return ports.queue_inspection.dead(queue, most=count + 1)


def use_up(target: Target, ports: Ports, queue: str = WORK) -> None:
    """Fail every attempt of the only message of the queue."""
    for attempt in range(1, ATTEMPTS + 1):
        delivery = receive_one(target, ports, queue)
        assert delivery.attempt == attempt
        ports.deliveries.retry(
            queue, delivery.receipt, after=NOW, error=f"attempt {attempt} failed"
        )


@pytest.mark.contract
class QueuesContract(Contract):
    """At-least-once delivery."""

    def test_a_message_comes_as_it_was_sent(self, target: Target, ports: Ports) -> None:
        sent = message("1", body='{"text":"é"}'.encode())
        ports.queues.send(WORK, sent)
        delivery = receive_one(target, ports)
        assert delivery.message == sent
        assert delivery.attempt == 1

    def test_a_body_may_hold_every_character_of_json(self, target: Target, ports: Ports) -> None:
        text = '\x00\x1f\x7f\u0085\ufffd\ufffe\uffff\U0001fffe<&>"\\'
        for number, escaped in enumerate((True, False)):
            ports.queues.send(
                WORK,
                message(str(number), body=json.dumps({text: text}, ensure_ascii=escaped).encode()),
            )
        for delivery in received(target, ports, WORK, 2):
            assert json.loads(delivery.message.body) == {text: text}

    def test_an_empty_queue_hands_over_nothing(self, ports: Ports) -> None:
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_queues_are_apart(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        assert ports.deliveries.receive(OTHER_WORK, most=10) == []
        assert receive_one(target, ports).message.id == "1"

    def test_an_unknown_queue_is_a_key_error(self, ports: Ports) -> None:
        with pytest.raises(KeyError):
            ports.queues.send("suite.nothing", message("1"))
        with pytest.raises(KeyError):
            ports.deliveries.receive("suite.nothing", most=1)

    def test_at_most_as_many_as_asked_for_and_never_more_than_ten(self, ports: Ports) -> None:
        for number in range(15):
            ports.queues.send(WORK, message(str(number)))
        assert len(ports.deliveries.receive(WORK, most=2)) <= 2
        assert len(ports.deliveries.receive(WORK, most=100)) <= 10
        assert ports.deliveries.receive(WORK, most=0) == []

    def test_every_message_is_handed_over(self, target: Target, ports: Ports) -> None:
        for number in range(15):
            ports.queues.send(WORK, message(f"{number:02}"))
        deliveries = received(target, ports, WORK, 15)
        assert [delivery.message.id for delivery in deliveries] == [
            f"{number:02}" for number in range(15)
        ]

    def test_two_sends_of_one_id_are_two_messages(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        ports.queues.send(WORK, message("1"))
        first, second = received(target, ports, WORK, 2)
        ports.deliveries.acknowledge(WORK, [first.receipt])
        ports.deliveries.retry(WORK, second.receipt, after=NOW, error="again")
        assert receive_one(target, ports).attempt == 2

    def test_a_message_in_flight_is_invisible(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        receive_one(target, ports)
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_a_message_that_is_not_settled_comes_back_as_the_next_attempt(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("1"))
        first = receive_one(target, ports)
        target.wait(VISIBILITY)
        second = receive_one(target, ports)
        assert (first.attempt, second.attempt) == (1, 2)
        assert second.message == first.message
        assert second.receipt != first.receipt

    def test_an_acknowledged_message_does_not_come_back(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        ports.deliveries.acknowledge(WORK, [receive_one(target, ports).receipt])
        target.wait(VISIBILITY + MOMENT)
        assert ports.deliveries.receive(WORK, most=10) == []
        assert ports.queue_inspection.depth(WORK).dead == 0

    def test_a_batch_is_acknowledged_in_part(self, target: Target, ports: Ports) -> None:
        for name in "abcd":
            ports.queues.send(WORK, message(name))
        deliveries = received(target, ports, WORK, 4)
        ports.deliveries.acknowledge(
            WORK, [delivery.receipt for delivery in deliveries if delivery.message.id in "ac"]
        )
        ports.deliveries.retry(WORK, deliveries[1].receipt, after=NOW, error="b failed")
        assert receive_one(target, ports).message.id == "b"
        target.wait(VISIBILITY)
        assert [(back.message.id, back.attempt) for back in received(target, ports, WORK, 2)] == [
            ("b", 3),
            ("d", 2),
        ]

    def test_acknowledging_nothing_is_fine(self, ports: Ports) -> None:
        ports.deliveries.acknowledge(WORK, [])

    def test_a_retried_message_comes_back_after_its_time(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("1"))
        ports.deliveries.retry(
            WORK, receive_one(target, ports).receipt, after=SOON * 3, error="failed"
        )
        target.wait(SOON)
        assert ports.deliveries.receive(WORK, most=10) == []
        target.wait(SOON * 2)
        assert receive_one(target, ports).attempt == 2

    def test_a_retry_may_be_at_once(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        ports.deliveries.retry(WORK, receive_one(target, ports).receipt, after=NOW, error="failed")
        assert receive_one(target, ports).attempt == 2

    def test_a_retry_waits_at_most_12_hours(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        delivery = receive_one(target, ports)
        with pytest.raises(LimitExceeded):
            ports.deliveries.retry(
                WORK, delivery.receipt, after=limits.VISIBILITY + SOON, error="failed"
            )
        with pytest.raises(InvalidValue):
            ports.deliveries.retry(WORK, delivery.receipt, after=-SOON, error="failed")
        ports.deliveries.retry(WORK, delivery.receipt, after=NOW, error="failed")
        assert receive_one(target, ports).attempt == 2

    def test_after_the_last_attempt_a_message_is_a_dead_letter(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("1"))
        use_up(target, ports)
        (letter,) = dead(target, ports, WORK, 1)
        assert letter.message == message("1")
        assert (letter.queue, letter.attempts) == (WORK, ATTEMPTS)
        target.wait(VISIBILITY)
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_a_last_attempt_that_never_ends_makes_a_dead_letter_too(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("1"))
        for _ in range(ATTEMPTS):
            receive_one(target, ports)
            target.wait(VISIBILITY)
        (letter,) = dead(target, ports, WORK, 1)
        assert letter.attempts == ATTEMPTS

    def test_a_dead_letter_says_why(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        use_up(target, ports)
        (letter,) = dead(target, ports, WORK, 1)
        assert f"attempt {ATTEMPTS} failed" in letter.error
        ports.queues.send(OTHER_WORK, message("2"))
        for _ in range(ATTEMPTS):
            receive_one(target, ports, OTHER_WORK)
            target.wait(VISIBILITY)
        (timed_out,) = dead(target, ports, OTHER_WORK, 1)
        assert timed_out.error

    def test_a_dead_letter_does_not_touch_other_messages(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("bad"))
        use_up(target, ports)
        ports.queues.send(WORK, message("good"))
        assert receive_one(target, ports).message.id == "good"

    def test_dead_letters_stay_where_they_are(self, target: Target, ports: Ports) -> None:
        for name in "ab":
            ports.queues.send(WORK, message(name))
            use_up(target, ports)
        assert sorted(letter.message.id for letter in dead(target, ports, WORK, 2)) == ["a", "b"]
        assert len(ports.queue_inspection.dead(WORK, most=1)) == 1
        assert ports.queue_inspection.depth(WORK).dead == 2
        assert ports.queue_inspection.dead(OTHER_WORK, most=10) == []

    def test_redrive_gives_dead_letters_fresh_attempts(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        use_up(target, ports)
        dead(target, ports, WORK, 1)
        assert ports.queue_inspection.redrive(WORK) == 1
        assert receive_one(target, ports).attempt == 1
        target.eventually(lambda: ports.queue_inspection.depth(WORK).dead == 0)
        assert ports.queue_inspection.dead(WORK, most=10) == []
        assert ports.queue_inspection.redrive(WORK) == 0

    def test_a_redriven_message_can_die_again(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        use_up(target, ports)
        dead(target, ports, WORK, 1)
        ports.queue_inspection.redrive(WORK)
        use_up(target, ports)
        assert len(dead(target, ports, WORK, 1)) == 1

    def test_a_stale_receipt_does_nothing(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        stale = receive_one(target, ports)
        target.wait(VISIBILITY)
        fresh = receive_one(target, ports)
        ports.deliveries.acknowledge(WORK, [stale.receipt])
        ports.deliveries.retry(WORK, stale.receipt, after=NOW, error="too late")
        assert ports.deliveries.receive(WORK, most=10) == []
        ports.deliveries.retry(WORK, fresh.receipt, after=NOW, error="failed")
        assert receive_one(target, ports).attempt == 3

    def test_a_receipt_is_spent_after_its_use(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        delivery = receive_one(target, ports)
        ports.deliveries.acknowledge(WORK, [delivery.receipt])
        ports.deliveries.retry(WORK, delivery.receipt, after=NOW, error="too late")
        ports.deliveries.acknowledge(WORK, [delivery.receipt])
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_a_delayed_message_is_not_visible_before_its_time(
        self, target: Target, ports: Ports
    ) -> None:
        ports.queues.send(WORK, message("1"), delay=SOON * 3)
        target.wait(SOON)
        assert ports.deliveries.receive(WORK, most=10) == []
        target.wait(SOON * 2)
        assert receive_one(target, ports).attempt == 1

    def test_a_delay_lasts_at_most_15_minutes(self, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"), delay=limits.MESSAGE_DELAY)
        with pytest.raises(LimitExceeded):
            ports.queues.send(WORK, message("2"), delay=limits.MESSAGE_DELAY + timedelta(seconds=1))
        with pytest.raises(InvalidValue):
            ports.queues.send(WORK, message("3"), delay=-SOON)

    def test_a_body_may_have_256_kib_and_no_more(self, target: Target, ports: Ports) -> None:
        fits = filling("1", size=limits.MESSAGE_BYTES)
        ports.queues.send(WORK, fits)
        with pytest.raises(LimitExceeded):
            ports.queues.send(WORK, filling("2", size=limits.MESSAGE_BYTES + 1))
        assert receive_one(target, ports).message == fits

    def test_peek_takes_nothing(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("1"))
        target.eventually(
            lambda: [waiting.id for waiting in ports.queue_inspection.peek(WORK, most=10)] == ["1"]
        )
        assert receive_one(target, ports).attempt == 1

    def test_depth_counts_waiting_in_flight_and_dead(self, target: Target, ports: Ports) -> None:
        ports.queues.send(WORK, message("bad"))
        use_up(target, ports)
        dead(target, ports, WORK, 1)
        for name in "abc":
            ports.queues.send(WORK, message(name))
        received(target, ports, WORK, 1)

        def counted() -> bool:
            depth = ports.queue_inspection.depth(WORK)
            return (depth.queue, depth.waiting, depth.in_flight, depth.dead) == (WORK, 2, 1, 1)

        target.eventually(counted)
