"""A schema means the same in an older draft: held against another validator and our own checker, for random types and schemas."""

import datetime
import enum
from random import Random
from typing import Annotated, Any, Literal, cast

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.events import event_schemas
from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Json
from oort.rules.schemas import drafts
from oort.rules.schemas.drafts import Draft
from oort.rules.schemas.schema_keywords import Schema
from tests.repeats import times
from tests.unit.rules.inclusion.validators import Validator, random_schema, random_value

seeds = st.integers(0, 10**9).map(Random)
DRAFTS: tuple[Draft, ...] = (4, 7)
VALIDATORS = {4: jsonschema_rs.Draft4Validator, 7: jsonschema_rs.Draft7Validator}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Box(msgspec.Struct, tag="box"):
    size: Annotated[int, Meta(gt=0, le=9)]


class Bag(msgspec.Struct, tag="bag", frozen=True):
    colour: Colour = Colour.RED


class Tree(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1, description="What it is called.", examples=["a"])]
    inside: "list[Tree]" = []
    discriminator: str = ""


LEAVES: tuple[Any, ...] = (
    *(
        str,
        int,
        float,
        bool,
        bytes,
        Colour,
        Tree,
        Box | Bag,
        datetime.date,
        Literal[1, "a", None],
        object,
    ),
    *(
        Annotated[float, Meta(gt=0, lt=3)],
        Annotated[int, Meta(ge=0, multiple_of=2)],
        Annotated[str, Meta(pattern="^a")],
    ),
)
KEYS: tuple[Any, ...] = (
    str,
    int,
    Colour,
    Annotated[str, Meta(min_length=1, max_length=2)],
    Literal["k", "p"],
)


def random_type(draw: Random, depth: int = 2) -> Any:
    """A type as events have them."""
    if depth == 0 or draw.random() < 0.4:
        return draw.choice(LEAVES)
    inner: Any = random_type(draw, depth - 1)
    most = draw.choice((None, 2))
    lists: Any = Annotated[list[inner], Meta(min_length=draw.randrange(2), max_length=most)]
    key: Any = draw.choice(KEYS)
    return draw.choice(
        (inner | None, dict[key, inner], tuple[inner, str], lists, random_struct(draw, depth - 1))
    )


def random_struct(draw: Random, depth: int = 2) -> Any:
    """A class with some fields, some of which may be missing."""
    fields: list[Any] = [
        (name, random_type(draw, depth)) for name in draw.sample("kpq", draw.randrange(1, 4))
    ]
    if draw.random() < 0.5:
        fields.append(("z", int, 1))
    return msgspec.defstruct("Made", fields, kw_only=True)


def written_without_point(value: Any) -> Any:
    """The value with 2 for 2.0, which draft 4 alone takes for no integer."""
    if isinstance(value, list):
        return [written_without_point(one) for one in value]
    if isinstance(value, dict):
        return {name: written_without_point(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value == int(value) else value


def fitting(schema: Schema, draw: Random, at: Any = None, depth: int = 4) -> Any:
    """A value that is near the schema, if it does not quite fit."""
    words: Any = schema if at is None else at
    if "$ref" in words:
        words = cast(Any, schema["$defs"])[words["$ref"].removeprefix("#/$defs/")]
    if depth == 0 or draw.random() < 0.07:
        return random_value(draw)
    if "anyOf" in words:
        return fitting(schema, draw, draw.choice(words["anyOf"]), depth)
    if "enum" in words or "const" in words:
        return draw.choice(words.get("enum") or [words["const"]])
    if "prefixItems" in words:
        return [fitting(schema, draw, one, depth - 1) for one in words["prefixItems"]]
    if words.get("type") == "array":
        return [
            fitting(schema, draw, words.get("items", {}), depth - 1)
            for _ in range(draw.randrange(3))
        ]
    if words.get("type") == "object":
        rest = words.get("additionalProperties") or {}
        more = {
            draw.choice(("k", "p", "5", "-0", "red", "long")): fitting(
                schema, draw, rest, depth - 1
            )
        }
        members = {
            name: fitting(schema, draw, one, depth - 1)
            for name, one in words.get("properties", {}).items()
        }
        return more if not members else {**members, **(more if draw.random() < 0.1 else {})}
    simple: dict[str, list[Any]] = {
        "string": ["", "a", "ab", "YWI="],
        "integer": [0, 1, 2, -3, 10],
        "number": [0, 0.5, 3, 4.5],
    }
    return draw.choice(simple.get(words.get("type"), [True, False, None]))


def judges(schema: Schema, found: Schema, draft: Draft) -> tuple[Validator, Validator]:
    """Another validator for each, after it has been asked whether it is a schema of its draft. Formats are notes in 2020-12."""
    assert jsonschema_rs.meta.is_valid(found), found
    theirs = VALIDATORS[draft](found, validate_formats=False)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=False), theirs


def undeclared(schema: Schema) -> Json:
    """Without its draft, so that only the words count, and not that 1.0 is no integer in draft 4."""
    return cast(Json, {word: value for word, value in schema.items() if word != "$schema"})


@pytest.mark.unmeasured
@settings(max_examples=times(150))
@given(seeds, st.sampled_from(DRAFTS), st.booleans())
def test_the_schemas_of_any_class_mean_the_same(draw: Random, draft: Draft, reading: bool) -> None:
    kind = random_struct(draw)
    schema = event_schemas.reader(kind) if reading else event_schemas.writer(kind)
    found = drafts.rewritten(schema, draft=draft)
    assert compare(cast(Json, schema), cast(Json, found), mode="full", as_is=True).verdict != "no"
    ours, theirs = judges(schema, found, draft)
    for _ in range(12):
        value = written_without_point(fitting(schema, draw))
        assert ours.is_valid(value) == theirs.is_valid(value), (schema, found, value)


@pytest.mark.unmeasured
@settings(max_examples=times(100))
@given(seeds)
def test_the_checker_proves_most_of_it(draw: Random) -> None:
    schema = event_schemas.writer(random_struct(draw, depth=1))
    found = compare(
        undeclared(schema), undeclared(drafts.rewritten(schema, draft=4)), mode="full", as_is=True
    )
    assert found.verdict == "yes" or "propertyNames" in str(schema)


@pytest.mark.unmeasured
@settings(max_examples=times(300))
@given(seeds, st.sampled_from(DRAFTS))
def test_any_schema_means_the_same(draw: Random, draft: Draft) -> None:
    schema = cast(Schema, random_schema(draw))
    found = drafts.rewritten(schema, draft=draft)
    assert compare(cast(Json, schema), cast(Json, found), mode="full", as_is=True).verdict != "no"
    ours, theirs = judges(schema, found, draft)
    for _ in range(20):
        value = written_without_point(random_value(draw))
        assert ours.is_valid(value) == theirs.is_valid(value), (schema, found, value)


# Words that classes do not emit, but that a user may add by Meta(extra_json_schema=…), each with values to try.
RARE: list[Schema] = [
    {"const": 1, "enum": [1, 2]},
    {"minimum": 3, "exclusiveMinimum": 2, "maximum": 9, "exclusiveMaximum": 5},
    {"enum": []},
    {"required": [], "properties": {"a": True, "b": False}},
    {
        "required": ["a"],
        "additionalProperties": False,
        "properties": {"a": {}},
        "propertyNames": {"pattern": "^[ab]$"},
    },
    {"propertyNames": {"maxLength": 1, "minLength": 1}, "properties": {"a": {"const": 1}}},
    {"propertyNames": {"enum": ["a", 1], "type": "string", "examples": ["a"]}},
    {"propertyNames": {"const": "a"}, "patternProperties": {"^a": {"type": "integer"}}},
    {"propertyNames": {"$ref": "#/$defs/Key"}, "$defs": {"Key": {"pattern": "^a"}}},
    {"propertyNames": True},
    {"propertyNames": False},
    {"prefixItems": [{"type": "integer"}, True], "items": False},
    {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"prefixItems": [{"type": "integer"}]},
    {"items": False},
    {"contains": {"type": "integer"}},
    {"contains": {"type": "integer"}, "not": {"type": "string"}},
    {"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"type": "string"}},
    {"if": {"type": "integer"}, "then": {"minimum": 2}},
    {"if": {"type": "integer"}, "else": {"type": "string"}},
    {"then": {"minimum": 2}},
    {"dependentRequired": {"a": ["b"], "b": []}, "dependentSchemas": {"a": {"maxProperties": 2}}},
    {"$ref": "#/$defs/Key", "minimum": 2, "description": "Both.", "$defs": {"Key": {"maximum": 4}}},
    {"allOf": [{"minimum": 1}], "oneOf": [{"type": "integer"}, {"minimum": 2}], "not": True},
    {"allOf": [{"$ref": "#/$defs/Key"}], "$ref": "#/$defs/Key", "$defs": {"Key": {"maximum": 4}}},
    {
        "additionalProperties": {"type": "integer"},
        "x-own": 1,
        "deprecated": True,
        "$comment": "Old.",
        "type": "object",
    },
]
SOME: list[Any] = [
    *(1, 2, 3, 4, 5, 0, -1, "a", "", None, True, [], {}, [1], [1, "a"], ["a", 1], [1, 2, 3], ["a"]),
    *(
        {"a": 1},
        {"b": 1},
        {"a": 1, "b": 2},
        {"a": 1, "b": 2, "c": 3},
        {"ab": 1},
        {"": 1},
        {"c": "x"},
    ),
]


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("schema", RARE, ids=str)
def test_rare_words_mean_the_same(schema: Schema, draft: Draft) -> None:
    found = drafts.rewritten(schema, draft=draft)
    ours, theirs = judges(schema, found, draft)
    assert [theirs.is_valid(one) for one in SOME] == [ours.is_valid(one) for one in SOME], found
    assert compare(cast(Json, schema), cast(Json, found), mode="full", as_is=True).verdict != "no"


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        (
            {"properties": {"a": {"unevaluatedProperties": False}}},
            "/properties/a/unevaluatedProperties",
        ),
        ({"contains": {}, "minContains": 2}, "/minContains"),
        ({"items": {"$dynamicRef": "#x"}}, "/items/$dynamicRef"),
        ({"$ref": "https://example.com/other.json"}, "/$ref"),
        ({"$ref": "#/$defs/Gone"}, "/$ref"),
        ({"anyOf": [{}, {"$ref": "#"}]}, "/anyOf/1/$ref"),
        ({"not": {"$defs": {}}}, "/not/$defs"),
        ({"$defs": []}, "/$defs"),
        ({"properties": []}, "/properties"),
        ({"anyOf": {}}, "/anyOf"),
        ({"items": 5}, "/items"),
        ({"madeUp": 5}, "/madeUp"),
        ({"propertyNames": {"anyOf": [{"const": "a"}]}}, "/propertyNames/anyOf"),
        ({"propertyNames": {"type": "integer"}}, "/propertyNames/type"),
        ({"propertyNames": 5}, "/propertyNames"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(schema: Schema, at: str) -> None:
    with pytest.raises(InvalidValue, match="cannot express") as caught:
        drafts.rewritten(schema, draft=4)
    assert f"(at {at})" in caught.value.what


def test_a_schema_of_nothing_but_a_word_is_refused_at_the_root() -> None:
    with pytest.raises(InvalidValue, match=r"\(at /\)"):
        drafts._Writer(4, "#/definitions/", {}).schema(cast(Value, 5), "")


def test_definitions_and_references_are_called_as_wished() -> None:
    found = drafts.rewritten(event_schemas.writer(Tree), draft=7, refs="#/components/schemas/x.")
    assert found["allOf"] == [{"$ref": "#/components/schemas/x.Tree"}]
    assert set(cast(Schema, found["definitions"])) == {"Tree"}
    tree: Any = cast(Schema, found["definitions"])["Tree"]
    assert tree["properties"]["inside"]["items"] == {"$ref": "#/components/schemas/x.Tree"}
    assert tree["properties"]["name"]["examples"] == ["a"]


def test_notes_that_the_draft_lacks_are_left_out_and_a_field_may_be_called_like_one() -> None:
    found = drafts.rewritten(event_schemas.writer(Tree), draft=4)
    tree: Any = cast(Schema, found["definitions"])["Tree"]
    assert tree["properties"]["name"] == {
        "type": "string",
        "minLength": 1,
        "description": "What it is called.",
    }
    assert tree["properties"]["discriminator"] == {"type": "string"}


def test_the_format_of_names_is_the_one_thing_that_is_left_out() -> None:
    found = drafts.rewritten(
        {"propertyNames": {"type": "string", "format": "date"}, "minProperties": 1}, draft=4
    )
    assert found == {"$schema": "http://json-schema.org/draft-04/schema#", "minProperties": 1}
