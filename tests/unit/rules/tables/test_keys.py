"""Keys sort as DynamoDB sorts them, and only values that both targets can hold become keys."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import InvalidValue
from oort.model.items import Item, KeyPart, Number, PartForm, Value
from oort.rules.tables import keys
from oort.rules.types import numbers
from tests.unit.rules.strategies import decimals, values

big_integers = st.integers(-(10**38), 10**38)
numbers_of_keys = big_integers | decimals | st.floats(allow_nan=False, allow_infinity=False)
zones = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001  hypothesis adds zones


def decimal(number: Number) -> Decimal:
    return Decimal(str(number))


@given(numbers_of_keys, numbers_of_keys)
def test_numbers_sort_by_value(left: Number, right: Number) -> None:
    a, b = keys.ordered(left), keys.ordered(right)
    assert (a < b, a == b) == (decimal(left) < decimal(right), decimal(left) == decimal(right))


@given(big_integers)
def test_neighbours_of_38_digits_stay_apart(number: int) -> None:
    assert keys.ordered(number) < keys.ordered(number + 1)


@given(st.integers(1 - 10**38, 10**38 - 2), st.integers(-40, 10))
def test_decimals_that_differ_in_the_38th_digit_stay_apart(digits: int, exponent: int) -> None:
    less, more = (Decimal(f"{number}E{exponent}") for number in (digits, digits + 1))
    assert keys.ordered(less) < keys.ordered(more)
    assert keys.ordered(numbers.narrowed(less)) == keys.ordered(less)


@given(st.text(), st.text())
def test_text_sorts_by_its_utf8_bytes(left: str, right: str) -> None:
    a, b = keys.ordered(left), keys.ordered(right)
    assert (a < b, a == b) == (left.encode() < right.encode(), left == right)


@given(numbers_of_keys, st.text())
def test_every_number_sorts_before_every_text(number: Number, text: str) -> None:
    assert keys.ordered(number) < keys.ordered(text)


@pytest.mark.parametrize(
    "same",
    [
        (0, 0.0, -0.0, Decimal("0.00")),
        (1, 1.0, Decimal("1.00")),
        (10**22, 1e22),
        (-(10**30), -1e30),
    ],
)
def test_equal_numbers_have_equal_bytes_whatever_their_type(same: tuple[KeyPart, ...]) -> None:
    assert len({keys.ordered(value) for value in same}) == 1


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_what_is_not_a_number_has_no_order(value: Number) -> None:
    with pytest.raises(InvalidValue, match="no order"):
        keys.ordered(value)


@given(moments, moments)
def test_times_sort_as_their_text(left: datetime, right: datetime) -> None:
    a, b = str(keys.part(left)), str(keys.part(right))
    assert (a < b, a == b) == (left < right, left == right)
    assert len(a) == len(b) == 27


@given(moments, zones)
def test_one_instant_is_one_key_in_every_zone(moment: datetime, zone: timezone) -> None:
    assert keys.part(moment) == keys.part(moment.astimezone(zone))
    assert datetime.fromisoformat(str(keys.part(moment))) == moment


class Colour(Enum):
    RED = "red"
    DAY = date(2026, 1, 2)
    NONE = None


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("text", "text"),
        (7, 7),
        (2.5, 2.5),
        (Decimal("2.50"), 2.5),
        (Decimal("2.00"), 2),
        (Decimal("1.00000000000000001"), Decimal("1.00000000000000001")),
        (date(987, 1, 2), "0987-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (Colour.DAY, "2026-01-02"),
        (Level.LOW, 1),
        (Word.ONE, "one"),
        (datetime(987, 1, 2, 3, 4, 5, 6, UTC), "0987-01-02T03:04:05.000006Z"),
    ],
)
def test_typed_values_become_key_attributes(value: object, part: KeyPart) -> None:
    assert keys.part(value) == part


@pytest.mark.parametrize("value", [None, True, False, b"raw", [1], Colour.NONE, time(1), object()])
def test_other_values_are_no_keys(value: object) -> None:
    with pytest.raises(InvalidValue, match="cannot be a key"):
        keys.part(value)


def test_a_time_without_a_zone_is_no_key() -> None:
    with pytest.raises(InvalidValue, match="no time zone"):
        keys.part(datetime(2026, 1, 2))  # noqa: DTZ001


@pytest.mark.parametrize(
    "value",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_time_that_utc_cannot_express_is_refused(value: datetime) -> None:
    with pytest.raises(InvalidValue, match="years 1 to 9999"):
        keys.part(value)


@pytest.mark.parametrize(
    "key", [("a",), (1,), (-2.5, "z"), ("é" * 1024,), ("a", "b" * 1024), (10**37,)]
)
def test_good_keys_pass(key: tuple[KeyPart, ...]) -> None:
    keys.check(key)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (("",), "empty"),
        (("a", ""), "empty"),
        (("é" * 1025,), "2050 bytes; at most 2048"),
        (("a", "b" * 1025), "1025 bytes; at most 1024"),
        ((float("nan"),), "the key is nan"),
        (("a", float("inf")), "the key is inf"),
        ((10**38 + 1,), "38 digits"),
        (("\ud800",), "surrogate"),
    ],
)
def test_keys_that_a_target_would_refuse_are_refused(key: tuple[KeyPart, ...], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        keys.check(key)


@dataclass
class Keyed:
    partition: str
    sort: str | None


def test_the_key_of_an_item_is_read_from_its_attributes() -> None:
    item: Item = {"id": "a", "day": 2}
    assert keys.of(item, Keyed("id", None)) == ("a",)
    assert keys.of(item, Keyed("id", "day")) == ("a", 2)


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_an_item_without_a_usable_attribute_is_not_in_the_index(value: Value) -> None:
    assert keys.of({"id": "a", "day": value}, Keyed("id", "day")) is None
    assert keys.of({"id": "a"}, Keyed("id", "day")) is None


@given(values)
def test_only_text_and_numbers_can_be_compared(value: Value) -> None:
    found = keys.comparable(value)
    comparable = isinstance(value, str | float) or (
        isinstance(value, int) and not isinstance(value, bool)
    )
    assert found is (value if comparable else None)


def test_the_limits_are_dynamodbs() -> None:
    assert (limits.PARTITION_KEY_BYTES, limits.SORT_KEY_BYTES) == (2048, 1024)


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("a", "text", "a"),
        (UUID(int=1), "text", str(UUID(int=1))),
        (Decimal("1.0"), "number", 1),
        (2**53 + 1, "number", 2**53 + 1),
        (2**53, "float", 2**53),
        (0.5, "float", 0.5),
        ("a", "any", "a"),
        (1, "any", 1),
    ],
)
def test_a_part_in_the_form_of_its_type_is_taken(
    value: object, form: PartForm, expected: KeyPart
) -> None:
    assert keys.formed(value, form) == expected


@pytest.mark.parametrize(
    ("value", "form", "reason"),
    [
        ("1", "number", "'1' is not a number"),
        ("1", "float", "'1' is not a number"),
        (1, "text", "1 is not a text"),
        (2**53 + 1, "float", "No float holds 9007199254740993"),
    ],
)
def test_a_part_of_another_form_is_refused(value: object, form: PartForm, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        keys.formed(value, form)
