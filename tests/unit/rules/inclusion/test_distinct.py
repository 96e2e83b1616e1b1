"""Arms of a choice that cannot share a value, and arms that may."""

import pytest

from oort.rules.inclusion.distinct import overlapping
from oort.rules.inclusion.documents import Document, Json, Subschema
from tests.unit.rules.inclusion.test_verdicts import (
    FLAG,
    NULL,
    NUMBER,
    TEXT,
    WHOLE,
    shut,
    tagged,
    thing,
)

DEFINITIONS: dict[str, Json] = {"0": WHOLE}
for number in range(1, 9):
    DEFINITIONS[str(number)] = {"$ref": f"#/$defs/{number - 1}"}


def through_references(levels: int) -> Json:
    return {"$defs": DEFINITIONS, "$ref": f"#/$defs/{levels - 1}"}


APART: dict[str, tuple[Json, Json]] = {
    "types": (TEXT, NUMBER),
    "values": ({"enum": ["a", "b"]}, {"const": "c"}),
    "the type of a value": ({"const": "a"}, NUMBER),
    "bounds": ({**NUMBER, "maximum": 1}, {**NUMBER, "exclusiveMinimum": 1}),
    "two bounds of one side": (
        {**NUMBER, "minimum": 1, "exclusiveMinimum": 2},
        {**NUMBER, "maximum": 2},
    ),
    "sizes": ({**TEXT, "maxLength": 1}, {**TEXT, "minLength": 2}),
    "tags": (tagged("a"), tagged("b")),
    "parts": ({"allOf": [WHOLE, {"minimum": 0}, {"maximum": 4}]}, {**WHOLE, "minimum": 5}),
    "a choice of values": ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"const": "c"}),
    "a choice of a value and a type": ({"oneOf": [{"const": 1}, TEXT]}, NULL),
    "a choice of tags": ({"anyOf": [tagged("a"), tagged("b")]}, tagged("c")),
    "a name that a closed object lacks": (thing("a"), shut("b", b=TEXT)),
    "a name that one of two closed parts lacks": (
        thing("a"),
        {"allOf": [shut(a=TEXT, b=TEXT), shut(b=TEXT, c=TEXT)]},
    ),
    "a name that no choice lists": (thing("a"), {"anyOf": [shut(b=TEXT), shut(c=TEXT), NULL]}),
    "a name in each choice": ({"anyOf": [thing("a", "b"), thing("a")]}, shut(b=TEXT)),
    "a member that is never there": (thing("a"), thing(a=False)),
    "an excluded name": (thing("a"), {**thing(), "not": {"required": ["a"]}}),
    "an excluded name in other words": (
        thing("a"),
        {**thing(), "not": {**thing("a", a={}), "additionalProperties": True, "title": "A"}},
    ),
    "one of several excluded names": (
        thing("b"),
        {**thing(), "not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}},
    ),
    "a reference": (through_references(1), TEXT),
    "several references": (through_references(6), TEXT),
}
TOGETHER: dict[str, tuple[Json, Json]] = {
    "types": (WHOLE, NUMBER),
    "values": ({"enum": ["a", "b"]}, {"const": "b"}),
    "bounds": ({**NUMBER, "maximum": 1}, {**NUMBER, "minimum": 1}),
    "two bounds of one side": (
        {**NUMBER, "minimum": 3, "exclusiveMinimum": 2},
        {**NUMBER, "maximum": 3},
    ),
    "a choice": ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"const": "b"}),
    "a choice with a type": ({"anyOf": [{"const": "a"}, TEXT]}, {"const": "c"}),
    "a tag that may be absent": ({**thing(), "properties": {"k": {"const": "a"}}}, tagged("b")),
    "a name that a closed object lists": (thing("a"), shut(a=TEXT)),
    "a name that a pattern admits": (
        thing("a"),
        {**shut(), "patternProperties": {"a": TEXT}},
    ),
    "a name that a choice admits": (thing("a"), {"anyOf": [shut(b=TEXT), thing()]}),
    "a name in one choice": ({"anyOf": [thing("b", "a"), thing("b")]}, shut(b=TEXT)),
    "a name that is excluded only with others": (
        thing("a"),
        {**thing(), "not": {"required": ["a", "b"]}},
    ),
    "a name that is excluded only with a value": (
        thing("a"),
        {**thing(), "not": thing("a", a=TEXT)},
    ),
    "a name that is excluded in other types only": (
        thing("a"),
        {**thing(), "not": {"type": "array", "required": ["a"]}},
    ),
    "an exclusion that is not understood": (
        thing("a"),
        {**thing(), "not": {"required": ["a"], "then": True, "$ref": "#/properties"}},
    ),
    "an exclusion in another place": (
        thing("a"),
        {**thing(), "not": {"required": ["a"], "$ref": "#/$defs/A"}, "$defs": {"A": False}},
    ),
    "null in doubt": ({**FLAG, "nullable": True}, NULL),
    "more references than are followed": (through_references(9), TEXT),
}


def are_apart(one: Json, other: Json) -> bool:
    left, right = overlapping([Subschema(Document(schema)) for schema in (one, other)])
    assert bool(left) == bool(right)
    return not left


@pytest.mark.parametrize("by", APART)
def test_arms_without_a_shared_value_are_apart(by: str) -> None:
    assert are_apart(*APART[by])


@pytest.mark.parametrize("by", TOGETHER)
def test_arms_that_may_share_a_value_are_not(by: str) -> None:
    assert not are_apart(*TOGETHER[by])
