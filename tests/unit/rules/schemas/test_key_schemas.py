"""Schemas of the names in dicts, held against what msgspec reads and writes."""

from datetime import date
from enum import Enum, IntEnum
from random import Random
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from oort.model.errors import InvalidValue
from oort.rules.schemas import schemas
from oort.rules.types.values import compiled
from tests.unit.rules.inclusion.validators import validator


class Level(IntEnum):
    LOW = 1
    HIGH = -20


class Word(Enum):
    YES = "yes"
    NO = "no"


KEYS: list[Any] = [
    str,
    int,
    float,
    Level,
    Word,
    date,
    Literal[0, 20, "a"],
    Literal["a", "b"],
    int | str,
    int | None,
    Annotated[int, Meta(ge=2, le=5)],
    Annotated[int, Meta(ge=0)],
    Annotated[int, Meta(gt=7, lt=1234)],
    Annotated[int, Meta(ge=-15, le=3)],
    Annotated[int, Meta(le=-3)],
    Annotated[int, Meta(ge=98, le=30561)],
    Annotated[int, Meta(le=120)],
    Annotated[int, Meta(ge=-4)],
    Annotated[int, Meta(ge=199, le=210)],
    Annotated[int, Meta(ge=5, le=4)],
    Annotated[int, Meta(ge=-6, le=6, multiple_of=3)],
    Annotated[int, Meta(description="A number", ge=1, le=19)],
    Annotated[str, Meta(min_length=2, max_length=3)],
    Annotated[str, Meta(pattern="^[a-z]{2}$")],
    Annotated[str, Meta(pattern=r"^\d+$", description="Digits")],
]


def texts(draw: Random) -> list[str]:
    fixed = ["0", "-0", "00", "01", "1.0", "1.5", "1e2", "+1", "", " 1", "a", "b", "ab", "ab\n"]
    fixed += ["two", "yes", "no", "2026-01-31", "nan", "inf", "null", "None", "٣", "12\n", "-20"]
    near = [str(number) for number in (*range(-25, 25), 97, 98, 99, 100, 119, 120, 121)]
    far = [str(draw.randrange(10 ** draw.randrange(1, 7))) for _ in range(300)]
    return [*fixed, *near, *far, *("1233", "1234", "30561", "30562", "-" + far[0])]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_name_fits_the_schema_exactly_if_it_is_read(key: Any) -> None:
    kind = dict[key, int]
    accepts = validator(schemas.schema(kind, closed=True)).is_valid
    for text in texts(Random(0)):
        try:
            compiled(kind).read(msgspec.json.encode({text: 1}))
            is_read = True
        except msgspec.ValidationError:
            is_read = False
        assert accepts({text: 1}) is is_read, text


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_name_that_is_written_fits_the_schema(key: Any) -> None:
    kind = dict[key, int]
    accepts = validator(schemas.schema(kind, closed=False)).is_valid
    for text in texts(Random(1)):
        try:
            value = compiled(kind).read(msgspec.json.encode({text: 1}))
        except msgspec.ValidationError:
            continue
        assert accepts(msgspec.json.decode(compiled(kind).write(value)))


@pytest.mark.parametrize(
    "key",
    [
        Annotated[float, Meta(ge=1)],
        Annotated[float, Meta(multiple_of=0.5)],
        Annotated[int, Meta(multiple_of=3)],
        Annotated[int, Meta(ge=1, le=10_000, multiple_of=3)],
    ],
    ids=str,
)
def test_bounds_that_no_schema_can_say_are_refused(key: Any) -> None:
    with pytest.raises(InvalidValue):
        schemas.schema(dict[key, int], closed=True)
