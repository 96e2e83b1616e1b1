"""Everything that is wrong with a value, at once, and exactly when msgspec or a closed body would refuse it."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from oort.model import limits
from oort.model.items import Value
from oort.rules.types import validation
from oort.rules.types.validation import Violation
from tests.repeats import times

T = TypeVar("T")
MANY = settings(max_examples=times(500))  # there are many types


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Small(Struct, kw_only=True):
    id: str
    n: Annotated[int, Meta(ge=0, le=10)] = 0


class Renamed(Struct, rename={"inner": "in/n~er"}):
    inner: Small


class Tree(Struct):
    id: str
    items: "list[Tree]" = []
    next: "Tree | None" = None


class Cat(Struct, tag="cat"):
    id: str


class Dog(Struct, tag="dog"):
    id: str
    next: "Cat | Dog | None" = None


class One(Struct, tag=1, tag_field="n"):
    id: str


class Two(Struct, tag=2, tag_field="n"):
    id: int


class Row(Struct, array_like=True):
    id: str
    next: Small


class TaggedRow(Struct, array_like=True, tag=True):
    next: Small


class TaggedCounts(Struct, array_like=True, tag=True):
    counts: dict[str, int]


class Positive(Struct):
    n: int

    def __post_init__(self) -> None:
        if self.n <= 0:
            raise ValueError("n must be positive")


class Box(Struct, Generic[T]):
    items: list[T]
    next: "Box[T] | None" = None


@dataclasses.dataclass
class Plain:
    id: str
    items: list[Small] = dataclasses.field(default_factory=list)
    n: int = 0
    made: int = dataclasses.field(default=0, init=False)


@dataclasses.dataclass
class Crate(Generic[T]):
    items: list[T]
    next: T | None = None


class Typed(TypedDict):
    id: str
    next: NotRequired[Small]


class TypedBox(TypedDict, Generic[T]):
    items: list[T]


class Pair(NamedTuple):
    id: str
    next: Small


_new: Any = NewType  # as a value: mypy 2.4 crashes on a NewType of a Struct
SmallId: Any = _new("SmallId", Small)
Alias = TypeAliasType("Alias", list[Small])

TYPES: list[Any] = [
    int,
    float,
    str,
    bool,
    None,
    object,
    bytes,
    Decimal,
    datetime,
    date,
    timedelta,
    UUID,
    Colour,
    Literal["id", 1],
    Annotated[str, Meta(min_length=2, pattern="^[a-z]+$")],
    int | str | None,
    list,
    dict,
    list[int],
    set[str],
    frozenset[int],
    Sequence[Small],
    tuple[int, ...],
    tuple[str, Small],
    tuple[()],
    dict[str, Small],
    Mapping[str, int],
    dict[int, Small],
    dict[Literal["id", "n"], int],
    Annotated[list[Small], Meta(min_length=1, max_length=2)],
    Annotated[dict[str, int], Meta(max_length=1)],
    Annotated[Small, Meta(description="small")],
    Annotated[Small | None, Meta(description="small or nothing")],
    Small,
    Small | None,
    Small | str,
    Small | list[Small] | int,
    dict[str, Small] | list[int] | None,
    Annotated[Cat | Dog, Meta(title="animal")] | list[Small] | None,
    Renamed,
    Tree,
    Cat,
    Cat | Dog,
    Cat | Dog | None,
    One | Two,
    Row,
    TaggedRow,
    list[Row],
    Positive,
    list[Positive],
    dict[str, list[Positive]],
    Box[int],
    Box[Small],
    Plain,
    Crate[Small],
    Crate[int],
    Crate,
    Typed,
    TypedBox[Small],
    Pair,
    SmallId,
    list.__class_getitem__(SmallId),
    Struct,
]

names = st.sampled_from(["id", "n", "items", "next", "kind", "type", "in/n~er", "0", "extra", ""])
leaves = (
    st.sampled_from(
        [
            "",
            "a",
            "ab",
            "red",
            "cat",
            "dog",
            "id",
            "1",
            "2026-01-02",
            "2026-01-02T03:04:05Z",
            "YQ==",
            "P1D",
            "1.5",
        ]
    )
    | st.just("00000000-0000-0000-0000-000000000001")
    | st.none()
    | st.booleans()
    | st.integers(-1, 11)
    | st.sampled_from([0.0, 1.0, 2.5])
)
documents: st.SearchStrategy[Value] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)


small: st.SearchStrategy[Value] = st.fixed_dictionaries(
    {}, optional={"id": leaves, "n": leaves, "extra": leaves}
)
good: st.SearchStrategy[Value] = st.fixed_dictionaries(
    {"id": st.just("a")}, optional={"n": st.integers(-1, 11)}
)
parts: st.SearchStrategy[Value] = small | good | leaves | documents
several: st.SearchStrategy[Value] = st.lists(parts, max_size=3)
mapped: st.SearchStrategy[Value] = st.dictionaries(names, parts, max_size=3)
wholes: st.SearchStrategy[Value] = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("a") | leaves,
        "n": st.integers(-1, 3),
        "type": st.sampled_from(["cat", "dog", "bird", 1]),
        "items": several,
        "next": parts,
        "in/n~er": parts,
    },
)
# Values that mostly fit one of the types: their fields with some of the parts replaced.
nearly: st.SearchStrategy[Value] = wholes | several | mapped | documents


def accepted(kind: Any, value: Value) -> bool:
    try:
        msgspec.convert(value, type=kind, str_keys=True)
    except msgspec.ValidationError:
        return False
    return True


def resolved(value: Value, pointer: str) -> tuple[bool, str, Value]:
    """Whether the pointer leads somewhere, its last step, and where that step was to be taken."""
    if not pointer:
        return True, "", value
    steps = [
        step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/")
    ]
    for step in steps[:-1]:
        value = value[int(step)] if isinstance(value, list) else value[step]  # type: ignore[index]
    last = steps[-1]
    inside = (
        int(last) < len(value)
        if isinstance(value, list)
        else isinstance(value, dict) and last in value
    )
    return inside, last, value


@MANY
@given(nearly, st.sampled_from(TYPES))
def test_violations_are_empty_exactly_when_msgspec_accepts_and_nothing_is_unknown(
    value: Value, kind: Any
) -> None:
    shape = validation.compiled(kind)
    found = validation.violations(shape, value)
    strays = validation.stray(shape, value)
    assert (not found) == (accepted(kind, value) and not strays), (found, strays)


@MANY
@given(nearly, st.sampled_from(TYPES))
def test_every_pointer_resolves_or_names_a_missing_field(value: Value, kind: Any) -> None:
    for violation in validation.violations(validation.compiled(kind), value):
        inside, last, where = resolved(value, violation.pointer)
        if not inside:
            assert violation.detail == "This field is required"
            assert isinstance(where, dict)
            assert last not in where


class OpenLeaf(Struct):
    id: str | None = None
    n: int | str | None = None


class ShutLeaf(OpenLeaf, forbid_unknown_fields=True):
    pass


class OpenBranch(Struct):
    id: str | int | None = None
    next: OpenLeaf | None = None
    items: list[OpenLeaf] | str = ""


class ShutBranch(Struct, forbid_unknown_fields=True):
    id: str | int | None = None
    next: ShutLeaf | None = None
    items: list[ShutLeaf] | str = ""


def around(leaf: Any, branch: Any) -> list[Any]:
    """The same types around other structs."""
    return [
        leaf,
        branch,
        list[branch],
        dict[str, leaf],
        tuple[int, leaf],
        leaf | str | list[leaf],
        Annotated[leaf, Meta(title="leaf")],
        Annotated[list[leaf], Meta(max_length=3)],
        dict[str, list[leaf]],
    ]


# msgspec itself refuses unknown fields in the second of each pair: an oracle for `stray`.
PAIRS = list(zip(around(OpenLeaf, OpenBranch), around(ShutLeaf, ShutBranch), strict=True))


@MANY
@given(nearly, st.sampled_from(PAIRS))
def test_unknown_fields_are_those_that_a_forbidding_struct_refuses(
    value: Value, pair: tuple[Any, Any]
) -> None:
    opened, forbidding = pair
    found = validation.violations(validation.compiled(opened), value)
    assert (not found) == accepted(forbidding, value)
    if accepted(opened, value):
        assert (not validation.stray(validation.compiled(opened), value)) == accepted(
            forbidding, value
        )


def found_in(kind: Any, value: Value) -> list[tuple[str, str]]:
    return [
        (one.pointer, one.detail) for one in validation.violations(validation.compiled(kind), value)
    ]


def test_all_that_is_wrong_is_reported_at_once() -> None:
    found = found_in(
        Plain, {"items": [{"id": 1, "n": 11}, "x", {"extra": 0}], "n": None, "more": 1}
    )
    assert found == [
        ("/id", "This field is required"),
        ("/items/0/id", "Expected `str`, got `int`"),
        ("/items/0/n", "Expected `int` <= 10"),
        ("/items/1", "Expected an object, got a string"),
        ("/items/2/id", "This field is required"),
        ("/items/2/extra", "This field is not known; the fields are: id, n"),
        ("/n", "Expected `int`, got `null`"),
        ("/more", "This field is not known; the fields are: id, items, n"),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "pointer", "detail"),
    [
        (Renamed, {"in/n~er": {"id": 1}}, "/in~1n~0er/id", "Expected `str`, got `int`"),
        (Annotated[list[Small], Meta(min_length=1)], [], "", "Expected `array` of length >= 1"),
        (
            Annotated[Small, Meta(title="t")],
            {"id": "a", "x": 1},
            "/x",
            "This field is not known; the fields are: id, n",
        ),
        (
            dict[str, list[Positive]],
            {"a/b": [{"n": 1}, {"n": -1}]},
            "/a~1b/1",
            "n must be positive",
        ),
        (dict[int, str], {"one": "x"}, "", "Expected `int`, got `str` as the name of a field"),
        (Cat | Dog, {"type": "bird"}, "/type", "Invalid value 'bird'"),
        (Cat | Dog, {}, "", "Object missing required field `type`"),
        (
            Cat | Dog,
            {"type": "dog", "id": "a", "next": {"type": "cat"}},
            "/next/id",
            "This field is required",
        ),
        (One | Two, {"n": True, "id": "x"}, "/n", "Expected `int`, got `bool`"),
        (Cat, {"type": "dog", "id": "a"}, "/type", "Invalid value 'dog'"),
        (
            tuple[str, Small],
            ["a", {"id": "a", "x": 1}],
            "/1/x",
            "This field is not known; the fields are: id, n",
        ),
        (tuple[str, Small], ["a"], "", "Expected `array` of length 2, got 1"),
        (Row, ["a", {"id": 1}], "/1/id", "Expected `str`, got `int`"),
        (TaggedRow, ["TaggedRow", {"id": 1}], "/1/id", "Expected `str`, got `int`"),
        (TaggedCounts, ["TaggedCounts", {"a": "x"}], "/1", "Expected `int`, got `str`"),
        (Pair, ["a", {"n": 1}], "/1/id", "This field is required"),
        (
            Typed,
            {"id": "a", "next": {"id": "a"}, "x": 1},
            "/x",
            "This field is not known; the fields are: id, next",
        ),
        (Crate[Small], {"items": [{"id": 1}]}, "/items/0/id", "Expected `str`, got `int`"),
        (
            Box[int],
            {"items": [], "next": {"items": ["x"]}},
            "/next/items/0",
            "Expected `int`, got `str`",
        ),
        (SmallId, {"id": "a", "x": 1}, "/x", "This field is not known; the fields are: id, n"),
        (Struct, {"x": 1}, "/x", "This field is not known; the fields are: none"),
        (
            Plain,
            {"id": "a", "made": 3},
            "/made",
            "This field is not known; the fields are: id, items, n",
        ),
        (Small, None, "", "Expected an object, got null"),
        (Small, True, "", "Expected an object, got a boolean"),
        (Small, 1.5, "", "Expected an object, got a number"),
        (Small, [], "", "Expected an object, got an array"),
        (Small | None, 1, "", "Expected `object | null`, got `int`"),
        (
            list[tuple[int, list[Small]]],
            [[1, [{"id": "a"}, {}]]],
            "/0/1/1/id",
            "This field is required",
        ),
    ],
)
def test_one_mistake_is_named_where_it_is(
    kind: Any, value: Value, pointer: str, detail: str
) -> None:
    assert found_in(kind, value) == [(pointer, detail)]


def test_the_type_behind_an_alias_is_what_counts() -> None:
    assert found_in(Alias, [{"id": "a", "x": 1}]) == [
        ("/0/x", "This field is not known; the fields are: id, n")
    ]


def test_unknown_fields_are_found_in_each_position_of_an_array() -> None:
    value: Value = ["a", {"id": "a", "x": 1}]
    for kind in (Pair, Row, tuple[str, Small]):
        assert [one.pointer for one in validation.stray(validation.compiled(kind), value)] == [
            "/1/x"
        ]


def test_a_union_that_msgspec_cannot_tell_apart_is_still_msgspecs_to_refuse() -> None:
    shape = validation.compiled(dict[str, int] | Cat)
    with pytest.raises(TypeError, match="more than one dict-like type"):
        validation.violations(shape, {})


def chain(depth: int) -> Value:
    value: Value = {"id": "a"}
    for _ in range(depth):
        value = {"id": "a", "next": value}
    return value


def test_values_nest_to_the_limit_and_no_deeper() -> None:
    shape = validation.compiled(Tree)
    fits, deeper = chain(limits.JSON_DEPTH - 1), chain(limits.JSON_DEPTH)
    assert (validation.too_deep(fits), validation.too_deep(deeper)) == (False, True)
    assert validation.violations(shape, fits) == validation.stray(shape, fits) == []
    refused = [Violation("", "Nested more than 64 levels deep")]
    assert validation.violations(shape, deeper) == validation.stray(shape, deeper) == refused


def test_very_deep_values_are_refused_and_do_not_crash() -> None:
    deep = chain(100_000)
    assert validation.violations(validation.compiled(Tree), deep) == [
        Violation("", "Nested more than 64 levels deep")
    ]
    assert validation.stray(validation.compiled(object), deep) == [
        Violation("", "Nested more than 64 levels deep")
    ]
    with pytest.raises(
        RecursionError
    ):  # msgspec's answer to such bytes: callers treat it as malformed JSON
        msgspec.json.decode(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize("depth", [limits.JSON_DEPTH - 1])
@pytest.mark.parametrize("wrong", [{"id": 1}, {"id": "a", "x": 1}])
def test_what_is_wrong_deep_inside_is_named(depth: int, wrong: Value) -> None:
    value = wrong
    for _ in range(depth):
        value = {"id": "a", "next": value}
    (violation,) = validation.violations(validation.compiled(Tree), value)
    assert violation.pointer == "/next" * depth + ("/id" if wrong == {"id": 1} else "/x")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (list[str], list(range(5000))),
        (dict[str, str], {str(number): number for number in range(5000)}),
        (Small, {"id": "a"} | {f"x{number}": 1 for number in range(5000)}),
        (list[Small], [{"id": "a", "x": 1}] * 5000),
        (dict[str, Small], {str(number): {"id": "a", "x": 1} for number in range(5000)}),
    ],
)
def test_a_large_wrong_value_gets_a_bounded_answer(kind: Any, value: Value) -> None:
    shape = validation.compiled(kind)
    assert len(validation.violations(shape, value)) == limits.VIOLATIONS
    assert len(validation.stray(shape, value)) <= limits.VIOLATIONS


@given(st.text())
def test_an_escaped_name_is_one_step_of_a_pointer(name: str) -> None:
    step = validation.escaped(name)
    assert "/" not in step
    assert step.replace("~1", "/").replace("~0", "~") == name


def test_the_text_nan_is_a_text_and_no_decimal() -> None:
    assert validation.violations(validation.compiled(str), "NaN") == []
    assert validation.violations(validation.compiled(Decimal), "NaN") == [
        Violation("", "Expected a finite number")
    ]


class Line(BaseModel):
    count: int
    price: Decimal = Decimal(0)


class Order(BaseModel):
    line: Line
    other: "Line | Order | None" = None


@pytest.mark.parametrize("text", ["nan", "nano", "Infinity"])
def test_a_model_refuses_a_text_that_is_no_number_in_its_own_words(text: str) -> None:
    found = found_in(Order, {"line": {"count": text, "price": "nano", "x": 1}})
    assert [pointer for pointer, _ in found] == ["/line/count", "/line/price", "/line/x"]
    assert "valid integer" in found[0][1]
    assert "valid decimal" in found[1][1]


def test_two_models_in_a_union_are_left_to_pydantic() -> None:
    assert found_in(Order, {"line": {"count": 1}, "other": {"count": 1, "x": 1}}) == []
