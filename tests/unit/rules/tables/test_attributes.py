"""Items survive the way through DynamoDB's attributes; nulls in index keys are kept outside of them."""

from decimal import Decimal

import pytest
from hypothesis import example, given

from oort.model.errors import Source, Unreadable
from oort.model.items import Equals, Item, Number, Value
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import attributes, conditions
from tests.unit.rules import strategies

INDEXED = frozenset("ab")


@pytest.mark.unmeasured
@given(strategies.values)
@example(1e100)
@example(-0.0)
@example(10**37 + 1)
def test_a_value_comes_back_as_the_same_value(value: Value) -> None:
    back = attributes.value(attributes.attribute(value))
    assert conditions.holds(Equals(("x",), value), {"x": back})


@pytest.mark.unmeasured
@given(strategies.stored_items)
def test_an_item_comes_back_with_its_nulls(item: Item) -> None:
    item = {name.lstrip("~"): value for name, value in item.items()}
    stored = attributes.attributes(item, indexed=INDEXED | item.keys())
    assert all(value != attributes.NULL or name.startswith("~") for name, value in stored.items())
    back = attributes.item(stored)
    assert back.keys() == item.keys()
    assert all(conditions.holds(Equals((name,), value), back) for name, value in item.items())


def test_only_the_nulls_of_index_keys_are_marked() -> None:
    stored = attributes.attributes(
        {"a": None, "c": None, "b": 1, "d": {"a": None}}, indexed=INDEXED
    )
    assert stored == {
        "~a": {"NULL": True}, "c": {"NULL": True}, "b": {"N": "1"}, "d": {"M": {"a": {"NULL": True}}}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (-2.50, "-2.5"),
        (-0.0, "0"),
        (1e100, "1e+100"),
        (1e-7, "0.0000001"),
        (1e22, "1" + "0" * 22),
        (1e-100, "1e-100"),
        (Decimal("2.50"), "2.5"),
        (Decimal("2.00"), "2"),
        (Decimal(f"-0.{'9' * 38}"), f"-0.{'9' * 38}"),
        (Decimal(f"1.{'0' * 36}1E-100"), f"1.{'0' * 36}1E-100"),
        (10**37, "1" + "0" * 37),
    ],
)
def test_numbers_are_written_so_that_equal_ones_are_one_key(number: Number, text: str) -> None:
    assert attributes.attribute(number) == {"N": text}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-12", -12),
        ("1.5", 1.5),
        ("0.0000001", 1e-7),
        ("1E+3", 1000),
        ("1" + "0" * 40, 10**40),
        ("-1.0E-2", -0.01),
        ("1.00000000000000001", Decimal("1.00000000000000001")),
    ],
)
def test_numbers_are_read_in_every_notation(text: str, number: Number) -> None:
    found = attributes.value({"N": text})
    assert found == number
    assert type(found) is type(number)


def test_each_kind_of_value_has_an_attribute() -> None:
    value: Value = {"b": True, "l": [1, None], "n": 1.5, "s": "a"}
    stored: attributes.Attribute = {
        "M": {
            "b": {"BOOL": True},
            "l": {"L": [{"N": "1"}, {"NULL": True}]},
            "n": {"N": "1.5"},
            "s": {"S": "a"},
        }
    }
    assert attributes.attribute(value) == stored
    assert attributes.value(stored) == value


def test_tuples_are_lists() -> None:
    assert attributes.attribute((1, "a")) == {"L": [{"N": "1"}, {"S": "a"}]}  # type: ignore[arg-type]


@pytest.mark.parametrize("foreign", [{"B": "YQ=="}, {"SS": ["a"]}, {"NS": ["1"]}])
def test_kinds_that_oort_does_not_write_are_unreadable(foreign: attributes.Attribute) -> None:
    with pytest.raises(Unreadable):
        attributes.value(foreign)


def test_the_attributes_of_index_keys_are_known_by_the_table() -> None:
    table = TableModel(
        "s.t", "s", "id", "line", None,
        (
            IndexModel("own", "id", "line", primary=True),
            IndexModel("by_owner", "owner", "rank", primary=False),
            IndexModel("by_line", "line", None, primary=False),
        ),
        Source("x.py", 1),
    )  # fmt: skip
    assert attributes.indexed(table) == {"owner", "rank"}


def test_a_key_is_named_part_by_part() -> None:
    table = TableModel("s.t", "s", "id", "line", None, (), Source("x.py", 1))
    assert attributes.key(table, ("a", 2)) == {"id": {"S": "a"}, "line": {"N": "2"}}
