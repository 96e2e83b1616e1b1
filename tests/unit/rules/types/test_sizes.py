"""The size of a value, as far as a few looks tell it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from oort.rules.types.sizes import exceeds


@pytest.mark.parametrize(
    ("value", "least"),
    [
        ("abc", 3),
        (["a", "bc"], 5),
        ({"ab": ["c", {"d": None}]}, 6),
        ((1, 2, 3), 3),
        ([[], {}], 2),
        (["\ud800" * 10], 11),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC), "of": Decimal(1)}, 4),
    ],
)
def test_a_value_exceeds_less_than_its_characters_and_elements(value: Any, least: int) -> None:
    assert exceeds(value, least - 1)
    assert not exceeds(value, least)


def test_a_huge_list_is_not_walked_through() -> None:
    class Listed(list[Any]):
        def __iter__(self) -> Any:
            raise AssertionError

    assert exceeds([["a" * 100], Listed([1] * 1000)], 500)
