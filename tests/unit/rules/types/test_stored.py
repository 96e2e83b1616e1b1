"""What tables ask of a type: its fields, the type of a key, and a version that counts."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType, TypedDict
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct
from pydantic import BaseModel, Field

from oort.rules.types import reading, stored


class Level(IntEnum):
    LOW = 1


class Colour(Enum):
    RED = "red"


class Account(Struct, rename={"email": "mail"}):
    id: str
    email: Annotated[str, Meta(max_length=9)] | None
    number: Annotated[int, Meta(ge=0, title="A number")] | None
    level: Level
    colour: Colour
    made: datetime
    fixed: Literal["a", "b"]
    counted: Literal[1, 2]
    mixed: int | str
    ratio: float
    version: int = 0


@dataclass
class Plain:
    id: str


class Row(Struct, array_like=True):
    id: str


class Typed(TypedDict):
    id: str


class Order(BaseModel):
    id: int = Field(alias="theId")
    version: str = ""


Price = NewType("Price", Decimal)


class Nothing(BaseModel):
    pass


@pytest.mark.parametrize(
    ("item", "names"),
    [
        (Plain, {"id": "id"}),
        (Order, {"id": "theId", "version": "version"}),
        (Nothing, {}),
        (Row, None),
        (Typed, None),
        (list[int], None),
        (dict[str, int] | Plain, None),
    ],
)
def test_a_struct_a_dataclass_and_a_model_are_stored_as_objects(
    item: Any, names: dict[str, str] | None
) -> None:
    assert stored.names(item) == names


def test_a_field_has_its_name_in_the_table() -> None:
    assert (stored.names(Account) or {})["email"] == "mail"


@pytest.mark.parametrize(
    ("item", "name", "kind"),
    [
        (Account, "email", "text"),
        (Account, "number", "number"),
        (Account, "level", "number"),
        (Account, "colour", "text"),
        (Account, "made", "text"),
        (Account, "fixed", "text"),
        (Account, "counted", "number"),
        (Account, "mixed", "mixed"),
        (Account, "ratio", "number"),
        (Account, "absent", "text"),
        (Order, "id", "number"),
    ],
)
def test_a_key_is_text_or_a_number(item: Any, name: str, kind: str) -> None:
    assert stored.key_type(item, name) == kind


class Stepped(msgspec.Struct):
    bounded: Annotated[int, Meta(lt=10)] = 0
    later: Annotated[int, Meta(gt=0)] = 1
    stepped: Annotated[int, Meta(multiple_of=2)] = 0
    counted: Annotated[int, Meta(ge=0, description="noted")] = 0
    named: str = msgspec.field(default="", name="oort:a")


def test_names_of_oort_are_found_in_a_type() -> None:
    assert stored.reserved(Stepped) == ["oort:a"]
    assert stored.reserved(Order) == []


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        (str, False),
        (str | None, True),
        (Literal["a"], False),
        (Literal["a", None], True),
        (Any, False),
    ],
)
def test_a_field_may_be_none_if_its_type_says_so(kind: Any, may: bool) -> None:
    item = msgspec.defstruct("Row", [("id", kind)])
    assert stored.may_be_none(item, "id") is may


@pytest.mark.parametrize(
    ("item", "name", "taken", "may"),
    [
        (Account, "version", False, True),
        (Account, "version", True, False),
        (Account, "ratio", False, False),
        (Account, "email", False, False),
        (Account, "absent", False, True),
        (Order, "version", True, False),
        (Order, "version", False, False),
        (Order, "id", False, True),
        (Stepped, "bounded", False, False),
        (Stepped, "later", False, False),
        (Stepped, "stepped", False, False),
        (Stepped, "counted", False, True),
    ],
)
def test_a_version_is_an_int_of_its_own(item: Any, name: str, taken: bool, may: bool) -> None:
    assert stored.may_be_version(item, name, taken=taken) is may


def test_the_first_object_of_a_union_is_the_one_with_fields() -> None:
    found = stored.structured(reading.compiled(int | Account | None))
    assert found is not None
    assert found.kind is Account
    assert stored.structured(reading.compiled(int | None)) is None


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (int, int),
        (Annotated[int, Meta(ge=1)], int),
        (Annotated[int, ["a note"]], int),
        (Annotated[int, Meta(multiple_of=2)] | None, Annotated[int, Meta(multiple_of=2)]),
        (float | None, float),
        (int | float, int | float),
        (Decimal, Decimal),
        (Annotated[Decimal, Meta(description="A price")] | None, Decimal),
        (Price, Decimal),
        (Decimal | int, int | Decimal),
        (str, int | float | Decimal),
    ],
)
def test_an_amount_is_a_number_of_the_same_kind_without_its_bounds(kind: Any, number: Any) -> None:
    assert stored.number(kind) == number


@pytest.mark.parametrize(
    ("kind", "is_exact"),
    [(Decimal, True), (Price | None, True), (Decimal | int, True), (float, False), (Any, False)],
)
def test_a_decimal_is_known_behind_names_and_in_unions(kind: Any, is_exact: bool) -> None:
    assert stored.is_exact(kind) is is_exact


def test_the_bounds_of_an_int_are_not_those_of_a_decimal_beside_it() -> None:
    assert stored.bounds(Annotated[int, Meta(ge=1)] | Decimal) is None
    assert stored.bounds(Decimal) is None


@pytest.mark.parametrize(
    ("kind", "element"),
    [(list[int], int), (list[str] | None, str), (set[int] | str, int), (Any, Any), (int, Any)],
)
def test_the_elements_of_a_list_have_its_type(kind: Any, element: Any) -> None:
    assert stored.element(kind) == element


@pytest.mark.parametrize(
    ("kind", "most"),
    [(Annotated[list[int], Meta(max_length=3)] | None, 3), (list[int], None), (int, None)],
)
def test_the_length_of_a_list_is_that_of_its_type(kind: Any, most: int | None) -> None:
    assert stored.most(kind) == most


@pytest.mark.parametrize(
    ("kind", "stored_as"),
    [
        (str, "text"),
        (int, "number"),
        (float | None, "number"),
        (datetime, "text"),
        (Annotated[datetime, Meta(tz=False)], "none"),
        (UUID, "text"),
        (str | int, "mixed"),
        (Literal["a"], "text"),
        (Literal[1], "number"),
        (bool, "none"),
        (bytes, "none"),
        (Decimal, "number"),
        (Price | None, "number"),
        (Decimal | int, "number"),
        (time, "none"),
        (timedelta, "none"),
        (list[str], "none"),
        (Any, "text"),
    ],
)
def test_a_key_has_one_of_the_types_that_both_targets_order(kind: Any, stored_as: str) -> None:
    assert stored.kind_of(kind) == stored_as
