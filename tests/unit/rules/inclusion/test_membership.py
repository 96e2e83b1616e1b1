"""Whether a value is valid: what the random schemas do not reach."""

import pytest

from oort.rules.inclusion.documents import Document, Json, Subschema
from oort.rules.inclusion.membership import admits, blamed
from tests.unit.rules.inclusion.validators import validator

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
NEEDS: Json = {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}}
CASES: list[Json] = [
    {"contains": {"type": "integer"}},
    {"contains": {"type": "integer"}, "minContains": 0},
    {"contains": {"type": "integer"}, "minContains": 2, "maxContains": 2},
    {"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"type": "string"}},
    {"if": {"type": "integer"}, "then": {"minimum": 2}},
    {"if": {"type": "integer"}, "else": {"type": "array"}},
    {"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
    {"propertyNames": {"maxLength": 1}, "minProperties": 1},
    NEEDS,
]
VALUES: list[Json] = [
    None,
    True,
    1,
    3,
    0.5,
    "a",
    [],
    [1],
    [1, "a"],
    [1, 2],
    [1, 2, 3],
    ["a"],
    {},
    {"a": 1},
    {"a": "x"},
]
VALUES += [{"ab": 1}, {"b": "x"}, {"b": 1}, {"a": 1, "b": "x"}, {"c": 1}, {"c": 1, "d": 1}]


@pytest.mark.parametrize("schema", CASES, ids=str)
def test_it_agrees_with_another_validator(schema: Json) -> None:
    for value in VALUES:
        assert admits(Subschema(Document(schema)), value) is validator(schema).is_valid(value), (
            value
        )


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (1, "a"),
        ({"$ref": "#"}, 1),
        ({"unevaluatedProperties": False, "anyOf": [True]}, {}),
        ({"$schema": DRAFT_4, "type": "integer"}, 1.0),
        ({"contains": {"format": "x"}}, ["a"]),
        ({"oneOf": [{"format": "x"}, {"type": "string"}]}, "a"),
        ({"not": {"format": "x"}}, "a"),
        ({"if": {"format": "x"}, "then": False}, "a"),
        ({"patternProperties": {"(?<=a)": False}}, {"a": 1}),
        ({"patternProperties": {"(?<=a)": True}, "additionalProperties": False}, {"b": 1}),
        ({"minimum": 1}, float("inf")),
    ],
)
def test_what_is_not_certain(schema: Json, value: Json) -> None:
    assert admits(Subschema(Document(schema)), value) is None


def test_dependencies_of_older_drafts() -> None:
    schema: Json = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "dependencies": {"a": ["b"], "c": {"required": ["d"]}},
    }
    place = Subschema(Document(schema))
    assert admits(place, {"a": 1}) is False
    assert admits(place, {"a": 1, "b": 1}) is True
    assert admits(place, {"c": 1}) is False
    assert admits(place, {"e": 1}) is True


def test_the_innermost_keyword_is_blamed() -> None:
    place = Subschema(
        Document(
            {
                "allOf": [
                    {"properties": {"a/b": {"type": "string", "maxLength": 1}}},
                    {"additionalProperties": False},
                ]
            }
        )
    )
    assert blamed(place, {"a/b": "xx"}) == "/allOf/0/properties/a~1b/maxLength"
    assert blamed(place, {"c": 1}) == "/allOf/1/additionalProperties"
    assert blamed(place, {}) == ""


def test_nullable_of_openapi_counts_where_no_draft_is_named() -> None:
    assert admits(Subschema(Document({"type": "string", "nullable": True})), None) is True
    assert (
        admits(Subschema(Document({"$schema": DRAFT_4, "type": "string", "nullable": True})), None)
        is False
    )
