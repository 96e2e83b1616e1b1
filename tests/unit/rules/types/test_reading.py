"""A type is read into one shape, and every kind of shape is known to the schemas and to the examples."""

import dataclasses
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from oort.model.opens import Open, OpenEnum
from oort.rules.schemas import schemas
from oort.rules.types import examples, reading, shapes
from oort.rules.types.shapes import Shape

T = TypeVar("T")


class Colour(Enum):
    RED = "red"


class Country(OpenEnum):
    NO = "no"


class Cat(Struct, tag="cat"):
    lives: int = 9


class Dog(Struct, tag="dog"):
    name: str


class Tree(Struct, rename="camel", omit_defaults=True):
    left_arm: "Tree | None" = None
    maybe: int | UnsetType = UNSET


class Page(Struct, Generic[T]):
    items: list[T]


class Row(Struct, array_like=True, tag="row"):
    x: int


class Pair(NamedTuple):
    first: str
    second: int = 0


@dataclasses.dataclass(kw_only=True)
class Size:
    width: int = 0
    height: int
    area: int = dataclasses.field(init=False, default=0)


class Words(TypedDict):
    second: str
    first: NotRequired[int]


class Line(BaseModel):
    count: int = Field(alias="theCount")
    odd: "Line | list[Line]"
    odds: "list[Line | str]" = []
    by_name: "dict[str, Line | str]" = {}


_open: Any = Open  # as a value
Pets = _open[Cat | Dog]
OnlyCats = _open[Cat]


class Odd:
    """Unknown to msgspec."""


def kinds_of(shape: type[Shape]) -> list[type[Shape]]:
    return [shape, *(one for inner in shape.__subclasses__() for one in kinds_of(inner))]


@pytest.mark.parametrize(
    ("kind", "shape", "rebuilt"),
    [
        (Any, shapes.Anything, Any),
        (msgspec.Raw, shapes.Anything, msgspec.Raw),
        (None, shapes.Null, type(None)),
        (bool, shapes.Boolean, bool),
        (Annotated[int, Meta(ge=1, lt=9)], shapes.Number, Annotated[int, Meta(ge=1, lt=9)]),
        (float, shapes.Number, float),
        (Decimal, shapes.Exact, Decimal),
        (Annotated[str, Meta(pattern="^a")], shapes.Text, Annotated[str, Meta(pattern="^a")]),
        (
            Annotated[bytearray, Meta(max_length=3)],
            shapes.Binary,
            Annotated[bytearray, Meta(max_length=3)],
        ),
        (memoryview, shapes.Binary, memoryview),
        (date, shapes.Formatted, date),
        (
            Annotated[datetime, Meta(tz=False)],
            shapes.Formatted,
            Annotated[datetime, Meta(tz=False)],
        ),
        (UUID, shapes.Formatted, UUID),
        (Literal["a", 1], shapes.Constant, Literal[1, "a"]),
        (Colour, shapes.Enumeration, Colour),
        (list, shapes.Array, list[Any]),
        (
            Annotated[list[int], Meta(min_length=1)],
            shapes.Array,
            Annotated[list[int], Meta(min_length=1)],
        ),
        (set[tuple[int, ...]], shapes.Array, set[tuple[int, ...]]),
        (frozenset[str], shapes.Array, frozenset[str]),
        (tuple[int, str], shapes.Tuple, tuple[int, str]),
        (tuple[()], shapes.Tuple, tuple[()]),
        (dict[int, str], shapes.Map, dict[int, str]),
        (Cat, shapes.Object, Cat),
        (Page[int], shapes.Object, Page[int]),
        (Size, shapes.Object, Size),
        (Words, shapes.Object, Words),
        (Pair, shapes.ObjectTuple, Pair),
        (Row, shapes.ObjectTuple, Row),
        (Line, shapes.Model, Line),
        (int | str, shapes.Choice, int | str),
        (Pets, shapes.OpenChoice, Pets),
        (Annotated[int, Meta(title="A number")], shapes.Noted, int),
        (TypeAliasType("Alias", list[int]), shapes.Array, list[int]),
        (Odd, shapes.Custom, Odd),
        (msgspec.msgpack.Ext, Shape, msgspec.msgpack.Ext),
        (dict[str, int] | Cat, shapes.Unreadable, dict[str, int] | Cat),
    ],
)
def test_a_type_has_one_shape_and_the_type_for_msgspec(
    kind: Any, shape: type[Shape], rebuilt: Any
) -> None:
    found = reading.compiled(kind)
    assert type(found) is shape
    assert found.kind == rebuilt


def test_a_class_is_read_once_and_a_union_keeps_its_order() -> None:
    assert reading.compiled(Tree) is reading.compiled(Tree)
    orders = [
        [type(arm) for arm in shapes.alternatives(reading.compiled(kind))]
        for kind in (int | str, str | int)
    ]
    assert orders == [[shapes.Number, shapes.Text], [shapes.Text, shapes.Number]]


def test_a_class_that_contains_itself_is_the_same_shape_again() -> None:
    tree = reading.compiled(Tree)
    assert isinstance(tree, shapes.Object)
    arm, maybe = tree.fields
    assert tree in shapes.alternatives(arm.shape)
    assert (arm.name, arm.wire, arm.may_be_unset, maybe.may_be_unset) == (
        "left_arm",
        "leftArm",
        False,
        True,
    )
    assert tree.omit_defaults
    assert next(iter(reading.inside([tree, tree]))) is tree
    assert [one.kind for one in reading.inside([tree]) if isinstance(one, shapes.Named)] == [Tree]


def test_the_fields_of_a_class_are_known_in_its_own_order_too() -> None:
    orders = {}
    for kind in (Size, Words, Tree):
        shape = reading.compiled(kind)
        assert isinstance(shape, shapes.Object)
        orders[kind] = (
            [field.name for field in shape.fields],
            [field.name for field in shape.declared],
        )
    assert orders == {
        Size: (["height", "width", "area"], ["width", "height", "area"]),
        Words: (["first", "second"], ["second", "first"]),
        Tree: (["left_arm", "maybe"], ["left_arm", "maybe"]),
    }


def test_a_field_that_no_constructor_takes_is_not_settable() -> None:
    shape = reading.compiled(Size)
    assert isinstance(shape, shapes.Object)
    assert {field.name: field.settable for field in shape.fields} == {
        "width": True,
        "height": True,
        "area": False,
    }


def test_the_fields_of_a_model_are_read_also_where_msgspec_refuses_their_unions() -> None:
    model = reading.compiled(Line)
    assert isinstance(model, shapes.Model)
    fields = {field.name: field for field in reading.members(model)}
    assert (fields["count"].wire, fields["count"].required) == ("theCount", True)
    assert isinstance(fields["odd"].shape, shapes.Choice)
    assert [type(one) for one in reading.parts(fields["odds"].shape)] == [shapes.Choice]
    assert [type(one) for one in reading.parts(fields["by_name"].shape)] == [
        shapes.Anything,
        shapes.Choice,
    ]


def test_the_structs_of_an_open_union_are_known_by_their_tags() -> None:
    shape = reading.compiled(list.__class_getitem__(Pets))
    (inner,) = reading.parts(shape)
    assert isinstance(inner, shapes.OpenChoice)
    assert {tag: arm.kind for tag, arm in reading.arms(inner).items()} == {"cat": Cat, "dog": Dog}
    assert [one.kind for one in reading.inside([shape]) if isinstance(one, shapes.Object)] == [
        Cat,
        Dog,
    ]


@pytest.mark.parametrize(
    ("kind", "is_open"),
    [(Country, True), (Colour, False), (OnlyCats, True), (Line, True), (Cat, False), (int, False)],
)
def test_open_types_are_those_that_may_hold_what_they_do_not_know(kind: Any, is_open: bool) -> None:
    assert shapes.is_open(reading.compiled(kind)) is is_open


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (Cat, ""),
        (Line, ""),
        (Odd, "msgspec does not know Odd"),
        (list[Odd], ""),
        (dict[str, int] | Cat, "Type unions may not contain more than one dict-like type"),
    ],
)
def test_a_type_that_cannot_come_from_json_has_a_reason(kind: Any, problem: str) -> None:
    assert reading.problem(kind).startswith(problem)
    assert bool(reading.problem(kind)) is bool(problem)


def test_one_type_that_msgspec_refuses_makes_all_unreadable() -> None:
    assert {type(one) for one in reading.every([int, 3])} == {shapes.Unreadable}


@pytest.mark.parametrize("visitor", [schemas.of_shape, examples.of_shape])
def test_every_shape_has_a_schema_and_an_example(visitor: Any) -> None:
    refused = {shapes.Custom, shapes.Unreadable}  # neither has one
    refused |= (
        {shapes.Model} if visitor is examples.of_shape else set()
    )  # nobody knows what its validators take
    unknown = visitor.dispatch(Shape)
    every = {kind for kind in kinds_of(Shape) if kind is not Shape}
    assert {kind for kind in every if visitor.dispatch(kind) is unknown} == refused


class Shut(BaseModel, extra="forbid"):
    n: int


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    n: int


class Free(msgspec.Struct):
    inner: Strict | None
    models: list[Shut]


def test_classes_that_refuse_unknown_fields_are_named() -> None:
    assert reading.closed(Free) == ["Strict", "Shut"]
    assert reading.closed(dict[str, int]) == []


class Keyed(Struct):
    text: str
    day: date | None
    exact: Decimal
    ratio: float
    either: int | float
    mixed: str | int
    anything: Any


class Loose(BaseModel):
    id: int


@pytest.mark.parametrize(
    ("item", "name", "form"),
    [
        (Keyed, "text", "text"),
        (Keyed, "day", "text"),
        (Keyed, "exact", "number"),
        (Keyed, "ratio", "float"),
        (Keyed, "either", "number"),
        (Keyed, "mixed", "any"),
        (Keyed, "anything", "any"),
        (Keyed, "absent", "any"),
        (Loose, "id", "number"),
        (int, "absent", "any"),
    ],
)
def test_a_part_of_a_key_has_the_form_of_its_field(item: type, name: str, form: str) -> None:
    assert reading.part_form(item, name) == form
