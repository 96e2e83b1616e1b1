"""Marks, leases of effects and ages go by a time that does not jump, also across a restart."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from oort.engine.rows.times import unix
from oort.engine.services.effects import Effects
from oort.engine.services.steady import SteadyTime
from oort.engine.store.direct import DirectStore
from oort.model.errors import EffectInProgress
from oort.model.operations import Lease, Mark
from oort.testing.port_suites.target import PLATFORM, WORK, message
from tests.unit.engine.services.conftest import Services
from tests.unit.engine.services.test_jumps import SettableClock

MINUTE, DAYS = timedelta(minutes=1), timedelta(days=40)
MARK = Mark("shop.count", "m1")
LEASE = Lease("shop.count", "m1", "charge", "first")
OTHER = msgspec.structs.replace(LEASE, holder="second")


@pytest.fixture
def store() -> Iterator[DirectStore]:
    store = DirectStore()
    yield store
    store.close()


@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=str)
def test_it_goes_on_evenly_while_the_wall_clock_is_set(store: DirectStore, by: timedelta) -> None:
    clock = SettableClock()
    steady, start = SteadyTime(store, clock=clock), clock.now()
    clock.error = by
    clock.advance(MINUTE)
    assert steady.now() == start + MINUTE
    assert SteadyTime(store, clock=clock).now() == start + MINUTE  # after a restart
    clock.error = timedelta(0)
    assert steady.now() == start + MINUTE


def test_a_mark_outlives_a_jump_and_the_restart_after_it(store: DirectStore) -> None:
    clock = SettableClock()
    services = Services(store, clock)
    assert services.transactions.commit((), MARK)
    clock.error = DAYS
    assert not services.transactions.commit((), MARK)
    again = services.running(PLATFORM)
    assert not again.transactions.commit((), MARK)
    clock.advance(timedelta(days=15))
    assert again.transactions.commit((), MARK)


@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=str)
def test_the_lease_of_an_effect_lasts_as_long_as_it_should(
    store: DirectStore, by: timedelta
) -> None:
    clock = SettableClock()
    effects = Effects(store, steady=SteadyTime(store, clock=clock))
    effects.claim(LEASE, length=2 * MINUTE)
    clock.error = by
    clock.advance(MINUTE)
    with pytest.raises(EffectInProgress) as raised:
        effects.claim(OTHER, length=MINUTE)
    assert raised.value.after == MINUTE
    clock.advance(MINUTE)
    assert effects.claim(OTHER, length=MINUTE) is None


def test_a_result_outlives_a_jump(store: DirectStore) -> None:
    clock = SettableClock()
    effects = Effects(store, steady=SteadyTime(store, clock=clock))
    effects.claim(LEASE, length=MINUTE)
    assert effects.finish(LEASE, b'"receipt"')
    clock.error = DAYS
    assert effects.claim(OTHER, length=MINUTE) == b'"receipt"'


def test_a_message_is_not_old_by_a_jump_after_a_restart_either(store: DirectStore) -> None:
    clock = SettableClock()
    services = Services(store, clock)
    services.queues.send(WORK, message("a"))
    clock.error = DAYS
    assert services.deliveries.ready_queues() == [WORK]
    again = services.running(PLATFORM)
    assert [each.message.id for each in again.deliveries.receive(WORK, most=1)] == ["a"]


def test_without_a_jump_it_is_the_wall_clock_to_the_digit(store: DirectStore) -> None:
    clock = SettableClock()
    assert unix(SteadyTime(store, clock=clock).now()) == unix(clock.now())
