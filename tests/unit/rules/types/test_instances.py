"""Values that are, or are not, instances of their declared types."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypedDict
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from pydantic import BaseModel

from oort.model.opens import Open, OpenEnum, Unknown
from oort.rules.types import instances, reading


class Level(IntEnum):
    ONE = 1


class Colour(Enum):
    RED = "red"


class Country(OpenEnum):
    NO = "no"


class Circle(msgspec.Struct, tag="circle"):
    radius: float


class Square(msgspec.Struct, tag="square"):
    side: float | None = None


Shapes: TypeAlias = Open[Circle | Square]


class Point(NamedTuple):
    x: int
    y: str = ""


class Row(TypedDict, total=False):
    text: str


@dataclass
class Node:
    name: str | UnsetType = UNSET
    inner: "list[Node] | None" = None


class Model(BaseModel):
    n: int


NOON = datetime(2026, 1, 1, tzinfo=UTC)
FITS: list[tuple[Any, object]] = [
    (None, None),
    (bool, True),
    (int, 1),
    (int, Level.ONE),
    (float, 1),
    (Decimal, 0.5),
    (str, Country.NO),
    (bytes, memoryview(b"")),
    (date, date(2026, 1, 1)),
    (datetime, NOON),
    (time, NOON.timetz()),
    (timedelta, timedelta()),
    (UUID, UUID(int=1)),
    (Literal["a", 1, None], None),
    (Level, 1),
    (Country, "dk"),
    (Colour, Colour.RED),
    (list[int], (1,)),
    (set[int], frozenset({1})),
    (tuple[int, str], [1, "a"]),
    (dict[int, str], {1: "a"}),
    (Row, {"text": "a", "more": 1}),
    (Node, Node(inner=[Node("a")])),
    (Point, Point(1)),
    (Model, Model(n=1)),
    (Circle | Square, Square(1)),
    (Shapes, Square()),
    (Shapes, Unknown("other", {})),
    (Annotated[int, Meta(description="noted")], 1),
    (Any, b"anything"),
    (Annotated[Decimal, Meta(ge=1)], "unreadable types take all values"),
]
MISFITS: list[tuple[Any, object, str]] = [
    (None, 0, "Expected `NoneType`, got `int` - at `$`"),
    (bool, 1, "Expected `bool`, got `int` - at `$`"),
    (int, True, "Expected `int`, got `bool` - at `$`"),
    (float, Decimal(1), "Expected `float`, got `Decimal` - at `$`"),
    (Decimal, "1", "Expected `Decimal`, got `str` - at `$`"),
    (Decimal, True, "Expected `Decimal`, got `bool` - at `$`"),
    (bytes, "a", "Expected `bytes`, got `str` - at `$`"),
    (date, NOON, "Expected `date`, got `datetime` - at `$`"),
    (time, "12:00", "Expected `time`, got `str` - at `$`"),
    (Literal["a"], b"a", "Expected `typing.Literal['a']`, got `bytes` - at `$`"),
    (Literal[1], True, "Expected `typing.Literal[1]`, got `bool` - at `$`"),
    (Level, "1", "Expected `Level`, got `str` - at `$`"),
    (Colour, Country.NO, "Expected `Colour`, got `Country` - at `$`"),
    (list[str], "ab", "Expected `list`, got `str` - at `$`"),
    (list[str], {"a"}, "Expected `list`, got `set` - at `$`"),
    (list[str], ["a", 1], "Expected `str`, got `int` - at `$[1]`"),
    (set[int], [1], "Expected `set`, got `list` - at `$`"),
    (tuple[int, str], b"ab", "Expected `tuple`, got `bytes` - at `$`"),
    (tuple[int, str], (1, 2), "Expected `str`, got `int` - at `$[1]`"),
    (dict[str, int], [1], "Expected `dict`, got `list` - at `$`"),
    (dict[str, int], {1: 1}, "Expected `str`, got `int` - at `$[1]`"),
    (dict[str, int], {"a": ""}, "Expected `int`, got `str` - at `$.a`"),
    (Row, [], "Expected `dict`, got `list` - at `$`"),
    (Row, {"text": 1}, "Expected `str`, got `int` - at `$.text`"),
    (Node, Node(inner=[Node(1)]), "Expected `str`, got `int` - at `$.inner[0].name`"),  # type: ignore[arg-type]
    (Point, (1, ""), "Expected `Point`, got `tuple` - at `$`"),
    (Model, {"n": 1}, "Expected `Model`, got `dict` - at `$`"),
    (Circle | Square, {"side": 1}, "Expected `Circle`, got `dict` - at `$`"),
    (Circle | Square, Square("a"), "Expected `float`, got `str` - at `$.side`"),  # type: ignore[arg-type]
    (Shapes, Square("a"), "Expected `float`, got `str` - at `$.side`"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("kind", "value"), FITS)
def test_an_instance_of_its_type_fits(kind: object, value: object) -> None:
    assert instances.misfit(reading.compiled(kind), value) is None


@pytest.mark.parametrize(("kind", "value", "message"), MISFITS)
def test_a_value_of_another_type_is_named_with_its_place(
    kind: object, value: object, message: str
) -> None:
    found = instances.misfit(reading.compiled(kind), value)
    assert found is not None
    assert found.message == message


def test_an_open_union_takes_no_object() -> None:
    found = instances.misfit(reading.compiled(Shapes), {"type": "circle"})
    assert found is not None
    assert "got `dict`" in found.message


def test_classes_of_one_name_are_told_apart_by_their_modules() -> None:
    make: Callable[[str], type] = lambda module: type("Same", (), {"__module__": module})  # noqa: E731
    one, two = make("one"), make("two")
    assert instances.name(one, beside=two) == "one.Same"
    assert instances.name(one, beside=one) == "Same"
    assert instances.name(list[int], beside=int) == "list[int]"
