"""What the engine's queues do beyond the contract: settle and lease in one commit, due times, start-up, retention."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.rows.messages import LEASE_ENDED, PLATFORM_ENDED
from oort.engine.services import bundle
from oort.engine.services.deliveries import Retry
from oort.engine.store.group import GroupCommitStore
from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.messages import QueueDepth
from oort.model.platform import PlatformModel
from oort.model.resources import QueueModel
from oort.testing.port_suites.target import (
    ATTEMPTS,
    OTHER_WORK,
    PLATFORM,
    VISIBILITY,
    WORK,
    message,
)
from tests.unit.engine.services.conftest import Services

SECOND = timedelta(seconds=1)
NOW = timedelta(0)


def with_queues(
    platform: PlatformModel, *, attempts: int = ATTEMPTS, without: str = ""
) -> PlatformModel:
    (service,) = platform.services
    queues = tuple(
        replace(queue, attempts=attempts) for queue in service.queues if queue.name != without
    )
    others = tuple(
        resource for resource in service.resources if not isinstance(resource, QueueModel)
    )
    return replace(platform, services=(replace(service, resources=(*others, *queues)),))


def moment(services: Services, after: timedelta) -> float:
    return (services.clock.now() + after).timestamp()


def test_settling_acknowledges_fails_and_leases_in_one_commit(services: Services) -> None:
    queues, deliveries = services.queues, services.deliveries
    for name in "abcd":
        queues.send(WORK, message(name))
    a, b, c = deliveries.receive(WORK, most=3)
    before = services.store.data_version()
    (d,) = deliveries.settle(
        WORK, acknowledged=[a.receipt], failed=[Retry(b.receipt, SECOND, "b failed")], most=10
    )
    assert services.store.data_version() == before + 1
    assert d.message.id == "d"
    services.clock.advance(SECOND)
    (again,) = deliveries.settle(WORK, acknowledged=[c.receipt, d.receipt], most=10)
    assert (again.message.id, again.attempt) == ("b", 2)
    assert services.queue_inspection.depth(WORK) == QueueDepth(
        queue=WORK, waiting=0, in_flight=1, dead=0
    )


def test_an_error_may_have_many_lines(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    for _ in range(ATTEMPTS):
        (delivery,) = services.deliveries.receive(WORK, most=1)
        services.deliveries.retry(
            WORK, delivery.receipt, after=NOW, error="ValueError: no\n\nTraceback …"
        )
    assert services.queue_inspection.dead(WORK, most=1)[0].error == "ValueError: no\n\nTraceback …"
    assert services.queue_inspection.dead(WORK, most=1)[0].died == services.clock.now().timestamp()


def test_a_last_attempt_that_never_ended_says_so(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    for _ in range(ATTEMPTS):
        services.deliveries.receive(WORK, most=1)
        services.clock.advance(VISIBILITY)
    assert services.deliveries.receive(WORK, most=1) == []
    assert [letter.error for letter in services.queue_inspection.dead(WORK, most=2)] == [
        LEASE_ENDED
    ]


def test_behind_messages_that_die_others_are_handed_over(services: Services) -> None:
    for name in "abc":
        services.queues.send(WORK, message(name))
    for _ in range(ATTEMPTS):
        services.deliveries.receive(WORK, most=3)
        services.clock.advance(VISIBILITY)
    services.queues.send(WORK, message("d"))
    assert [delivery.message.id for delivery in services.deliveries.receive(WORK, most=2)] == ["d"]
    assert sorted(letter.message.id for letter in services.queue_inspection.dead(WORK, most=9)) == [
        "a",
        "b",
        "c",
    ]


def test_a_receipt_ends_with_its_visibility_time_out(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    services.clock.advance(VISIBILITY)
    services.deliveries.acknowledge(WORK, [delivery.receipt])
    services.deliveries.retry(WORK, delivery.receipt, after=SECOND, error="late")
    assert services.deliveries.receive(WORK, most=1)[0].attempt == 2


@pytest.mark.parametrize(
    "receipt", ["", "x", "1", "1-", "-1", "1-1-1", "²-1", "9" * 40 + "-1", "0-0"]
)
def test_what_is_no_receipt_settles_nothing(services: Services, receipt: str) -> None:
    services.queues.send(WORK, message("a"))
    services.deliveries.receive(WORK, most=1)
    services.deliveries.settle(WORK, acknowledged=[receipt], failed=[Retry(receipt, NOW, "x")])
    assert services.queue_inspection.depth(WORK).in_flight == 1


def test_a_receipt_is_of_one_queue(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    services.deliveries.acknowledge(OTHER_WORK, [delivery.receipt])
    services.deliveries.retry(OTHER_WORK, delivery.receipt, after=NOW, error="x")
    assert services.queue_inspection.depth(WORK).in_flight == 1


def test_an_old_receipt_never_names_a_new_message(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    (old,) = services.deliveries.receive(WORK, most=1)
    services.deliveries.acknowledge(WORK, [old.receipt])
    services.queues.send(WORK, message("b"))
    services.deliveries.receive(WORK, most=1)
    services.deliveries.acknowledge(WORK, [old.receipt])
    assert services.queue_inspection.depth(WORK).in_flight == 1


@pytest.mark.parametrize(
    ("after", "error"),
    [(-SECOND, InvalidValue), (limits.VISIBILITY + SECOND, LimitExceeded)],
    ids=["past", "too late"],
)
def test_a_retry_has_a_time_that_sqs_would_take(
    services: Services, after: timedelta, error: type[Exception]
) -> None:
    services.queues.send(WORK, message("a"))
    (delivery,) = services.deliveries.receive(WORK, most=1)
    with pytest.raises(error):
        services.deliveries.retry(WORK, delivery.receipt, after=after, error="x")
    assert services.queue_inspection.depth(WORK).in_flight == 1


def test_next_due_is_the_next_moment_something_becomes_visible(services: Services) -> None:
    queues, deliveries = services.queues, services.deliveries
    assert deliveries.next_due() is None
    queues.send(WORK, message("now"))
    assert deliveries.next_due() is None
    queues.send(WORK, message("soon"), delay=SECOND * 5)
    queues.send(OTHER_WORK, message("sooner"), delay=SECOND * 3)
    assert deliveries.next_due() == moment(services, SECOND * 3)
    deliveries.receive(WORK, most=1)
    assert deliveries.next_due() == moment(services, VISIBILITY)


def test_the_clock_can_be_moved_to_exactly_what_is_due(services: Services) -> None:
    services.clock.advance(timedelta(microseconds=123_457))
    services.queues.send(WORK, message("a"), delay=timedelta(microseconds=1_100_001))
    due = services.deliveries.next_due()
    assert due is not None
    services.clock.advance_to(datetime.fromtimestamp(due, UTC))
    assert services.deliveries.ready_queues() == [WORK]
    assert len(services.deliveries.receive(WORK, most=1)) == 1


def test_ready_queues_are_those_with_visible_messages(services: Services) -> None:
    queues, deliveries = services.queues, services.deliveries
    assert deliveries.ready_queues() == []
    queues.send(WORK, message("a"), delay=SECOND)
    assert deliveries.ready_queues() == []
    services.clock.advance(SECOND * 2)
    queues.send(OTHER_WORK, message("b"))
    services.clock.advance(SECOND)
    assert deliveries.ready_queues() == [WORK, OTHER_WORK]
    deliveries.receive(WORK, most=1)
    assert deliveries.ready_queues() == [OTHER_WORK]


def test_queues_that_are_gone_are_neither_ready_nor_due_and_keep_their_messages(
    services: Services,
) -> None:
    services.queues.send(WORK, message("a"))
    services.queues.send(WORK, message("b"), delay=SECOND)
    without = services.running(with_queues(PLATFORM, without=WORK)).deliveries
    assert without.ready_queues() == []
    assert without.next_due() is None
    assert services.deliveries.ready_queues() == [WORK]


def test_leases_of_a_dead_process_end_at_once_and_their_attempts_are_given_back(
    services: Services,
) -> None:
    services.queues.send(WORK, message("a"))
    services.queues.send(WORK, message("delayed"), delay=SECOND * 9)
    (before,) = services.deliveries.receive(WORK, most=1)
    assert services.deliveries.release_all() == 1
    services.deliveries.acknowledge(WORK, [before.receipt])
    (after,) = services.deliveries.receive(WORK, most=10)
    assert (after.message.id, after.attempt) == ("a", 1)
    assert after.receipt != before.receipt
    assert services.deliveries.release_all() == 1
    assert services.deliveries.release_all() == 0


def test_a_message_that_was_interrupted_too_often_uses_up_its_attempts(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    attempts = []
    while leased := services.deliveries.receive(WORK, most=1):
        attempts.append(leased[0].attempt)
        services.deliveries.release_all()
        services.clock.advance(SECOND * 60)
    assert attempts == [1] * (limits.INTERRUPTIONS + 1) + list(
        range(2, len(attempts) - limits.INTERRUPTIONS + 1)
    )
    (letter,) = services.queue_inspection.dead(WORK, most=1)
    assert (letter.message.id, letter.error) == ("a", PLATFORM_ENDED)


def test_a_message_that_may_end_the_platform_comes_alone_and_later_each_time(
    services: Services,
) -> None:
    for name in "abc":
        services.queues.send(WORK, message(name))
    for wait in (0, 1):
        assert [each.message.id for each in services.deliveries.receive(WORK, most=10)] == [*"abc"]
        services.deliveries.release_all()
        services.clock.advance(SECOND * wait)
    (suspect,) = services.deliveries.receive(WORK, most=10)
    assert suspect.message.id == "a"
    services.deliveries.release_all()
    for innocent in "bc":
        (delivery,) = services.deliveries.receive(WORK, most=10)
        assert delivery.message.id == innocent
        services.deliveries.acknowledge(WORK, [delivery.receipt])
    assert services.deliveries.receive(WORK, most=10) == []
    services.clock.advance(SECOND * 2)
    (suspect,) = services.deliveries.receive(WORK, most=10)
    services.deliveries.retry(WORK, suspect.receipt, after=NOW, error="it only failed")
    services.queues.send(WORK, message("d"))
    assert len(services.deliveries.receive(WORK, most=10)) == 2


def test_a_message_beyond_its_retention_is_a_dead_letter_that_can_be_redriven(
    services: Services,
) -> None:
    services.queues.send(WORK, message("a"))
    services.clock.advance(limits.RETENTION)
    assert services.deliveries.receive(WORK, most=1) != []
    services.clock.advance(VISIBILITY)
    assert services.deliveries.receive(WORK, most=1) == []
    assert "not processed within 14 days" in services.queue_inspection.dead(WORK, most=1)[0].error
    assert services.queue_inspection.redrive(WORK) == 1
    assert services.deliveries.receive(WORK, most=1)[0].attempt == 1


def test_when_the_program_allows_fewer_attempts_than_were_made(services: Services) -> None:
    services.queues.send(WORK, message("a"))
    for _ in range(2):
        (delivery,) = services.deliveries.receive(WORK, most=1)
        services.deliveries.retry(WORK, delivery.receipt, after=NOW, error="failed")
    fewer = services.running(with_queues(PLATFORM, attempts=1))
    assert fewer.deliveries.receive(WORK, most=1) == []
    assert (
        fewer.queue_inspection.dead(WORK, most=1)[0].error
        == "2 attempts were made, and the queue now allows 1"
    )


def test_peek_lists_what_waits_oldest_first(services: Services) -> None:
    for name in "abc":
        services.queues.send(WORK, message(name))
    services.queues.send(WORK, message("delayed"), delay=SECOND)
    services.deliveries.receive(WORK, most=1)
    assert [found.id for found in services.queue_inspection.peek(WORK, most=10)] == [
        "b",
        "c",
        "delayed",
    ]
    assert [found.id for found in services.queue_inspection.peek(WORK, most=1)] == ["b"]


def test_only_sends_retries_and_redrives_wake_the_dispatcher(services: Services) -> None:
    woken: list[int] = []
    services.store.on_commit = lambda: woken.append(1)
    queues, deliveries = services.queues, services.deliveries
    for name in "ab":
        queues.send(WORK, message(name))
    assert len(woken) == 2
    first, second = deliveries.receive(WORK, most=2)
    deliveries.acknowledge(WORK, [first.receipt])
    assert len(woken) == 2
    deliveries.retry(WORK, second.receipt, after=SECOND, error="x")
    assert len(woken) == 3
    services.queue_inspection.redrive(WORK)
    assert len(woken) == 3


def test_receivers_of_many_threads_never_share_a_message(tmp_path: Path) -> None:
    store = GroupCommitStore(tmp_path / "oort.db")
    ports = bundle.on(store, platform=PLATFORM, clock=VirtualClock())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ports.queues.send(WORK, message(str(number))), range(60)))
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: ports.deliveries.receive(WORK, most=5), range(16)))
    found = [delivery.message.id for batch in batches for delivery in batch]
    assert len(found) == len(set(found)) == 60
    store.close()
