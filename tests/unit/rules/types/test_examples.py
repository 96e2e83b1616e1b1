"""Examples: the type accepts each, and the same type always gives the same."""

import dataclasses
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.types import validation
from oort.rules.types.examples import example

Email = Annotated[
    str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, examples=["ada@example.com"])
]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["NO"])]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 3


class Nothing(Enum):
    pass


class NewAccount(Struct):
    email: Email
    country: Country
    nickname: Annotated[str, Meta(examples=["ada"])] | None = None
    newsletter: bool = False
    tags: list[str] = []


class Tree(Struct):
    name: str
    children: list["Tree"]
    by_name: dict[str, "Tree"]
    parent: "Tree | None"


class Endless(Struct):
    next: "Endless"


class Cat(Struct, tag="cat"):
    name: str


class Row(Struct, array_like=True, tag=True):
    name: str
    count: int


class Odd(Struct, rename="camel"):
    first_name: str
    not_given: int | UnsetType = UNSET
    made: datetime = msgspec.field(default_factory=lambda: datetime(2020, 1, 1))  # noqa: DTZ001
    wrong: int = None  # type: ignore[assignment]
    strange: Any = object
    contact: str = "eve@example.com"
    extra: dict[str, int] = msgspec.field(default_factory=dict)


@dataclasses.dataclass
class Plain:
    title: str
    made: int = dataclasses.field(default=0, init=False)


class Typed(TypedDict):
    email: str


class Pair(NamedTuple):
    left: int
    right: str = "r"


TYPES: list[Any] = [
    NewAccount,
    Tree,
    Cat,
    Cat | None,
    Row,
    Odd,
    Plain,
    Typed,
    Pair,
    Colour,
    Level,
    Literal["b", "a"],
    None,
    bool,
    int,
    float,
    str,
    bytes,
    bytearray,
    object,
    Any,
    datetime,
    date,
    time,
    timedelta,
    UUID,
    Decimal,
    int | str | None,
    list,
    dict,
    tuple[int, str],
    tuple[int, ...],
    set[int],
    dict[int, str],
    dict[Colour, int],
    Annotated[datetime, Meta(tz=False)],
    Annotated[datetime, Meta(tz=True)],
    Annotated[time, Meta(tz=True)],
    Annotated[list[int], Meta(min_length=3)],
    Annotated[list[int], Meta(max_length=0)],
    Annotated[dict[str, int], Meta(max_length=0)],
    Annotated[dict[str, int], Meta(min_length=1)],
    Annotated[bytes, Meta(min_length=10, max_length=12)],
    Annotated[str, Meta(min_length=30)],
    Annotated[str, Meta(max_length=2)],
    Annotated[str, Meta(max_length=0)],
    Annotated[str, Meta(pattern="^[a-z]{2}$")],
    Annotated[str, Meta(pattern="^https://")],
    Annotated[int, Meta(ge=100, multiple_of=7)],
    Annotated[int, Meta(lt=-5)],
    Annotated[int, Meta(gt=5, lt=7)],
    Annotated[float, Meta(gt=0.1, lt=0.2)],
    Annotated[float, Meta(multiple_of=0.5, ge=2)],
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
@pytest.mark.parametrize("tag", ["", "x7"])
def test_the_type_accepts_its_example(kind: Any, tag: str) -> None:
    value = example(kind, tag=tag)
    assert validation.violations(validation.compiled(kind), value) == []
    msgspec.json.decode(msgspec.json.encode(value), type=kind)
    assert repr(example(kind, tag=tag)) == repr(value)


@given(st.integers(-1000, 1000), st.integers(0, 1000), st.sampled_from([None, 1, 2, 5]))
def test_integers_keep_their_bounds(low: int, width: int, step: int | None) -> None:
    kind = Annotated[int, Meta(ge=low, le=low + width, multiple_of=step)]
    try:
        value = example(kind)
    except InvalidValue:
        assert step is not None
        assert not any(number % step == 0 for number in range(low, low + width + 1))
    else:
        assert isinstance(value, int)
        assert low <= value <= low + width


@given(st.integers(0, 40), st.integers(0, 40))
def test_texts_keep_their_lengths(least: int, more: int) -> None:
    value = example(Annotated[str, Meta(min_length=least, max_length=least + more)])
    assert isinstance(value, str)
    assert least <= len(value) <= least + more


def test_an_example_of_the_types_own_comes_first_then_the_default() -> None:
    assert example(NewAccount) == {
        "email": "ada@example.com",
        "country": "NO",
        "nickname": "ada",
        "newsletter": False,
        "tags": [],
    }


def test_a_tag_makes_addresses_unique_wherever_they_come_from() -> None:
    assert example(Email, tag="7") == "ada+7@example.com"
    assert example(Typed, tag="7") == {"email": "ada+7@example.com"}
    nested = Annotated[
        dict[str, list[str]],
        Meta(examples=[{"to": ["bob@example.com", "not @n address", "b@c@d"]}]),
    ]
    assert example(nested, tag="7") == {"to": ["bob+7@example.com", "not @n address", "b@c@d"]}
    odd = example(Odd, tag="7")
    assert isinstance(odd, dict)
    assert odd["contact"] == "eve+7@example.com"


def test_names_are_those_of_the_json_and_what_is_unset_stays_away() -> None:
    value = example(Odd)
    assert isinstance(value, dict)
    assert value["firstName"] == "firstName"
    assert "notGiven" not in value
    assert example(Plain) == {"title": "title"}


def test_times_lie_on_the_given_day() -> None:
    today = date(2027, 5, 6)
    assert example(date, today=today) == "2027-05-06"
    assert example(datetime, today=today) == "2027-05-06T12:00:00Z"
    assert example(Annotated[datetime, Meta(tz=False)]) == "2026-01-01T12:00:00"


def test_a_type_that_contains_itself_has_an_example_with_an_end() -> None:
    assert example(Tree) == {"name": "name", "children": [], "by_name": {}, "parent": None}


class NeverPasses(Struct):
    n: int

    def __post_init__(self) -> None:
        raise ValueError("never")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Annotated[str, Meta(pattern="^(?=a)b")], "No readable text matches"),
        (Annotated[str, Meta(pattern="(?<=a)b")] | Endless, "No readable text matches"),
        (Annotated[int, Meta(gt=1, lt=2)], "within the bounds"),
        (Annotated[str, Meta(max_length=3, examples=["too long"])], "no example of"),
        (Endless, "contains itself"),
        (Annotated[list[Endless], Meta(min_length=1)], "contains itself"),
        (Annotated[dict[str, Endless], Meta(min_length=1)], "contains itself"),
        (Annotated[set[int], Meta(min_length=2)], "2 different elements"),
        (NeverPasses, "no example of .*never"),
        (Nothing, "at least one item"),
        (complex, "has no example"),
        (msgspec.msgpack.Ext, "has no example"),
        (list[int] | list[str], "has no example: Type unions"),
    ],
)
def test_a_type_without_an_example_is_one_clear_sentence(kind: Any, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        example(kind)


json_values = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)


@given(st.lists(json_values, min_size=1, max_size=3))
def test_the_first_of_the_given_examples_is_taken_as_it_is(given_examples: list[Value]) -> None:
    kind = Annotated[object, Meta(examples=given_examples)]
    assert example(kind) == given_examples[0]


def test_an_example_is_written_for_a_pattern_that_no_usual_text_matches() -> None:
    kind = Annotated[str, Meta(pattern="^q7-[0-9]{9}$", max_length=12)]
    assert example(kind) == "q7-000000000"
