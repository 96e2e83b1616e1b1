"""P15: effect-once covers one `atomic()` block a delivery. Everything else is at least once, and the test kit shows it.

The kit hands every message that succeeds over once more, as SQS may do at any time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import pytest

from oort import (
    Can,
    Conflict,
    Context,
    Event,
    Get,
    Publish,
    Put,
    Queue,
    Send,
    Service,
    Table,
    Transaction,
    Update,
    atomic,
    event,
    field,
    fields,
)
from oort.testing import Platform

mill = Service("mill")


class Counter(msgspec.Struct):
    """Counts."""

    id: str
    value: int = 0
    revision: int = 0


class Grain(msgspec.Struct):
    """What is milled."""

    kind: str


C = fields(Counter)


@mill.table("counters", key="id", version="revision")
class Counters(Table[str, Counter, Can]):
    """How often each thing happened."""


@mill.queue("sacks", attempts=3)
class Sacks(Queue[Grain, Can]):
    """Grain to mill."""


@mill.queue("flour")
class Flour(Queue[Grain, Can]):
    """What came of it."""


@event("mill.milled", version=1, key="kind")
class Milled(Event):
    """A sack was milled."""

    kind: str


@dataclass(frozen=True)
class Miller:
    """What the worker may use."""

    counters: Counters[Get | Put | Update]
    flour: Flour[Send]
    out: Publish[Milled]

    def count(self, tx: Transaction, id: str) -> None:
        """One more, when the block commits."""
        tx.update(self.counters, id, field(C.value).add(1), initial=Counter(id))

    def count_now(self, id: str) -> int:
        """One more at once, outside of any block."""
        return self.counters.update(id, field(C.value).add(1), initial=Counter(id)).value


def one_block(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
        tx.send(miller.flour, grain)
        tx.publish(miller.out, Milled(kind=grain.kind))


def two_blocks(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
    with atomic() as tx:
        miller.count(tx, "second")


def no_block(grain: Grain, miller: Miller) -> None:
    miller.count_now("outside")
    miller.flour.send(grain)
    miller.out.publish(Milled(kind=grain.kind))


def fails_inside(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
        tx.publish(miller.out, Milled(kind=grain.kind))
        raise RuntimeError("the stone broke")


def fails_after_twice(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
    if miller.count_now("attempts") < 3:
        raise RuntimeError("the miller fell asleep")


def always_fails_after(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
    raise RuntimeError("the miller fell asleep")


def needs_the_door(grain: Grain, miller: Miller) -> None:
    with atomic() as tx:
        miller.count(tx, "first")
        tx.update(miller.counters, "door", field(C.value).add(1), when=field(C.value).equals(7))
        tx.publish(miller.out, Milled(kind=grain.kind))


def tries_again(grain: Grain, miller: Miller) -> None:
    for _ in range(2):
        mine = miller.counters.get("shared") or Counter("shared")
        if mine.value == 0:
            miller.count_now("shared")  # somebody else is faster, the first time
        mine.value += 10
        try:
            with atomic() as tx:
                tx.put(miller.counters, mine)
            return
        except Conflict:
            continue


KINDS = {
    one.__name__: one
    for one in (
        one_block, two_blocks, no_block, fails_inside, fails_after_twice, always_fails_after, needs_the_door, tries_again
    )
}  # fmt: skip


baked: dict[str, str] = {}  # the kind of each message of flour, by its id


@mill.worker(Flour)
def bake(grain: Grain, ctx: Context) -> None:
    """Remembers the message."""
    baked[ctx.message_id] = grain.kind


@mill.worker(Sacks)
def grind(
    grain: Grain, counters: Counters[Get | Put | Update], flour: Flour[Send], out: Publish[Milled]
) -> None:
    """Does what the kind of grain says."""
    KINDS[grain.kind](grain, Miller(counters, flour, out))


@mill.post("/", public=True, status=202)
def bring(body: Grain, sacks: Sacks[Send]) -> None:
    """A sack for the mill."""
    sacks.send(body)


@mill.put("/door", public=True)
def door(body: Counter, counters: Counters[Get | Put]) -> None:
    """Set it."""
    body.revision = (counters.get(body.id) or body).revision
    counters.put(body)


@pytest.fixture
def running() -> Iterator[Platform]:
    with Platform(mill) as made:
        yield made


def send(running: Platform, kind: str) -> None:
    """One sack of it."""
    baked.clear()
    assert running.post("/mill", {"kind": kind}).status == 202
    running.settle()


def counts(running: Platform) -> dict[str, int]:
    """How often what happened."""
    return {counter.id: counter.value for counter in running.items(Counters)}


def test_one_block_happens_once_with_everything_in_it(running: Platform) -> None:
    send(running, "one_block")
    assert counts(running) == {"first": 1}
    assert sorted(baked.values()) == ["one_block"]
    assert running.published(Milled) == [Milled(kind="one_block")]


def test_each_message_has_a_block_of_its_own(running: Platform) -> None:
    for _ in range(3):
        send(running, "one_block")
    assert counts(running) == {"first": 3}
    assert len(running.published(Milled)) == 3


def test_a_second_block_is_at_least_once(running: Platform) -> None:
    send(running, "two_blocks")
    assert counts(running) == {"first": 1, "second": 2}


def test_an_increment_a_send_and_a_publish_outside_a_block_are_at_least_once(
    running: Platform,
) -> None:
    send(running, "no_block")
    assert counts(running) == {"outside": 2}
    assert sorted(baked.values()) == ["no_block"] * 2
    assert running.published(Milled) == [Milled(kind="no_block")] * 2


def test_without_redelivery_everything_happens_once_so_the_kit_redelivers() -> None:
    with Platform(mill, redeliver=False) as running:
        send(running, "no_block")
        assert counts(running) == {"outside": 1}
        assert running.published(Milled) == [Milled(kind="no_block")]


def test_a_block_that_fails_leaves_nothing_however_often_it_is_tried(running: Platform) -> None:
    send(running, "fails_inside")
    running.advance(timedelta(hours=1))
    assert counts(running) == {}
    assert running.published(Milled) == []
    assert running.dead(Sacks) == [Grain("fails_inside")]
    assert [report.delivery.attempt for report in running.failures()] == [1, 2, 3]


def test_a_block_that_committed_is_not_repeated_when_the_handler_fails_after_it(
    running: Platform,
) -> None:
    send(running, "fails_after_twice")
    assert counts(running) == {"first": 1, "attempts": 1}
    running.advance(timedelta(hours=1))
    assert counts(running)["first"] == 1
    assert counts(running)["attempts"] >= 3
    assert running.dead(Sacks) == []


def test_a_block_whose_condition_fails_leaves_no_mark_so_a_later_attempt_does_it(
    running: Platform,
) -> None:
    assert running.put("/mill/door", {"id": "door", "value": 3}).status == 200
    send(running, "needs_the_door")
    assert counts(running) == {"door": 3}
    assert [
        report.failure.error.partition(":")[0] for report in running.failures() if report.failure
    ] == ["Conflict"]
    assert running.put("/mill/door", {"id": "door", "value": 7}).status == 200
    running.advance(timedelta(minutes=1))
    assert counts(running) == {"first": 1, "door": 8}
    assert running.published(Milled) == [Milled(kind="needs_the_door")]


def test_a_block_that_is_tried_again_after_a_conflict_happens_once_too(running: Platform) -> None:
    send(running, "tries_again")
    assert counts(running) == {"shared": 11}


def test_redrive_of_a_message_whose_block_committed_does_not_repeat_it(running: Platform) -> None:
    broken = "always_fails_after"
    send(running, broken)
    running.advance(timedelta(hours=1))
    assert running.dead(Sacks) == [Grain(broken)]
    assert running.redrive(Sacks) == 1
    running.advance(timedelta(hours=1))
    assert counts(running) == {"first": 1}


@pytest.mark.parametrize("seed", range(10))
def test_whatever_the_order_the_sums_are_the_same(seed: int) -> None:
    with Platform(mill, seed=seed) as running:
        for kind in ("one_block", "two_blocks", "no_block"):
            assert running.post("/mill", {"kind": kind}).status == 202
        running.settle()
        assert counts(running) == {"first": 2, "second": 2, "outside": 2}
