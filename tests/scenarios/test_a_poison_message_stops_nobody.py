"""P14: a message that cannot be handled becomes a dead letter or is parked, and every other message is done once.

Also if it ends the platform each time: then it is delivered alone, and takes no other message along.
"""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from oort import Can, Put, Queue, Service, Table, Update, atomic, field, fields
from oort.engine.rows.messages import PLATFORM_ENDED
from oort.model import limits
from oort.testing import Platform
from tests.crash import laws
from tests.crash.orders import KILLER, PLAIN, WORKED
from tests.crash.simulation import Simulation

ATTEMPTS = 3
GOOD = [f"good {number}" for number in range(30)]

mill = Service("mill")


class Grain(msgspec.Struct):
    id: str
    poison: str = ""


class Flour(msgspec.Struct):
    id: str
    count: int = 0


@mill.table("flour", key="id")
class Flours(Table[str, Flour, Can]): ...


@mill.queue("sacks", attempts=ATTEMPTS)
class Sacks(Queue[Grain, Can]): ...


@mill.queue("endless", attempts=limits.ATTEMPTS)
class Endless(Queue[Grain, Can]): ...


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def recursion() -> None:
    recursion()


def fail(poison: str) -> None:
    if poison == "recursion":
        recursion()
    raise POISONS[poison]


POISONS: dict[str, BaseException] = {
    "error": ValueError("bad"),
    "exit": SystemExit(1),
    "interrupt": KeyboardInterrupt(),
    "unprintable": Unprintable(),
    "large": ValueError("x" * 5_000_000),
    "surrogate": ValueError(chr(0xD800)),
    "recursion": RecursionError(),
    "memory": MemoryError(),
}
UNREADABLE = (b"", b"{", b"\xff\xfe", b"[1]", b'{"id":1}', b"[" * 100_000, b"1" * 10_000)


@mill.worker(Sacks, batch=10)
def grind(grain: Grain, flours: Flours[Update]) -> None:
    if grain.poison:
        fail(grain.poison)
    with atomic() as tx:
        tx.update(flours, grain.id, field(fields(Flour).count).add(1), initial=Flour(grain.id))


@mill.worker(Endless)
def never(grain: Grain, flours: Flours[Put]) -> None:
    fail(grain.poison)


def poisoned(platform: Platform) -> None:
    """Put good and bad messages on the queue, mixed."""
    bad = [msgspec.json.encode(Grain(poison, poison)) for poison in POISONS]
    bodies = [*bad, *UNREADABLE]
    for number, name in enumerate(GOOD):
        if number < len(bodies):
            platform.inject(Sacks, bodies[number])
        platform.inject(Sacks, msgspec.json.encode(Grain(name)))
    platform.inject(Sacks, msgspec.json.encode(Grain("next")), version=7)


def test_each_poison_ends_as_it_should_and_each_other_message_is_done_once() -> None:
    with Platform(mill) as platform:
        poisoned(platform)
        platform.settle()
        assert {flour.id: flour.count for flour in platform.items(Flours)} == dict.fromkeys(GOOD, 1)
        platform.advance(timedelta(hours=1))
        letters = platform.dead_letters(Sacks)
        assert sorted(letter.message.body for letter in letters) == sorted(
            msgspec.json.encode(Grain(poison, poison)) for poison in POISONS
        )
        assert {letter.attempts for letter in letters} == {ATTEMPTS}
        assert max(len(letter.error) for letter in letters) < 50_000
        parked = Counter(parked.fault.reason.name for parked in platform.parked(Sacks))
        assert parked.total() == len(UNREADABLE) + 1
        assert platform.waiting(Sacks) == []
        assert {flour.id: flour.count for flour in platform.items(Flours)} == dict.fromkeys(GOOD, 1)


def test_without_a_limit_of_attempts_poison_stays_on_its_queue() -> None:
    with Platform(mill) as platform:
        platform.inject(Endless, msgspec.json.encode(Grain("a", "error")))
        platform.advance(timedelta(hours=1))
        assert platform.dead(Endless) == []
        assert len(platform.waiting(Endless)) == 1


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_message_that_ends_the_platform_each_time_takes_no_other_along(place: int) -> None:
    run = Simulation(0, crashes=False)
    run.alive(run.start)
    names = ["n0", "n1", "n2", "n3", "n4"]
    for number, name in enumerate(names):
        run.ledger.maybe.add(name)
        assert run.post(f"/orders/notes/{name}/{KILLER if number == place else PLAIN}") == 202
    ends = done_after = 0
    while not run.alive(run.settle):
        ends += 1
        effects = laws.read(run.database).effects
        done_after = done_after or (ends if len(effects) == len(names) - 1 else 0)
    assert run.outcome.faults == []
    assert ends == limits.INTERRUPTIONS + ATTEMPTS
    assert done_after <= 2 * limits.SUSPECT  # the others wait for few starts
    killer = names.pop(place)
    assert laws.read(run.database).effects == {(WORKED, name): 1 for name in names}
    (letter,) = run.engine.ports.queue_inspection.dead("orders.jobs", most=10)
    assert (laws.order_of(letter.message), letter.error) == (killer, PLATFORM_ENDED)
