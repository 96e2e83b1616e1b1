"""Randomness: the system's, and the seeded one."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from oort.engine.entropy import SeededEntropy, SystemEntropy


@pytest.mark.parametrize("entropy", [SystemEntropy(), SeededEntropy(1)], ids=["system", "seeded"])
def test_numbers_are_in_their_range(entropy: SystemEntropy | SeededEntropy) -> None:
    assert all(0 <= entropy.bits(3) < 8 for _ in range(100))
    assert all(0 <= entropy.chance() < 1 for _ in range(100))


def test_a_seed_repeats_itself() -> None:
    one, same, other = SeededEntropy(7), SeededEntropy(7), SeededEntropy(8)
    first = [one.bits(64), one.chance(), one.bits(10)]
    assert first == [same.bits(64), same.chance(), same.bits(10)]
    assert first[0] != other.bits(64)


def test_the_systems_numbers_use_every_bit_and_never_come_twice() -> None:
    entropy = SystemEntropy()
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: entropy.bits(128), range(2000)))
    assert len(set(drawn)) == 2000
    assert max(drawn).bit_length() == 128
    seen = 0
    for number in drawn:
        seen |= number
    assert seen == (1 << 128) - 1
    assert entropy.bits(100_000).bit_length() > 99_900  # more than is drawn ahead
    assert entropy.bits(0) == 0


def test_a_forked_child_draws_numbers_of_its_own() -> None:
    entropy = SystemEntropy()
    entropy.bits(8)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, f"{entropy.bits(128):032x}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert int(answer.read(), 16) != entropy.bits(128)
