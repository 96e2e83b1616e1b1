"""Randomness: the system's, and the seeded one."""

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
