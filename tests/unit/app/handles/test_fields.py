"""`fields(Model)` records names, `field(…)` makes conditions and changes of them; every misuse says what to write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from oort import field, fields
from oort.model.errors import InvalidUse, InvalidValue
from oort.model.items import AddTo, All, AppendTo, Between, Equals, Remove, SetTo
from tests.unit.app.library import Book, Loan, Shelf

B = fields(Book)
L = fields(Loan)


@dataclass
class Inner:
    """A dataclass inside a Struct."""

    name: str = ""


class Outer(msgspec.Struct):
    """A Struct with optional and mapped parts."""

    inner: Inner | None = None
    free: dict[str, int] = {}
    texts: list[str] = []


class Priced(msgspec.Struct):
    """A Struct with Decimals."""

    price: Decimal = Decimal(0)
    parts: list[Decimal] = []


class Unreadable:
    """A type that msgspec does not know."""

    parts: int


P = fields(Priced)


def test_each_method_makes_its_rule() -> None:
    assert field(B.copies).set(2).rule == SetTo(("copies",), 2)
    assert field(B.copies).add(-1).rule == AddTo(("copies",), -1)
    assert field(B.tags).append("a", "b").rule == AppendTo(("tags",), ["a", "b"])
    assert field(B.shelf).remove().rule == Remove(("shelf",))
    assert field(B.title).equals("t").rule == Equals(("title",), "t")
    assert field(B.copies).between(1, 3).rule == Between(("copies",), 1, 3)


def test_a_decimal_is_a_number_and_its_text_of_before_is_equal_too() -> None:
    price = field(P.price)
    assert price.set(Decimal("1.10")).rule == SetTo(("price",), 1.1)
    assert price.add(Decimal("-1.00")).rule == AddTo(("price",), -1, None, texts=True)
    assert price.equals(Decimal("1.10")).rule == Equals(("price",), 1.1, "1.10")
    assert price.between(Decimal(1), Decimal("1.50")).rule == Between(("price",), 1, 1.5)
    assert field(P.parts).append(Decimal("2.0")).rule == AppendTo(("parts",), [2])
    assert field(P.parts).equals([Decimal("2.0")]).rule == Equals(("parts",), [2], ["2.0"])
    assert field(P.parts).equals([]).rule == Equals(("parts",), [])
    for wrong in (Decimal("NaN"), Decimal(f"0.{'1' * 39}")):
        for make in (price.set, price.add, price.equals):
            with pytest.raises(InvalidValue):
                make(wrong)


def test_and_joins_conditions_in_order() -> None:
    one, two, three = (field(B.copies).equals(n) for n in (1, 2, 3))
    assert (one & two & three).rule == All((All((one.rule, two.rule)), three.rule))


def test_values_are_recorded_in_their_stored_form() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert field(L.shelf).equals(Shelf.LOWER).rule == Equals(("shelf",), "lower")
    assert field(B.bought).set(moment).rule == SetTo(("bought",), "2026-01-02T00:00:00.000000Z")
    assert field(B.bought).between(moment, moment + timedelta(1)).rule == Between(
        ("bought",), "2026-01-02T00:00:00.000000Z", "2026-01-03T00:00:00.000000Z"
    )


def test_nested_parts_are_reached_through_structs_dataclasses_and_options() -> None:
    outer = fields(Outer)
    assert outer.inner is not None
    assert field(outer.inner.name).set("x").rule == SetTo(("inner", "name"), "x")
    assert B.origin is not None
    assert B.origin.binding is not None
    assert field(B.origin.binding.made_of).set("x").rule == SetTo(
        ("origin", "binding", "madeOf"), "x"
    )


def test_an_unknown_attribute_names_the_type() -> None:
    with pytest.raises(AttributeError, match="Book has no field 'colour'"):
        _ = B.colour  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="has no field 'upper'"):
        _ = B.title.upper
    with pytest.raises(AttributeError, match="has no field 'key'"):
        _ = fields(Outer).free.key  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: bool(B.copies),
        lambda: B.copies == 1,
        lambda: B.copies != 1,
        lambda: B.copies < 1,
        lambda: B.copies >= 1,
        lambda: len(B.title),
        lambda: list(B.tags),
        lambda: {B.title},
    ],
)
def test_a_recorded_attribute_has_no_value(misuse: Callable[[], object]) -> None:
    with pytest.raises(InvalidUse, match=r"records names.*Write field\(A\.state\)\.equals"):
        misuse()


@pytest.mark.parametrize("value", ["title", None, B, 7])
def test_field_takes_a_recorded_attribute_only(value: object) -> None:
    with pytest.raises(InvalidUse, match=r"Write A = fields\(Account\), then field\(A\.email\)"):
        field(value)


def test_a_condition_has_no_truth_value() -> None:
    with pytest.raises(InvalidUse, match="Join conditions with `&`, not with `and`"):
        _ = field(B.copies).equals(1) and field(B.copies).equals(2)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\ud800", object()])
def test_values_that_cannot_be_stored_are_refused_at_once(value: object) -> None:
    with pytest.raises(InvalidValue):
        field(B.title).set(value)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        field(B.tags).append(value)  # type: ignore[arg-type]


def test_between_needs_values_that_have_an_order() -> None:
    with pytest.raises(InvalidValue, match="cannot be a key"):
        field(B.tags).between(["a"], ["b"])


def test_a_type_without_fields_has_none() -> None:
    with pytest.raises(AttributeError, match="has no field"):
        _ = fields(int).real
    with pytest.raises(AttributeError):
        _ = fields(Unreadable).parts
