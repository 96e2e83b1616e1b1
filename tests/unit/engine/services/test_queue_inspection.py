"""What operators do to large queues: redrives in pieces, and statements that read no backlog."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from oort.engine.services import deliveries, queue_inspection
from oort.engine.store.session import Value
from oort.model.messages import QueueDepth
from oort.testing.port_suites.target import ATTEMPTS, OTHER_WORK, VISIBILITY, WORK, message
from tests.unit.engine.services.conftest import Services


def die(services: Services, *names: str, queue: str = WORK) -> None:
    """Make dead letters."""
    for name in names:
        services.queues.send(queue, message(name))
    for _ in range(ATTEMPTS):
        for delivery in services.deliveries.receive(queue, most=10):
            services.deliveries.retry(queue, delivery.receipt, after=timedelta(0), error="no")


def waiting(services: Services) -> list[str]:
    return [found.id for found in services.queue_inspection.peek(WORK, most=10)]


def dead(services: Services, queue: str = WORK) -> list[str]:
    return [letter.message.id for letter in services.queue_inspection.dead(queue, most=10)]


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two."""
    monkeypatch.setattr(queue_inspection, "REDRIVEN", 2)


@pytest.mark.usefixtures("pairs")
def test_an_interrupted_redrive_has_moved_whole_pieces_and_leaves_the_others(
    services: Services,
) -> None:
    die(services, *"abcde")

    def interrupted() -> None:
        raise KeyboardInterrupt

    services.store.on_commit = interrupted
    with pytest.raises(KeyboardInterrupt):
        services.queue_inspection.redrive(WORK)
    assert (waiting(services), dead(services)) == (["a", "b"], ["c", "d", "e"])
    services.store.on_commit = lambda: None
    assert services.queue_inspection.redrive(WORK) == 3
    assert (waiting(services), dead(services)) == (["a", "b", "c", "d", "e"], [])


def test_a_piece_is_bounded_by_its_bytes(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_inspection, "REDRIVEN_BYTES", 1_000)
    large = replace(message("large"), body=b'"%s"' % (b"x" * 2_000))
    services.queues.send(WORK, large)
    die(services, *"abc")
    commits: list[int] = []
    services.store.on_commit = lambda: commits.append(len(waiting(services)))
    assert services.queue_inspection.redrive(WORK) == 4
    assert commits == [1, 4]  # the first alone is larger than a piece


@pytest.mark.usefixtures("pairs")
def test_letters_that_die_during_a_redrive_stay_dead(services: Services) -> None:
    die(services, *"abc")
    before = services.queue_inspection.redrive

    def dies_again() -> None:
        services.store.on_commit = lambda: None
        for _ in range(ATTEMPTS):
            for delivery in services.deliveries.receive(WORK, most=1):
                services.deliveries.retry(WORK, delivery.receipt, after=timedelta(0), error="no")

    services.store.on_commit = dies_again
    assert before(WORK) == 3
    assert len(waiting(services)) == 2
    assert len(dead(services)) == 1


def test_a_redrive_leaves_the_letters_of_other_queues(services: Services) -> None:
    die(services, "theirs", queue=OTHER_WORK)
    die(services, "ours")
    assert services.queue_inspection.redrive(WORK) == 1
    assert (waiting(services), dead(services, OTHER_WORK)) == (["ours"], ["theirs"])
    assert services.queue_inspection.redrive(WORK) == 0


def test_peek_shows_the_messages_that_are_delivered_first_in_the_order_they_came(
    services: Services,
) -> None:
    services.queues.send(WORK, message("delayed"), delay=timedelta(seconds=1))
    for name in "ab":
        services.queues.send(WORK, message(name))
    assert waiting(services) == ["delayed", "a", "b"]
    found = services.queue_inspection.peek(WORK, most=2)
    assert [waits.id for waits in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("statement", "values", "plan"),
    [
        (queue_inspection._WAITING, (WORK, 1, 1), "SEARCH messages USING INDEX messages_visible"),
        (queue_inspection._IN_FLIGHT, (WORK, 1), "COVERING INDEX messages_leased (queue=? AND"),
        (queue_inspection._DEAD_COUNT, (WORK,), "COVERING INDEX dead_queue (queue=?)"),
        (deliveries._RELEASE, (1, 1, 1), "SCAN messages USING INDEX messages_leased"),
        (deliveries._COUNTED, (WORK, 1, 1), "COVERING INDEX messages_visible (queue=? AND"),
    ],
    ids=["peek", "in flight", "dead", "release", "waiting"],
)
def test_no_statement_reads_all_messages(
    services: Services, statement: str, values: tuple[Value, ...], plan: str
) -> None:
    steps = services.store.read(
        lambda session: session.rows(f"EXPLAIN QUERY PLAN {statement}", *values)
    )
    (touched,) = [step for *_, step in steps if "messages" in step or "dead" in step]
    assert plan in touched


def test_the_depth_counts_leases_that_have_not_ended(services: Services) -> None:
    for name in "abc":
        services.queues.send(WORK, message(name))
    services.deliveries.receive(WORK, most=1)
    services.clock.advance(VISIBILITY)
    services.deliveries.receive(WORK, most=1)
    depth = services.queue_inspection.depth(WORK)
    assert depth == QueueDepth(queue=WORK, waiting=2, in_flight=1, dead=0)


@pytest.mark.usefixtures("pairs")
def test_a_purge_takes_what_waits_and_leaves_what_is_in_flight_or_of_others(
    services: Services,
) -> None:
    for name in "abcde":
        services.queues.send(WORK, message(name))
    services.queues.send(OTHER_WORK, message("other"))
    (leased,) = services.deliveries.receive(WORK, most=1)
    assert services.queue_inspection.purge(WORK, dead=False) == 4
    assert services.queue_inspection.purge(WORK, dead=False) == 0
    depth = services.queue_inspection.depth(WORK)
    assert (depth.waiting, depth.in_flight) == (0, 1)
    services.clock.advance(VISIBILITY)
    assert services.queue_inspection.purge(WORK, dead=False) == 1  # its lease has ended
    assert services.queue_inspection.depth(OTHER_WORK).waiting == 1
    assert leased.message.id == "a"


@pytest.mark.usefixtures("pairs")
def test_a_purge_of_dead_letters_leaves_what_waits(services: Services) -> None:
    die(services, *"abc")
    services.queues.send(WORK, message("waits"))
    assert services.queue_inspection.purge(WORK, dead=True) == 3
    assert (waiting(services), dead(services)) == (["waits"], [])
