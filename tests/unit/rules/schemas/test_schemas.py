"""What is accepted is closed, what is answered is open and complete, and every name means one class."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType
from pydantic import BaseModel, Field

from oort.model.errors import InvalidValue
from oort.rules.schemas import schemas
from oort.rules.schemas.schema_keywords import Schema
from oort.rules.schemas.schema_names import named
from oort.rules.types import validation

T = TypeVar("T")


class Colour(enum.Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Cat(msgspec.Struct, tag=True):
    lives: int = 9


class Dog(msgspec.Struct, tag=True):
    name: str


class Row(msgspec.Struct, array_like=True, tag="row"):
    x: int
    y: int = 0


class Strict(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    x: int


class Lean(msgspec.Struct, omit_defaults=True):
    x: int
    y: int = 0


class Point(NamedTuple):
    x: int
    y: int = 0


class Words(TypedDict, total=False):
    first: str


@dataclass
class Size:
    width: int
    tags: list[str] = field(default_factory=list[str])
    area: int = field(init=False, default=0)
    made: object = field(default_factory=object)


class Box(msgspec.Struct, Generic[T]):
    """Holds things."""

    inside: list[T]


class Tree(msgspec.Struct, rename="camel"):
    """A tree.

    Of trees.
    """

    left_arm: "Tree | None" = None
    maybe: int | UnsetType = UNSET


class Line(BaseModel):
    count: int = Field(ge=1, le=99)


class Order(BaseModel):
    """An order."""

    lines: list[Line]
    note: str | None = Field(default=None, alias="theNote")


class Odd:
    """Unknown to msgspec."""


class Loose(msgspec.Struct):
    anything: Any = Odd()


def both(kind: object) -> tuple[Schema, Schema]:
    """As it is accepted, and as it is answered."""
    return schemas.schema(kind, closed=True), schemas.schema(kind, closed=False)


Natural = Annotated[int, Meta(ge=1)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, {"type": "null"}),
        (bool, {"type": "boolean"}),
        (Any, {}),
        (Annotated[int, Meta(ge=0, lt=9, multiple_of=3)], {
            "type": "integer", "minimum": 0, "exclusiveMaximum": 9, "multipleOf": 3}),
        (Annotated[float, Meta(gt=0, le=1)], {"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        (Annotated[str, Meta(min_length=1, max_length=2, pattern="^a", description="A word", examples=["a"])], {
            "type": "string", "minLength": 1, "maxLength": 2, "pattern": "^a",
            "description": "A word", "examples": ["a"]}),
        (date, {"type": "string", "format": "date"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (Annotated[datetime, Meta(tz=False)], {"type": "string", "format": "date-time-local"}),
        (Annotated[time, Meta(tz=False)], {"type": "string", "format": "time-local"}),
        (time, {"type": "string", "format": "time"}),
        (timedelta, {"type": "string", "format": "duration"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (Literal["a", 3], {"enum": [3, "a"]}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (list[Any], {"type": "array"}),
        (Annotated[list[int], Meta(min_length=1, max_length=2)], {
            "type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
        (tuple[int, str], {
            "type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
        (tuple[()], {"type": "array", "minItems": 0, "maxItems": 0}),
        (dict[str, Any], {"type": "object"}),
        (Annotated[dict[Natural, bool], Meta(min_length=1, max_length=2)], {
            "type": "object", "propertyNames": {"pattern": "^(?:[1-9][0-9]*)$"},
            "additionalProperties": {"type": "boolean"}, "minProperties": 1, "maxProperties": 2}),
        (dict[Annotated[str, Meta(max_length=3)], int], {
            "type": "object", "propertyNames": {"maxLength": 3}, "additionalProperties": {"type": "integer"}}),
    ],
)  # fmt: skip
def test_what_is_the_same_both_ways(kind: object, expected: Schema) -> None:
    assert both(kind) == (expected, expected)


def test_a_set_is_accepted_with_repetitions_and_answered_without() -> None:
    accepted, answered = both(set[int])
    assert "uniqueItems" not in accepted
    assert answered["uniqueItems"] is True


def test_a_decimal_is_accepted_as_a_number_too() -> None:
    assert [one["type"] for one in both(Decimal)] == [["string", "number"], "string"]


def test_bytes_are_base64_and_their_length_is_that_of_the_text() -> None:
    accepted, _ = both(Annotated[bytes, Meta(min_length=1, max_length=4)])
    assert (accepted["contentEncoding"], accepted["minLength"], accepted["maxLength"]) == (
        "base64",
        4,
        8,
    )


def test_a_body_is_closed_and_a_reply_says_what_is_always_there() -> None:
    accepted, answered = both(Tree)
    assert accepted["$ref"] == answered["$ref"] == "#/$defs/Tree"
    assert accepted["$defs"] == {
        "Tree": {
            "title": "Tree",
            "description": "A tree.\n\nOf trees.",
            "type": "object",
            "properties": {
                "leftArm": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}], "default": None},
                "maybe": {"type": "integer"},
            },
            "additionalProperties": False,
        }
    }
    tree = defined(answered, "Tree")
    assert tree["required"] == ["leftArm"]  # what may be unset may be missing
    assert "additionalProperties" not in tree


def defined(schema: Schema, name: str) -> dict[str, Any]:
    """One of its definitions."""
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    found: Any = definitions[name]
    return dict(found)


def test_a_reply_without_defaults_promises_none() -> None:
    assert defined(both(Lean)[1], "Lean")["required"] == ["x"]


def test_a_dataclass_takes_what_its_constructor_takes() -> None:
    accepted, answered = (defined(one, "Size") for one in both(Size))
    assert list(accepted["properties"]) == ["width", "tags", "made"]
    assert accepted["properties"]["tags"]["default"] == []
    assert accepted["required"] == ["width"]
    assert "description" not in accepted  # Python wrote its docstring
    assert answered["required"] == ["width", "tags", "area", "made"]


def test_a_default_that_is_not_json_is_not_shown() -> None:
    assert defined(both(Loose)[0], "Loose")["properties"] == {"anything": {}}


def test_arrays_with_a_type_for_each_position() -> None:
    assert defined(both(Point)[0], "Point") == {
        "title": "Point", "type": "array", "minItems": 1, "maxItems": 2,
        "prefixItems": [{"title": "x", "type": "integer"}, {"title": "y", "type": "integer", "default": 0}],
    }  # fmt: skip
    row = defined(both(Row)[0], "Row")
    assert (row["minItems"], row["prefixItems"][0]) == (2, {"const": "row"})
    assert "maxItems" not in row
    assert defined(both(Strict)[0], "Strict")["maxItems"] == 1


def test_a_typed_dict_has_only_what_it_has() -> None:
    accepted, answered = (defined(one, "Words") for one in both(Words))
    assert "required" not in accepted
    assert "required" not in answered


def test_a_union_of_objects_needs_the_tag_and_one_alone_does_not() -> None:
    accepted = schemas.schema(Cat | Dog, closed=True)
    assert accepted["required"] == ["type"]
    assert accepted["discriminator"] == {
        "propertyName": "type", "mapping": {"Cat": "#/$defs/Cat", "Dog": "#/$defs/Dog"}
    }  # fmt: skip
    assert "required" not in defined(accepted, "Cat")
    assert defined(schemas.schema(Cat | Dog, closed=False), "Cat")["required"] == ["type", "lives"]
    assert "discriminator" not in schemas.schema(Cat | Dog | None, closed=True)


def test_an_enum_is_named_and_lists_its_values() -> None:
    assert defined(both(Colour)[0], "Colour") == {
        "title": "Colour", "description": "A colour.", "enum": ["red", "blue"]
    }  # fmt: skip


def test_what_comes_in_has_a_name_of_its_own_if_it_differs() -> None:
    found = schemas.described(
        accepted=[Box[Tree], Colour], answered=[Box[Tree], Colour], refs="#/x/"
    )
    assert sorted(found.components) == ["Box_Tree", "Box_TreeInput", "Colour", "Tree", "TreeInput"]
    assert found.accepted[0] == {"$ref": "#/x/Box_TreeInput"}
    assert found.answered[0] == {"$ref": "#/x/Box_Tree"}
    inside = found.components["Box_TreeInput"]["properties"]
    assert inside == {"inside": {"type": "array", "items": {"$ref": "#/x/TreeInput"}}}


def test_a_row_that_holds_what_differs_differs_too() -> None:
    class Pair(NamedTuple):
        cat: Cat

    class CatInput(msgspec.Struct): ...

    found = schemas.described(accepted=[Pair], answered=[Pair, CatInput], refs="#/")
    assert sorted(found.components) == ["Cat", "CatInput", "CatInput_", "Pair", "PairInput"]
    assert found.components["PairInput"]["prefixItems"] == [{"title": "cat", "$ref": "#/CatInput_"}]


def test_two_classes_of_one_name_are_told_apart_by_their_modules() -> None:
    class Account: ...

    first = type("Account", (), {"__module__": "shop.billing.store"})
    second = type("Account", (), {"__module__": "shop.orders.store"})
    assert list(named([first, second]).values()) == [
        "billing.store.Account",
        "orders.store.Account",
    ]
    assert list(named([Box[first], Box[second]]).values()) == [  # type: ignore[valid-type]
        "billing.store.Box_Account",
        "orders.store.Box_Account",
    ]
    assert list(named([first, type("Account", (), {"__module__": "shop.billing.store"})]).values()) == [
        "Account", "Account_2"
    ]  # fmt: skip
    assert named([Box[int | None]])[Box[int | None]] == "Box_int_None"


def test_a_pydantic_model_says_it_itself_and_is_closed_all_the_same() -> None:
    found = schemas.described(accepted=[Order], answered=[list[Order]], refs="#/c/")
    assert sorted(found.components) == ["Order", "Order.Line", "OrderInput", "OrderInput.Line"]
    assert found.components["OrderInput"]["additionalProperties"] is False
    assert found.components["OrderInput.Line"]["additionalProperties"] is False
    assert found.components["OrderInput"]["properties"]["lines"]["items"] == {  # type: ignore[index,call-overload]
        "$ref": "#/c/OrderInput.Line"
    }
    assert "additionalProperties" not in found.components["Order"]


@pytest.mark.parametrize("kind", [Odd, list[Odd], msgspec.msgpack.Ext, 3])
def test_a_type_without_a_schema_is_one_clear_sentence(kind: object) -> None:
    with pytest.raises(InvalidValue, match=r"no JSON Schema.* Use Structs"):
        schemas.schema(kind, closed=True)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from(["", "a", "red", "Cat", "Dog", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "lives", "name", "x", "y", "inside", "width"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
KINDS: list[Any] = [
    Cat | Dog, Cat, Row, Strict, Point, Size, Box[Point], Lean | None, Words, Colour, list[Cat | Dog | int],
    dict[str, Lean], tuple[int, str] | None, Annotated[list[int], Meta(max_length=2)], Literal["a", 3], bool | str,
]  # fmt: skip


@given(kind=st.sampled_from(KINDS), value=JSON)
def test_the_schema_and_the_runtime_agree_on_every_value(kind: Any, value: Any) -> None:
    by_schema = jsonschema_rs.is_valid(schemas.schema(kind, closed=True), value)
    assert by_schema == (validation.violations(validation.compiled(kind), value) == [])
