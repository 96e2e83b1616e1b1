"""The clock and the randomness of the machine."""

from datetime import UTC

from oort.runtime.system import MachineEntropy, SystemClock


def test_the_system_clock_is_aware_and_its_ticks_grow() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    first = clock.tick()
    assert clock.tick() >= first


def test_numbers_are_in_their_range_and_differ() -> None:
    entropy = MachineEntropy()
    assert all(0 <= entropy.bits(3) < 8 for _ in range(100))
    assert all(0 <= entropy.chance() < 1 for _ in range(100))
    assert len({entropy.bits(128) for _ in range(100)}) == 100
    assert entropy.bits(0) == 0
