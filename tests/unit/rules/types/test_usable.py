"""Types that no program can use: each has a reason, with the field's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest
from msgspec import Meta
from pydantic import BaseModel

from oort.rules.types import reading, shapes, usable


class Half(Enum):
    LOW = "\ud800"


class Level(IntEnum):
    LOW = 1


class Unknown:
    """No type of JSON."""


class Pair(NamedTuple):
    left: int
    right: complex


class Member(NamedTuple):
    names: list[str]


class Modelled(BaseModel):
    cell: int


class Endless(msgspec.Struct):
    inner: "Endless"


class First(msgspec.Struct):
    second: "tuple[int, Second]"


class Second(msgspec.Struct):
    first: Annotated[list[First], Meta(min_length=1)]


class Tree(msgspec.Struct):
    trees: "list[Tree]"
    named: "dict[str, Tree]"
    parent: "Tree | None"
    twin: "Annotated[Tree | None, Meta(title='Twin')]" = None


class Changing(msgspec.Struct):
    cell: int


class Frozen(msgspec.Struct, frozen=True):
    cell: int
    inner: "Frozen | None" = None


class Named(TypedDict):
    cell: int


@dataclass
class Placed:
    cell: int


def struct(kind: Any, **default: Any) -> type[msgspec.Struct]:
    field = ("cell", kind, default["default"]) if default else ("cell", kind)
    return msgspec.defstruct("Row", [field])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Callable[[int], int], "msgspec does not know Callable"),
        (complex, "msgspec does not know complex"),
        (type, "msgspec does not know type"),
        (list[Unknown], "msgspec does not know Unknown"),
        (msgspec.Raw, "msgspec.Raw cannot be written again; write Any"),
        (msgspec.msgpack.Ext, "Ext is a type of MessagePack, not of JSON"),
        (dict[tuple[int, int], int], "tuple[int, int] cannot be the name of a member in JSON"),
        (dict[bool, int], "bool cannot be the name of a member in JSON"),
        (dict[Second, int], "Second cannot be the name of a member in JSON"),
        (Annotated[int, Meta(ge=5, le=3)], "no number lies within its bounds"),
        (Annotated[int, Meta(gt=3, lt=4)] | None, "no number lies within its bounds"),
        (Annotated[float, Meta(gt=3, le=3)], "no number lies within its bounds"),
        (Annotated[int, Meta(ge=1, le=4, multiple_of=5)], "no number lies within its bounds"),
        (set[list[int]], "a set cannot hold lists"),
        (frozenset[set[str]], "a set cannot hold"),
        (set[tuple[int, list[int]]], "a set cannot hold"),
        (dict[str, set[int | dict[str, int]]], "a set cannot hold"),
        (set[bytearray], "a set cannot hold"),
        (set[Changing], "a set cannot hold"),
        (set[Placed], "a set cannot hold"),
        (set[Named], "a set cannot hold"),
        (set[Modelled], "a set cannot hold"),
        (set[Member], "a set cannot hold"),
        (Annotated[str, Meta(min_length=3, max_length=2)], "its min_length is above"),
        (Annotated[bytes, Meta(min_length=3, max_length=2)], "its min_length is above"),
        (list[Annotated[list[int], Meta(min_length=1, max_length=0)]], "its min_length is above"),
        (Annotated[dict[str, int], Meta(min_length=1, max_length=0)], "its min_length is above"),
        (Annotated[str, Meta(examples=[object()])], "its Meta has no form in JSON: Encoding"),
        (Annotated[str, Meta(description="\ud800")], "its Meta has no form in JSON: 'utf-8'"),
    ],
)
def test_a_field_that_cannot_be_used_has_a_reason(kind: Any, reason: str) -> None:
    assert usable.problem(struct(kind)).startswith(f"Row.cell: {reason}")
    assert usable.problem(list[kind]).startswith(reason)


@pytest.mark.parametrize(
    "kind",
    [
        Any,
        set[Any],
        set[Frozen],
        frozenset[frozenset[int]],
        set[tuple[int, ...]],
        set[tuple[int, str]],
        object,
        Level,
        Tree,
        dict[str | None, int],
        dict[datetime, int],
        dict[Level, int],
        Annotated[int, Meta(ge=5)],
        Annotated[int, Meta(ge=5, le=5)],
        Annotated[float, Meta(gt=3, lt=4)],
        Annotated[float, Meta(ge=3, le=3)],
        Annotated[float, Meta(ge=0, le=1, multiple_of=0.25)],
        Annotated[int, Meta(gt=5, le=10, multiple_of=5)],
        Annotated[str, Meta(min_length=2, max_length=2, examples=["ab"])],
    ],
)
def test_a_type_that_can_be_used_has_no_reason(kind: Any) -> None:
    assert usable.problem(kind) == ""
    assert usable.problem(struct(kind)) == ""


@pytest.mark.parametrize("kind", [Literal["\ud800"], Half])
def test_a_text_that_has_no_form_in_json_has_a_reason(kind: Any) -> None:
    assert usable.problem(struct(kind)).startswith("Row.cell: 'utf-8' codec can't encode")


class Priced(msgspec.Struct):
    id: str
    price: list[Annotated[Decimal, Meta(ge=0)]]


class Outer(msgspec.Struct):
    outer: "Outer | None"
    inner: dict[str, Priced] | None


class Unnamed(msgspec.Struct):
    id: str
    cell: "list[Nowhere]"  # type: ignore[name-defined]  # noqa: F821


class Deep(msgspec.Struct):
    inner: "Annotated[Deep, Meta(ge=1)] | None"


class Around(msgspec.Struct):
    inner: Unnamed


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Priced, "Priced.price: Can only set `ge` on a numeric type"),
        (Outer, "Priced.price: Can only set `ge` on a numeric type"),
        (Unnamed, "Unnamed.cell: the type 'Nowhere' cannot be found"),
        (Around, "Unnamed.cell: the type 'Nowhere' cannot be found"),
        (Deep, "Can only set `ge` on a numeric type"),
        (dict[str, int] | Priced, "Can only set `ge`"),
        (3, "Type '3' is not supported"),
    ],
)
def test_a_type_that_msgspec_refuses_has_a_reason_with_its_field(kind: Any, reason: str) -> None:
    assert usable.problem(kind).startswith(reason)


def test_a_type_whose_part_is_not_defined_is_unreadable() -> None:
    assert isinstance(reading.compiled(Unnamed), shapes.Unreadable)
    assert {type(shape) for shape in reading.every([int, Unnamed])} == {shapes.Unreadable}


def test_the_position_of_a_tuple_is_named() -> None:
    assert usable.problem(list[Pair]) == "Pair.right: msgspec does not know complex"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Endless, "Endless.inner: a value would hold itself without end; add | None"),
        (list[Endless], "Endless.inner: "),
        (First, "First.second: "),
        (Second, "Second.first: "),
    ],
)
def test_a_class_that_must_hold_itself_has_no_value(kind: Any, reason: str) -> None:
    assert usable.problem(kind).startswith(reason)


class Tagged(msgspec.Struct, tag="\ud800"):
    """A tag that is half a character."""


class Told(msgspec.Struct):
    pass


Told.__doc__ = "\ud800"


class HalfModel(BaseModel):
    cell: str = "\ud800"


class ComplexModel(BaseModel):
    cell: Callable[[int], int]


class GoodModel(BaseModel):
    cell: int = 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Tagged, "Tagged: its tag has no form in JSON: 'utf-8' codec"),
        (Told, "Told: its docstring has no form in JSON: 'utf-8' codec"),
        (HalfModel, "HalfModel: it has no JSON Schema: 'utf-8' codec"),
        (ComplexModel, "ComplexModel: it has no JSON Schema: Cannot generate a JsonSchema"),
        (GoodModel, ""),
    ],
)
def test_a_class_that_no_document_can_describe_has_a_reason(kind: Any, reason: str) -> None:
    assert usable.problem(kind).startswith(reason)
    assert bool(usable.problem(list[kind])) is bool(reason)


@pytest.mark.parametrize(
    ("kind", "default", "reason"),
    [
        (int, "x", "its default 'x' does not fit: Expected `int`, got `str`"),
        (int, None, "its default None does not fit: Expected `int`, got `null`"),
        (str, "\ud800", "its default '\\ud800' has no form in JSON"),
        (Any, "\ud800", "its default '\\ud800' has no form in JSON"),
        (float, float("nan"), "its default nan does not fit: Expected a finite number"),
        (Annotated[int, Meta(ge=1)], 0, "its default 0 does not fit: Expected `int` >= 1"),
    ],
)
def test_a_default_that_does_not_fit_its_type_has_a_reason(
    kind: Any, default: Any, reason: str
) -> None:
    assert usable.problem(struct(kind, default=default)) == f"Row.cell: {reason}"
    assert usable.of_default(kind, default) == reason


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (float, 0),
        (Level, Level.LOW),
        (int | None, None),
        (Any, Unknown()),
        (int | msgspec.UnsetType, msgspec.UNSET),
        (Endless | None, None),
    ],
)
def test_a_default_that_fits_has_no_reason(kind: Any, default: Any) -> None:
    assert not usable.problem(struct(kind, default=default)).startswith("Row")


def test_a_default_of_a_type_that_cannot_be_used_is_no_further_mistake() -> None:
    assert usable.of_default(complex, 1j) == ""
    assert usable.of_default(Annotated[int, Meta(ge=5, le=3)], 4) == ""
    assert usable.of_default(3, 3) == ""


def test_the_default_of_a_dataclass_is_checked_too() -> None:
    @dataclass
    class Row:
        cell: int = "x"  # type: ignore[assignment]

    assert usable.problem(Row).startswith("Row.cell: its default 'x' does not fit")
