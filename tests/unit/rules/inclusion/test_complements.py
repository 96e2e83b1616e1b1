"""What a schema does not admit, in other words."""

import pytest

from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Json
from tests.unit.rules.inclusion.test_verdicts import NULL, NUMBER, TEXT, WHOLE, thing

LIST: dict[str, Json] = {"type": "array"}
LATEST: dict[str, Json] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

# the same in other words, by what they do not admit
OPPOSITE: list[tuple[Json, Json]] = [
    ({**TEXT, "not": {"minLength": 2}}, {**TEXT, "maxLength": 1}),
    ({**TEXT, "not": {"maxLength": 1}}, {**TEXT, "minLength": 2}),
    ({**TEXT, "not": {"const": ""}}, {**TEXT, "minLength": 1}),
    ({**NUMBER, "not": {"minimum": 2}}, {**NUMBER, "exclusiveMaximum": 2}),
    ({**NUMBER, "not": {"minimum": 2, "exclusiveMinimum": True}}, {**NUMBER, "maximum": 2}),
    ({**NUMBER, "not": {"exclusiveMaximum": 2}}, {**NUMBER, "minimum": 2}),
    ({**WHOLE, "minimum": 0, "not": {"enum": [0, 1]}}, {**WHOLE, "minimum": 2}),
    ({**WHOLE, "maximum": 0, "not": {"enum": [0]}}, {**WHOLE, "maximum": -1}),
    ({**NUMBER, "maximum": 0, "not": {"enum": [0]}}, {**NUMBER, "exclusiveMaximum": 0}),
    ({"type": "array", "not": {"const": []}}, {"type": "array", "minItems": 1}),
    ({"type": "array", "not": {"contains": WHOLE}}, {"type": "array", "items": {"not": WHOLE}}),
    ({"type": "array", "not": {"items": WHOLE}}, {"type": "array", "contains": {"not": WHOLE}}),
    (
        {"type": "array", "not": {"contains": WHOLE, "maxContains": 1}},
        {"type": "array", "not": {"contains": WHOLE, "minContains": 1, "maxContains": 1}},
    ),
    ({**thing(), "not": {"required": ["a"]}}, {**thing(), "properties": {"a": False}}),
    (
        {**thing(), "not": {"dependentRequired": {"a": ["b"]}}},
        {**thing("a"), "properties": {"b": False}},
    ),
    ({**thing(), "not": {"minProperties": 1}}, {**thing(), "maxProperties": 0}),
    ({"not": {"type": ["null", "boolean", "integer", "number", "array", "object"]}}, TEXT),
    ({"not": {"anyOf": [TEXT, NULL]}}, {"type": ["boolean", "number", "array", "object"]}),
    ({"not": {"oneOf": [TEXT, NULL]}}, {"type": ["boolean", "number", "array", "object"]}),
    (
        {"not": {"allOf": [TEXT, {"minLength": 1}]}},
        {"anyOf": [{"not": TEXT}, {**TEXT, "maxLength": 0}]},
    ),
    (
        {"not": {"if": TEXT, "then": {"minLength": 1}, "else": WHOLE}},
        {"anyOf": [{"enum": [""]}, {"not": {"anyOf": [TEXT, WHOLE]}}]},
    ),
    ({"not": {"if": TEXT, "then": {"minLength": 1}}}, {"enum": [""]}),
    ({"not": {"if": TEXT, "else": WHOLE}}, {"not": {"anyOf": [TEXT, WHOLE]}}),
    (
        {"not": {"type": ["null", "boolean", "integer", "string", "array", "object"]}},
        {**NUMBER, "not": WHOLE},
    ),
    (
        {"oneOf": [{"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"const": "a"}]},
        {"enum": ["a", "b"]},
    ),
    ({"$defs": {"T": TEXT}, "not": {"$ref": "#/$defs/T"}}, {"not": TEXT}),
    (
        {**LATEST, "$defs": {"T": TEXT}, "not": {"$ref": "#/$defs/T", "minLength": 1}},
        {"anyOf": [{"not": TEXT}, {**TEXT, "maxLength": 0}]},
    ),
    ({"allOf": [{"not": WHOLE}, {"not": TEXT}]}, {"not": {"type": ["integer", "string"]}}),
    ({"not": {"properties": {"a": True}}}, False),
    ({"not": False}, True),
    ({"not": True}, False),
]

# (narrow, wide): the first has only values that the second does not admit, but not all of them
NARROWER: list[tuple[Json, Json]] = [
    ({"const": 3}, {**WHOLE, "not": {"multipleOf": 2}}),
    (
        {"const": "c"},
        {**TEXT, "allOf": [{"not": {"pattern": "^a"}}, {"not": {"pattern": "^b"}}]},
    ),
    ({"const": 3}, {"not": {"oneOf": [NUMBER, {**NUMBER, "minimum": 0}]}}),
    ({**LIST, "prefixItems": [NULL], "minItems": 1}, {**LIST, "not": {"prefixItems": [TEXT]}}),
    (
        {**LIST, "prefixItems": [TEXT, NULL], "minItems": 2},
        {**LIST, "not": {"prefixItems": [TEXT], "items": TEXT}},
    ),
    ({"const": [1, 1]}, {**LIST, "not": {"uniqueItems": True}}),
    (
        {**LIST, "items": WHOLE, "minItems": 2},
        {**LIST, "not": {"contains": WHOLE, "minContains": 0, "maxContains": 1}},
    ),
    ({"const": {"k_a": "x"}}, {**thing(), "not": {"patternProperties": {"^k_": WHOLE}}}),
    (
        {"const": {"z": 1}},
        {**thing(), "not": {"properties": {"a": True}, "additionalProperties": False}},
    ),
    ({"const": {"ab": 1}}, {**thing(), "not": {"propertyNames": {"maxLength": 1}}}),
]


@pytest.mark.parametrize(("narrow", "wide"), NARROWER, ids=lambda schema: str(schema)[:60])
def test_a_not_admits_what_its_schema_does_not(narrow: Json, wide: Json) -> None:
    assert compare(narrow, wide, as_is=True).verdict == "yes"
    assert compare(wide, narrow, as_is=True).verdict == "no"


@pytest.mark.parametrize(("one", "other"), OPPOSITE, ids=lambda schema: str(schema)[:60])
def test_a_not_is_what_is_left(one: Json, other: Json) -> None:
    assert compare(one, other, as_is=True).verdict == "yes"
    if "contains" not in str(one) or "not" in str(other):
        assert compare(other, one, as_is=True).verdict == "yes"
