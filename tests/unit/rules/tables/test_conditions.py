"""Conditions and changes mean the same here as in DynamoDB."""

from contextlib import suppress
from copy import deepcopy
from decimal import Context, Decimal
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oort.model.errors import InvalidUse, InvalidValue, OortError
from oort.model.items import (
    AddTo,
    All,
    AppendTo,
    Between,
    Change,
    Condition,
    Equals,
    Item,
    KeyPart,
    Number,
    Path,
    Remove,
    SetTo,
    Value,
)
from oort.rules.tables import conditions
from tests.unit.rules.strategies import (
    changes,
    decimals,
    key_parts,
    ordinary_floats,
    paths,
    stored_items,
    values,
)
from tests.unit.rules.strategies import conditions as any_conditions

nested_items = st.dictionaries(st.sampled_from("abcd"), values | stored_items, max_size=4)


def dynamo(value: Value) -> object:
    """The value as DynamoDB tells it apart: type letters, numbers as decimals."""
    match value:
        case bool() | None | str():
            return (type(value).__name__, value)
        case int() | float() | Decimal():
            return ("N", Decimal(str(value)))
        case list():
            return ("L", [dynamo(inner) for inner in value])
        case dict():
            return ("M", {name: dynamo(inner) for name, inner in value.items()})


def at(item: Value, path: Path) -> Value:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def naive(condition: Condition, item: Item) -> bool:
    match condition:
        case All(parts):
            return min([naive(part, item) for part in parts], default=True)
        case Equals(path, value, before):
            stored = dynamo(at(item, path))
            return stored == dynamo(value) or (before is not None and stored == dynamo(before))
        case Between(path, low, high):
            found = at(item, path)
            if isinstance(found, str) and isinstance(low, str) and isinstance(high, str):
                return low.encode() <= found.encode() <= high.encode()
            if any(isinstance(one, bool | str | list | dict | None) for one in (found, low, high)):
                return (
                    not isinstance(low, str)
                    and isinstance(high, str)
                    and is_number(found)
                    and at_least(found, low)
                )
            return at_least(found, low) and at_least(high, found)


def is_number(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def at_least(value: Value, low: Value) -> bool:
    return Decimal(str(value)) >= Decimal(str(low))


@pytest.mark.unmeasured
@given(any_conditions, nested_items)
def test_conditions_hold_when_a_naive_evaluator_says_so(condition: Condition, item: Item) -> None:
    assert conditions.holds(condition, item) == naive(condition, item)


@pytest.mark.unmeasured
@given(nested_items, paths)
def test_a_value_equals_itself(item: Item, path: Path) -> None:
    assert conditions.holds(Equals(path, at(item, path)), deepcopy(item))


@pytest.mark.unmeasured
@given(key_parts, key_parts, key_parts)
def test_between_agrees_with_the_naive_evaluator(
    value: KeyPart, low: KeyPart, high: KeyPart
) -> None:
    between = Between(("a",), low, high)
    assert conditions.holds(between, {"a": value}) == naive(between, {"a": value})


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        (True, 1),
        (0, False),
        ([True], [1]),
        ({"a": [False]}, {"a": [0]}),
        ("1", 1),
        (None, 0),
        ([], {}),
        ([1], [1, 2]),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_values_of_different_kinds_are_not_equal(stored: Value, asked: Value) -> None:
    assert not conditions.holds(Equals(("v",), asked), {"v": stored})


@pytest.mark.parametrize(
    ("stored", "asked"), [(1, 1.0), (1e23, 10**23), ([0.0], [0]), ({"a": [2.0]}, {"a": [2]})]
)
def test_a_number_is_equal_whatever_its_python_type(stored: Value, asked: Value) -> None:
    assert conditions.holds(Equals(("v",), asked), {"v": stored})


def test_a_path_through_a_value_that_is_no_map_leads_to_nothing() -> None:
    assert conditions.holds(Equals(("a", "b"), None), {"a": 1})
    assert not conditions.holds(Equals(("a", "b"), 1), {"a": [1]})


def test_an_absent_item_has_no_attributes() -> None:
    assert conditions.holds(Equals(("a",), None), None)
    assert not conditions.holds(Equals(("a",), 1), None)
    assert not conditions.holds(Between(("a",), 0, 9), None)
    assert conditions.holds(All(()), None)


@pytest.mark.unmeasured
@given(nested_items, st.lists(changes, max_size=4).map(tuple))
def test_changes_never_modify_the_given_item(item: Item, several: tuple[Change, ...]) -> None:
    before = repr(item)
    given_changes = repr(several)
    with suppress(OortError):
        conditions.changed(item, several)
    assert repr(item) == before
    assert repr(several) == given_changes


def test_a_nested_change_leaves_the_original_alone() -> None:
    item: Item = {"a": {"b": {"n": 1}, "list": ["x"]}, "other": {"same": True}}
    before = deepcopy(item)
    changed = conditions.changed(
        item, (AddTo(("a", "b", "n"), 2), AppendTo(("a", "list"), ["y"]), Remove(("a", "gone")))
    )
    assert changed == {"a": {"b": {"n": 3}, "list": ["x", "y"]}, "other": {"same": True}}
    assert item == before


@pytest.mark.unmeasured
@given(nested_items, paths, values)
def test_what_was_set_is_read_back(item: Item, path: Path, value: Value) -> None:
    assume(all(isinstance(at(item, path[:depth]), dict) for depth in range(len(path))))
    changed = conditions.changed(item, (SetTo(path, value),))
    assert conditions.holds(Equals(path, value), changed)
    assert conditions.holds(Equals(path, None), conditions.changed(changed, (Remove(path),)))


@pytest.mark.unmeasured
@given(st.integers(-(10**37), 10**37), st.integers(-(10**37), 10**37))
def test_integers_add_exactly(left: int, right: int) -> None:
    assert conditions.changed({"n": left}, (AddTo(("n",), right),)) == {"n": left + right}


@pytest.mark.unmeasured
@given(ordinary_floats | decimals, ordinary_floats | decimals)
def test_a_sum_is_exact_or_refused(left: Number, right: Number) -> None:
    exact = Context(prec=400).add(Decimal(str(left)), Decimal(str(right)))
    digits = "".join(map(str, exact.as_tuple().digits)).strip("0")
    try:
        (total,) = conditions.changed({"n": left}, (AddTo(("n",), right),)).values()
    except InvalidValue:
        assert len(digits) > 38 or not -130 <= exact.adjusted() <= 125
    else:
        assert Decimal(str(total)) == exact
        assert len(digits) <= 38


def test_a_sum_without_room_says_so() -> None:
    with pytest.raises(InvalidValue, match=r"^n would be 100.*01, which no table can hold"):
        conditions.changed({"n": 10**37}, (AddTo(("n",), Decimal("0.01")),))


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    assert conditions.changed({"n": 0.1}, (AddTo(("n",), 0.2),)) == {"n": 0.3}
    assert conditions.changed({"n": 1}, (AddTo(("n",), 0.5),)) == {"n": 1.5}


def test_an_old_text_is_a_number_only_where_the_type_is_a_decimal() -> None:
    assert conditions.changed({"n": "1.50"}, (AddTo(("n",), 1, texts=True),)) == {"n": 2.5}
    for change in (AddTo(("n",), 1), AddTo(("m",), 1, texts=True)):
        with pytest.raises(InvalidValue, match="is not a number"):
            conditions.changed({"n": "1.50", "m": "x"}, (change,))


def test_a_missing_number_counts_as_zero_and_a_missing_list_as_empty() -> None:
    assert conditions.changed({}, (AddTo(("n",), -2), AppendTo(("l",), [1]))) == {"n": -2, "l": [1]}


@pytest.mark.parametrize(
    ("item", "change", "reason"),
    [
        ({"n": "1"}, AddTo(("n",), 1), "n is not a number"),
        ({"n": True}, AddTo(("n",), 1), "n is not a number"),
        ({"l": "x"}, AppendTo(("l",), [1]), "l is not a list"),
        ({}, SetTo(("a", "b"), 1), "a is not there"),
        ({"a": [1]}, Remove(("a", "b")), "a is not there"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(item: Item, change: Change, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        conditions.changed(item, (change,))


@pytest.mark.unmeasured
@given(st.lists(changes, min_size=2, max_size=4).map(tuple))
def test_changes_of_overlapping_places_are_refused_as_dynamodb_does(
    several: tuple[Change, ...],
) -> None:
    pairs = list(combinations([change.path for change in several], 2))
    overlap = any(one[: len(other)] == other or other[: len(one)] == one for one, other in pairs)
    item: Item = {name: {inner: {} for inner in "abcd"} for name in "abcd"}
    try:
        conditions.changed(item, several)
    except InvalidUse:
        assert overlap
    except InvalidValue:
        assert not overlap
    else:
        assert not overlap


def test_a_list_without_room_is_refused() -> None:
    change = AppendTo(("a",), ["x"], most=1)
    assert conditions.changed({}, (change,)) == {"a": ["x"]}
    with pytest.raises(InvalidValue, match="more than 1 elements"):
        conditions.changed({"a": ["x"]}, (change,))
