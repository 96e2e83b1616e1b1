"""Only what both targets store without loss is let in."""

import sys
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.items import Number, Value
from oort.rules.types import numbers
from tests.unit.rules.strategies import values


def nested(depth: int) -> Value:
    value: Value = 1
    for step in range(depth):
        value = [value] if step % 2 else {"in": value}
    return value


@given(values)
def test_ordinary_values_pass(value: Value) -> None:
    numbers.check(value)


@pytest.mark.parametrize(
    "value",
    [
        0,
        -0.0,
        True,
        None,
        "",
        10**38 - 1,
        -(10**38) + 1,
        10**125,
        99 * 10**124,
        1e-130,
        -1e-130,
        9.9e125,
        Decimal("1E-130"),
        Decimal(f"{'9' * 38}E+88"),
        Decimal(f"-0.{'9' * 38}000"),
        (1, "two"),
    ],
)
def test_values_at_the_edge_pass(value: object) -> None:
    numbers.check(cast(Value, value))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "the value is nan"),
        (float("inf"), "the value is inf"),
        (float("-inf"), "the value is -inf"),
        (10**38 + 1, "more than 38 digits"),
        (-(10**38) - 1, "more than 38 digits"),
        (123456789 * 10**37 + 1, "more than 38 digits"),
        (10**126, "out of range"),
        (-(10**126), "out of range"),
        (1e126, "out of range"),
        (1e-131, "out of range"),
        (5e-324, "out of range"),
        ("half \ud83d", "surrogate"),
        ({"a\udc00": 1}, "surrogate"),
        ({"a": [1, {"b": float("nan")}]}, "/a/1/b is nan"),
        ([10**38 + 1], "/0 has more than 38 digits"),
        ({"raw": b"bytes"}, "/raw is a bytes"),
        (Decimal("NaN"), "the value is NaN"),
        (Decimal("sNaN"), "the value is sNaN"),
        (Decimal("-Infinity"), "the value is -Infinity"),
        (Decimal(f"0.{'1' * 39}"), "more than 38 digits"),
        (Decimal("1E+126"), "out of range"),
        (Decimal("1E-131"), "out of range"),
        (Decimal("1E+999999"), "out of range"),
        ({"a": [Decimal("NaN")]}, "/a/0 is NaN"),
    ],
)
def test_other_values_are_refused_with_their_place(value: object, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        numbers.check(cast(Value, value))


def test_a_number_too_long_to_print_is_refused_like_any_other() -> None:
    huge = 10 ** (sys.get_int_max_str_digits() + 1)
    with pytest.raises(InvalidValue, match="out of range"):
        numbers.check(huge)


@given(st.integers())
def test_integers_pass_exactly_when_they_have_at_most_38_digits_and_fit(value: int) -> None:
    fits = len(str(abs(value)).strip("0")) <= 38 and abs(value) < 10**126
    try:
        numbers.check(value)
    except InvalidValue:
        assert not fits
    else:
        assert fits


@given(st.floats() | st.floats(1e-131, 1e-128) | st.floats(1e124, 1e127))
def test_floats_pass_exactly_when_they_are_within_the_range(value: float) -> None:
    fits = value == 0 or 1e-130 <= abs(value) < 1e126
    nested_in: Value = {"a": [1, {"b": value}]}
    for item in (value, nested_in):
        try:
            numbers.check(item)
        except InvalidValue:
            assert not fits
        else:
            assert fits


def test_items_nest_as_deep_as_dynamodb_allows_and_no_deeper() -> None:
    numbers.check({"item": nested(limits.ITEM_DEPTH)})
    with pytest.raises(LimitExceeded, match="32 levels"):
        numbers.check({"item": nested(limits.ITEM_DEPTH + 1)})


def test_very_deep_values_are_refused_and_do_not_crash() -> None:
    with pytest.raises(LimitExceeded):
        numbers.check(nested(100_000))


def test_what_is_no_number_is_passed_over_on_the_way_to_what_does_not_fit() -> None:
    with pytest.raises(InvalidValue, match="/2 is out of range"):
        numbers.check([None, True, 10**126])


any_decimals = st.decimals(allow_nan=False, allow_infinity=False)


@given(any_decimals)
@example(Decimal("1E+999999999"))
@example(Decimal(f"1.{'0' * 60}1"))
def test_a_narrowed_decimal_is_the_same_number(number: Decimal) -> None:
    narrowed = numbers.narrowed(number)
    assert numbers.exact(narrowed) == number
    assert repr(numbers.narrowed(numbers.exact(narrowed))) == repr(narrowed)


@given(any_decimals, st.integers(0, 60))
def test_trailing_zeros_make_no_difference(number: Decimal, zeros: int) -> None:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, (*digits, *[0] * zeros), exponent - zeros))
    assume(-130 <= number.adjusted() <= 125)
    assert repr(numbers.narrowed(longer)) == repr(numbers.narrowed(number))


@given(st.floats(1e-130, 9.9e125) | st.floats(-9.9e125, -1e-130))
def test_a_float_is_its_printed_number(number: float) -> None:
    assert str(numbers.exact(number)) == str(Decimal(repr(number)))
    assert float(numbers.narrowed(Decimal(repr(number)))) == number


@pytest.mark.parametrize(
    ("left", "right", "total"),
    [
        (1, 2, 3),
        (0.1, 0.2, 0.3),
        (0.5, 0.5, 1),
        (Decimal("0.1"), 0.2, 0.3),
        (10**37, Decimal("0.1"), Decimal(f"1{'0' * 37}.1")),
        (Decimal(f"1{'0' * 36}.1"), Decimal("-0.1"), 10**36),
    ],
)
def test_a_sum_is_exact(left: Number, right: Number, total: Number) -> None:
    assert repr(numbers.added(left, right)) == repr(total)


def test_a_sum_with_too_many_digits_is_refused_and_not_rounded() -> None:
    with pytest.raises(InvalidValue, match="more than 38 digits"):
        numbers.check(numbers.added(10**37, Decimal("0.01")))
    with pytest.raises(InvalidValue, match="out of range"):
        numbers.check(numbers.added(Decimal("9E+125"), Decimal("9E+125")))


@pytest.mark.parametrize("value", [1e300, 5e-324, 10**39 + 1, -(10**4298), [{"a": 1e-300}], True])
def test_a_message_takes_numbers_beyond_those_of_tables(value: Value) -> None:
    numbers.check_message(value)


@pytest.mark.parametrize(
    "value",
    [float("nan"), 10**4300, -(10**4299), 10**5000, "\ud800"],
    ids=["NaN", "long", "long with its sign", "longer", "half of a pair"],
)
def test_a_message_takes_nothing_that_no_reader_takes(value: Value) -> None:
    with pytest.raises(InvalidValue, match=r"/0 (is nan|has more than 4300 digits|holds half)"):
        numbers.check_message([value])


def test_an_integer_that_no_float_holds_is_known() -> None:
    assert numbers.is_float(-(2**53))
    assert not numbers.is_float(2**53 + 1)
    assert not numbers.is_float(10**400)
