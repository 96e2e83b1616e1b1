"""What the engine's effects do beyond the contract: records that expire, and leases that a killed process left."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services.effects import Effects
from oort.engine.services.steady import SteadyTime
from oort.engine.store.direct import DirectStore
from oort.model import limits
from oort.model.errors import EffectInProgress
from oort.model.operations import Lease

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ONE = Lease("f", "m", "n", "one")
TWO = msgspec.structs.replace(ONE, holder="two")


class World:
    """Effects on a store in memory, in virtual time."""

    def __init__(self) -> None:
        self.store, self.clock = DirectStore(), VirtualClock()
        self.effects = Effects(self.store, steady=SteadyTime(self.store, clock=self.clock))

    def count(self) -> int:
        """How many records there are."""
        row = self.store.row("SELECT count(*) FROM effects")
        assert row is not None
        return int(row[0])


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.store.close()


def test_a_result_is_good_until_its_record_expires(world: World) -> None:
    world.effects.claim(ONE, length=HOUR)
    world.clock.advance(DAY)
    assert world.effects.finish(ONE, b"1")
    world.clock.advance(limits.MARK_RETENTION - timedelta(seconds=1))
    assert world.effects.claim(TWO, length=HOUR) == b"1"
    world.clock.advance(timedelta(seconds=1))
    assert world.effects.claim(TWO, length=HOUR) is None
    with pytest.raises(EffectInProgress):
        world.effects.claim(ONE, length=HOUR)


def test_the_error_says_exactly_when_the_lease_ends(world: World) -> None:
    world.effects.claim(ONE, length=HOUR)
    world.clock.advance(timedelta(minutes=20))
    with pytest.raises(EffectInProgress) as raised:
        world.effects.claim(TWO, length=HOUR)
    assert raised.value.after == timedelta(minutes=40)
    world.clock.advance(raised.value.after)
    assert world.effects.claim(TWO, length=HOUR) is None


def test_expired_records_go_as_new_ones_come(world: World) -> None:
    for number in range(20):
        world.effects.claim(msgspec.structs.replace(ONE, message=f"old {number}"), length=HOUR)
    world.clock.advance(limits.MARK_RETENTION)
    for number in range(15):
        world.effects.claim(msgspec.structs.replace(ONE, message=f"new {number}"), length=HOUR)
    assert world.count() == 15


def test_all_leases_end_when_the_engine_starts_and_results_stay(world: World) -> None:
    done = msgspec.structs.replace(ONE, name="done")
    for lease in (ONE, done):
        world.effects.claim(lease, length=HOUR)
    world.effects.finish(done, b"1")
    assert world.effects.release_all() == 1
    assert world.effects.release_all() == 0
    assert world.effects.claim(TWO, length=HOUR) is None
    assert world.effects.claim(done, length=HOUR) == b"1"
    assert not world.effects.finish(ONE, b"late")
