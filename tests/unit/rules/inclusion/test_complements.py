"""What a schema does not admit, in other words."""

import pytest

from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Json
from tests.unit.rules.inclusion.test_verdicts import NULL, NUMBER, TEXT, WHOLE, thing

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
    ({"not": False}, True),
    ({"not": True}, False),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITE, ids=lambda schema: str(schema)[:60])
def test_a_not_is_what_is_left(one: Json, other: Json) -> None:
    assert compare(one, other, as_is=True).verdict == "yes"
    if "contains" not in str(one) or "not" in str(other):
        assert compare(other, one, as_is=True).verdict == "yes"
