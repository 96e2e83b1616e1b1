"""The document and the validator agree on every value, whatever the type: both are derived from one shape."""

import dataclasses
import operator
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import jsonschema_rs
import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.schemas import schemas
from oort.rules.types import examples, reading, validation

NAMES = ("a", "b", "c")


class Words(TypedDict):
    a: str
    b: NotRequired[int]


class Cat(msgspec.Struct, tag="cat"):
    a: int = 0


class Dog(msgspec.Struct, tag="dog"):
    b: "Dog | Cat | None" = None


LEAVES: list[Any] = [
    int, float, bool, str, None, object, Any, Words, Cat, Cat | Dog, Literal["a", 1], Literal["cat"],
    Annotated[int, Meta(ge=0, lt=9)], Annotated[float, Meta(multiple_of=0.5)],
    Annotated[str, Meta(min_length=1, pattern="^[a-z]")],
]  # fmt: skip


def struct(kinds: list[Any], required: int, form: str) -> Any:
    """A class with fields of the types; those behind the first `required` have a default."""
    fields: list[tuple[str, Any]] = list(zip(NAMES, kinds, strict=False))
    if form == "dataclass":
        missing = dataclasses.field(default=None)
        return dataclasses.make_dataclass(
            "Made",
            [(*one, missing) if place >= required else one for place, one in enumerate(fields)],
        )
    given = [(*one, None) if place >= required else one for place, one in enumerate(fields)]
    return msgspec.defstruct("Made", given, array_like=form == "row")


def wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Types around others. msgspec 0.22 crashes on a union of a bounded number and a tuple, and takes int | Any for Any."""
    united = inner.filter(lambda kind: kind not in (Any, object) and "Meta(" not in repr(kind))
    bounded = st.builds(
        lambda kind, most: Annotated[list.__class_getitem__(kind), Meta(max_length=most)],
        inner,
        sizes,
    )
    return (
        st.builds(list.__class_getitem__, inner)
        | bounded
        | st.builds(lambda kind: dict.__class_getitem__((str, kind)), inner)
        | st.builds(lambda *kinds: tuple.__class_getitem__(kinds), inner, inner)
        | st.builds(
            lambda *kinds: operator.or_(*(kind or type(None) for kind in kinds)), united, united
        )
        | st.builds(lambda kind: Annotated[kind, Meta(title="A title")], inner)
        | st.builds(
            struct,
            st.lists(inner, max_size=3),
            st.integers(0, 3),
            st.sampled_from(["struct", "dataclass", "row"]),
        )
    )


sizes = st.integers(0, 2)
kinds = st.recursive(st.sampled_from(LEAVES), wrapped, max_leaves=5)
leaves: st.SearchStrategy[Value] = (
    st.none()
    | st.booleans()
    | st.integers(-2, 10)
    | st.sampled_from(["", "a", "1", "cat", "dog", 2.5, 0.3])
)
names = st.sampled_from([*NAMES, "type", "other"])
documents: st.SearchStrategy[Value] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def altered(draw: st.DrawFn, value: Value) -> Value:
    """The value with some of its parts replaced, removed or added."""
    if draw(st.integers(0, 9)) == 0:
        return draw(documents)
    if isinstance(value, dict):
        kept: dict[str, Value] = {
            name: draw(altered(inner)) for name, inner in value.items() if draw(st.integers(0, 9))
        }
        return {**kept, **draw(st.dictionaries(names, leaves, max_size=draw(st.integers(0, 1))))}
    return [draw(altered(inner)) for inner in value] if isinstance(value, list) else value


@pytest.mark.unmeasured
@settings(max_examples=max(300, settings().max_examples))
@given(kind=kinds, data=st.data())
def test_the_schema_and_the_validator_agree_on_every_type_and_value(
    kind: Any, data: st.DataObject
) -> None:
    assume(not reading.problem(kind))  # unions that msgspec cannot tell apart
    try:
        example = examples.example(kind)
    except InvalidValue:
        example = None
    value = data.draw(altered(example) | documents)
    by_schema = jsonschema_rs.is_valid(schemas.schema(kind, closed=True), value)
    found = validation.violations(validation.compiled(kind), value)
    assert by_schema == (found == []), (kind, value, found)
