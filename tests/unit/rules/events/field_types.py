"""Field types of every kind, and documents of every kind, for tests of all ordered pairs of types."""

import enum
from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, TypedDict
from uuid import UUID

import msgspec
from msgspec import Meta
from pydantic import BaseModel

from oort import Open, OpenEnum


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Warm(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Country(OpenEnum):
    NO = "no"
    SE = "se"


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Point3(msgspec.Struct):
    x: int
    y: int = 0
    z: int = 0


class Named(msgspec.Struct, rename="camel"):
    first_name: str
    last_name: str = ""


class Row(msgspec.Struct, array_like=True):
    x: int
    y: int = 0


class LongRow(msgspec.Struct, array_like=True):
    x: int
    y: int = 0
    z: str = ""


class Circle(msgspec.Struct, tag="circle"):
    r: int


class Square(msgspec.Struct, tag="square"):
    side: int


class Numbered(msgspec.Struct, tag=1, tag_field="kind"):
    n: int


class Tree(msgspec.Struct):
    name: str
    inner: "list[Tree]" = []


@dataclass
class Plain:
    x: int
    y: int = 0


class Pair(NamedTuple):
    x: int
    y: int = 0


class Words(TypedDict):
    x: int
    y: NotRequired[int]


class Modelled(BaseModel):
    x: int
    y: int = 0


Id = NewType("Id", str)
Bare = namedtuple("Bare", ["x", "y"])


OPEN: Any = Open[Circle | Square]  # type: ignore[misc]  # as in the annotation of a field


def _text(**rules: Any) -> Any:
    return Annotated[str, Meta(**rules)]


def _whole(**rules: Any) -> Any:
    return Annotated[int, Meta(**rules)]


def _real(**rules: Any) -> Any:
    return Annotated[float, Meta(**rules)]


TYPES: tuple[Any, ...] = (
    # texts
    str, _text(min_length=1), _text(max_length=3), _text(min_length=2, max_length=3),
    _text(pattern="^[a-z]+$"), _text(pattern="^[a-z]{2}$"), _text(pattern=r"^\d+$"), _text(pattern="^[0-9]+$"),
    _text(pattern="^(red|blue)$"), _text(pattern=r"\S"), _text(pattern="^[A-Z]{2}$", max_length=2), Id,
    Literal["red"], Literal["red", "blue"], Literal["red", 1], Literal[1, 2], Literal[None, "red"], Literal["", "a"],
    Colour, Warm, Level, Country,
    # numbers
    int, float, Decimal, bool, _whole(ge=0), _whole(gt=0), _whole(le=10), _whole(ge=0, le=10), _whole(multiple_of=2),
    _whole(multiple_of=4), _whole(ge=0, multiple_of=5), _real(ge=0), _real(gt=0.5), _real(le=10), _real(ge=0, lt=1),
    _whole(ge=-(2**31), lt=2**31), int | float, int | str, float | str, bool | int, int | None, float | None,
    _whole(ge=0) | None,
    # times and other formats
    datetime, Annotated[datetime, Meta(tz=False)], Annotated[datetime, Meta(tz=True)], date, time,
    Annotated[time, Meta(tz=False)], timedelta, UUID, bytes, bytearray, datetime | None, date | None, UUID | None,
    date | int, time | int, Annotated[bytes, Meta(max_length=2)], Decimal | None,
    # empty and any
    None, Any, str | None, bool | None,
    # lists, sets, tuples
    list[int], list[str], list[Any], list[int | None], list[float], list[list[int]], Sequence[int],
    Annotated[list[int], Meta(min_length=1)], Annotated[list[int], Meta(max_length=2)], Annotated[list[int], Meta(min_length=1, max_length=2)],
    set[int], set[str], frozenset[int], tuple[int, ...], tuple[int, int], tuple[int, str], tuple[int], tuple[()],
    tuple[int, int, int], tuple[str, ...], list[Point], list[Row], list[Colour], list[Literal["red"]], list[int] | None,
    list[int] | int, set[Annotated[int, Meta(ge=0)]],
    # dicts
    dict[str, int], dict[str, str], dict[str, Any], dict[str, int | None], dict[int, int], dict[str, Point],
    dict[Annotated[str, Meta(max_length=2)], int], dict[Annotated[int, Meta(ge=0)], int], dict[Colour, int],
    dict[Literal["red", "blue"], int], Mapping[str, int], Annotated[dict[str, int], Meta(max_length=1)],
    Annotated[dict[str, int], Meta(min_length=1)], dict[str, list[int]], dict[str, int] | None, dict[date, int],
    dict[UUID, int], dict[float, int],
    # objects
    Point, Point3, Named, Row, LongRow, Circle, Square, Numbered, Tree, Plain, Pair, Words, Modelled, Bare,
    Circle | Square, OPEN, Point | None, Circle | None, Point | int, Row | int, list[Circle | Square],
    dict[str, Circle | Square], Plain | None, Modelled | None, Tree | None, Words | None, Point | str | None,
    Circle | Square | None, tuple[Point, Row],
)  # fmt: skip

DOCUMENTS: tuple[Any, ...] = (
    None, True, False,
    0, 1, 2, 3, 4, 5, 10, 11, 20, -1, -2, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63, 0.0, 0.5, 0.25, 1.0, 1.5, 2.0, 9.75, 10.5, -0.5, 1e20,
    "", "a", "ab", "abc", "abcd", "red", "blue", "green", "no", "se", "xx", "NO", "NO\n", "AB", "a\n", "ab\n", "7", "07", "-7", "1.5", "1e3", "0.50", "12", "12\n", "\u0663", "\uff11\uff12", " ", "\u00a0",
    "é", "😀", "😀😀😀", "red\n", "1", "0", "-0", "NaN", "Infinity", "true", "null",
    "2026-01-31", "2026-02-30", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00.123456Z",
    "12:00:00", "12:00:00Z", "12:00:00+01:00", "12:00", "23:59:59.999999", "24:00:00", "PT1S", "P1D", "PT0S", "-PT1.5S", "P1W",
    "8d5b5d9c-2f2b-4a40-9f3b-0123456789ab", "8D5B5D9C-2F2B-4A40-9F3B-0123456789AB", "8d5b5d9c2f2b4a409f3b0123456789ab",
    "aGVsbG8=", "YQ==", "YWI=", "YQ",
    [], [0], [1], [1, 2], [1, 1], [1, 2, 3], [1, "a"], ["a"], ["a", "b"], ["red"], ["blue", "red"], ["green"], [None], [1, None], [1.5], [0.0, 1.0], [[1], []], [[]],
    [-1], [1, 2, "z"], [1, 2, ""], [1, 2, 3, 4], [{"x": 1}], [{"x": 1, "y": 2}, [1]], [{"x": 1}, [1, 2]], [[1, 2]], [{"type": "circle", "r": 1}], [{"type": "square", "side": 1}],
    {}, {"a": 1}, {"a": 1, "b": 2}, {"abc": 1}, {"a": None}, {"a": "b"}, {"a": 1.5}, {"a": [1]}, {"a": {"x": 1}}, {"1": 1}, {"-1": 1}, {"01": 1}, {"1.0": 1}, {"1.5": 1}, {"red": 1}, {"green": 1},
    {"red": 1, "blue": 2}, {"2026-01-31": 1}, {"8d5b5d9c-2f2b-4a40-9f3b-0123456789ab": 1}, {"8D5B5D9C-2F2B-4A40-9F3B-0123456789AB": 1}, {"a\n": 1},
    {"x": 1}, {"x": 1, "y": 2}, {"x": 1, "y": 2, "z": 3}, {"x": "a"}, {"x": 1, "other": None}, {"x": 1, "y": None},
    {"firstName": "a"}, {"firstName": "a", "lastName": "b"}, {"first_name": "a"},
    {"type": "circle", "r": 1}, {"type": "square", "side": 1}, {"type": "oval", "r": 1}, {"kind": 1, "n": 1}, {"r": 1},
    {"name": "a"}, {"name": "a", "inner": [{"name": "b", "inner": []}]}, {"a": {"type": "circle", "r": 1}}, {"x": 1.0}, {"a": True},
)  # fmt: skip
