"""Which items are stored: sizes, as DynamoDB counts them."""

import pytest
from hypothesis import given

from oort.model.items import Item, Value
from oort.rules.tables import items
from tests.unit.rules.strategies import stored_items, texts, values


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 1),
        (True, 1),
        ("", 0),
        ("é", 2),
        (0, 1),
        (7, 2),
        (-7, 2),
        (123, 3),
        (1234, 3),
        (100_000, 2),
        (0.001, 2),
        (12.5, 3),
        (1e100, 2),
        (-1.25e-100, 3),
        (10**37 + 1, 20),
        ([], 3),
        ([None, "ab"], 3 + 2 + 3),
        ({}, 3),
        ({"k": "ab"}, 3 + 1 + 1 + 2),
    ],
)
def test_each_kind_of_value_has_its_size(value: Value, size: int) -> None:
    assert items.item_size({"name": value}) == len("name") + size


@pytest.mark.unmeasured
@given(stored_items, texts, values)
def test_an_item_grows_with_every_attribute(item: Item, name: str, value: Value) -> None:
    without = {key: inner for key, inner in item.items() if key != name}
    assert items.item_size({**without, name: value}) >= items.item_size(without) + len(
        name.encode()
    )


@pytest.mark.unmeasured
@given(stored_items)
def test_wrapping_an_item_costs_its_structure(item: Item) -> None:
    assert items.item_size({"": item}) == items.item_size(item) + 3 + len(item)
