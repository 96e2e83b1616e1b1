"""The growth claim: stores in alternating rounds, and the ratio of the largest to the smallest."""

from typing import cast

import pytest

from benchmarks import growth
from benchmarks.filled import Filled, Spent


def test_stores_are_measured_in_turn() -> None:
    stores = {10: cast(Filled, "small"), 1000: cast(Filled, "large")}
    seen: list[str] = []
    found = growth.in_turn(2, stores, lambda store: seen.append(str(store)), times=3)
    assert seen[:2] == ["small", "large"]  # once before anything counts
    assert seen[2:] == (["small"] * 3 + ["large"] * 3) * 2
    assert {size: len(spent) for size, spent in found.items()} == {10: 2, 1000: 2}


def test_the_ratio_is_that_of_the_largest_to_the_smallest() -> None:
    rounds = {
        10: [Spent(wall=1.0, cpu=2.0)] * 3,
        100: [Spent(wall=50.0, cpu=50.0)] * 3,
        1000: [Spent(wall=4.0, cpu=3.0)] * 3,
    }
    found = {one.key: one.value for one in growth.compared("growth.get", "get", "items", rounds)}
    assert found["growth.get.ratio"] == 1.5
    assert found["growth.get.wall-ratio"] == 4.0
    assert found["growth.get.100.cpu"] == 50e6


def test_the_ratio_of_a_start_is_that_of_neighbouring_rounds() -> None:
    starts = {4: [1.0, 10.0, 1.0], 100: [2.0, 20.0, 4.0]}
    found = {
        one.key: one for one in growth._sizes("k", "to the first 200", "services", starts, "s")
    }
    assert found["k.ratio"].value == 2.0
    assert found["k.100"].value == 4.0
    assert found["k.100"].unit == "s"


def test_with_one_size_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="unpack"):
        growth.compared("k", "get", "items", {10: [Spent(1.0, 1.0)]})
