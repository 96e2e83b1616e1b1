"""Items in the store come back with all digits of their numbers."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given

from oort.engine.rows import encoding
from oort.model.items import Item, Value
from tests.unit.rules.strategies import stored_items


@given(stored_items)
def test_an_item_comes_back_unchanged(item: Item) -> None:
    assert repr(encoding.decoded(encoding.encoded(item))) == repr(item)


@pytest.mark.parametrize("exact", [Decimal(f"0.{'9' * 38}"), 10**38 - 1])
def test_digits_beyond_a_float_are_kept_at_any_depth(exact: Value) -> None:
    item: Item = {"n": exact, "in": {"list": [1, [exact]], "text": "1.10"}, "large": 2**64}
    assert encoding.decoded(encoding.encoded(item)) == item


def test_a_decimal_that_a_float_or_an_int_can_hold_is_stored_as_such() -> None:
    item: Item = {"a": Decimal("1.10"), "b": [Decimal("2.00")]}
    assert encoding.encoded(item) == encoding.encoded({"a": 1.1, "b": [2]})


def test_a_row_of_an_earlier_version_is_read_with_its_texts() -> None:
    row = msgspec.msgpack.encode({"id": "a", "price": Decimal("1.10")})
    assert encoding.decoded(row) == {"id": "a", "price": "1.10"}
