"""The verdicts on pairs of schemas, change by change; another validator confirms each witness, and attacks each yes."""

from collections.abc import Callable
from random import Random

import pytest

from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Json
from tests.repeats import share
from tests.unit.rules.inclusion.validators import random_value, validator

Schema = dict[str, Json]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
NULL: Schema = {"type": "null"}
FLAG: Schema = {"type": "boolean"}


def thing(*required: str, **properties: Json) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def shut(*required: str, **properties: Json) -> Schema:
    return {**thing(*required, **properties), "additionalProperties": False}


def tagged(tag: str, **properties: Json) -> Schema:
    return thing("k", **properties, k={"const": tag})


def row(*first: Json, **words: Json) -> Schema:
    return {
        "type": "array",
        "prefixItems": list(first),
        "minItems": len(first),
        "maxItems": len(first),
        **words,
    }


def chain(value: Json) -> Schema:
    node = thing("value", value=value, next={"anyOf": [{"$ref": "#/$defs/Node"}, NULL]})
    return {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}


# (narrow, wide): everything valid under the first is valid under the second, and not the other way round.
NARROWER: list[tuple[Json, Json]] = [
    (False, True),
    (WHOLE, True),
    (False, WHOLE),
    (WHOLE, NUMBER),
    (WHOLE, {"type": ["integer", "null"]}),
    (WHOLE, {"type": ["integer", "string"]}),
    (WHOLE, {**WHOLE, "nullable": True}),
    (FLAG, {"type": ["boolean", "null"]}),
    ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    ({"enum": ["a", "b"]}, TEXT),
    ({"const": 1}, WHOLE),
    ({"const": 2}, {"enum": [1, 2]}),
    ({"const": None}, {"type": ["null", "string"]}),
    ({"enum": [{"a": 1}]}, thing("a", a=WHOLE)),
    ({"enum": [[1, 2]]}, {"type": "array", "items": WHOLE}),
    ({**WHOLE, "minimum": 1}, WHOLE),
    ({**WHOLE, "minimum": 2}, {**WHOLE, "minimum": 1}),
    ({**WHOLE, "maximum": 1}, {**WHOLE, "maximum": 2}),
    ({**NUMBER, "exclusiveMinimum": 1}, {**NUMBER, "minimum": 1}),
    ({**NUMBER, "exclusiveMaximum": 1}, {**NUMBER, "maximum": 1}),
    ({**WHOLE, "minimum": 1, "maximum": 3}, {"enum": [1, 2, 3, 4]}),
    ({**WHOLE, "multipleOf": 4}, {**WHOLE, "multipleOf": 2}),
    ({**WHOLE, "multipleOf": 6}, {"allOf": [{**WHOLE, "multipleOf": 2}]}),
    ({**NUMBER, "multipleOf": 1}, {**NUMBER, "multipleOf": 0.5}),
    (
        {**WHOLE, "maximum": 50},
        {"anyOf": [{**WHOLE, "maximum": 10}, {**WHOLE, "minimum": 11, "maximum": 60}]},
    ),
    (
        {**NUMBER, "maximum": 9},
        {"anyOf": [{**NUMBER, "exclusiveMaximum": 5}, {**NUMBER, "minimum": 5, "maximum": 10}]},
    ),
    ({**TEXT, "minLength": 1}, TEXT),
    ({**TEXT, "minLength": 2}, {**TEXT, "minLength": 1}),
    ({**TEXT, "maxLength": 2}, {**TEXT, "maxLength": 3}),
    (
        {**TEXT, "maxLength": 7},
        {"anyOf": [{**TEXT, "maxLength": 4}, {**TEXT, "minLength": 5, "maxLength": 8}]},
    ),
    ({**TEXT, "pattern": "^abc"}, {**TEXT, "pattern": "^ab"}),
    ({**TEXT, "pattern": "^a[0-9]+$"}, TEXT),
    ({**TEXT, "pattern": "^a[0-9]+$"}, {**TEXT, "pattern": "^a"}),
    ({**TEXT, "pattern": "^[a-z]{3}$"}, {**TEXT, "minLength": 3, "maxLength": 3}),
    ({**TEXT, "pattern": "^(ab|c)d"}, {**TEXT, "minLength": 2}),
    ({"enum": ["ab", "abc"]}, {**TEXT, "pattern": "^ab"}),
    ({**TEXT, "format": "date-time"}, TEXT),
    ({**TEXT, "format": "uuid"}, TEXT),
    ({**TEXT, "format": "email"}, TEXT),
    ({"type": "array", "items": WHOLE}, {"type": "array"}),
    ({"type": "array", "items": WHOLE}, {"type": "array", "items": NUMBER}),
    ({"type": "array", "minItems": 1}, {"type": "array"}),
    ({"type": "array", "maxItems": 1}, {"type": "array", "maxItems": 2}),
    ({"type": "array", "maxItems": 1}, {"type": "array", "uniqueItems": True}),
    ({"type": "array", "uniqueItems": True}, {"type": "array"}),
    ({"type": "array", "maxItems": 0}, {"type": "array", "items": False, "prefixItems": [WHOLE]}),
    (row(WHOLE, TEXT), row(NUMBER, TEXT)),
    (row(WHOLE, TEXT), {"type": "array", "prefixItems": [WHOLE]}),
    (row(WHOLE), {"type": "array", "items": WHOLE}),
    ({"type": "array", "items": False}, {"type": "array", "maxItems": 1}),
    (thing("a", a=TEXT), thing(a=TEXT)),
    (thing(a=WHOLE), thing(a=NUMBER)),
    (thing(a=TEXT), thing()),
    (shut("a", a=TEXT), thing("a", a=TEXT)),
    (shut("a", a=TEXT), shut("a", a=TEXT, b=WHOLE)),
    (thing("a", a=thing("b", b=WHOLE)), thing("a", a=thing(b=WHOLE))),
    (shut(a=TEXT), {"type": "object", "maxProperties": 1}),
    (thing("a", "b", a=TEXT), {"type": "object", "minProperties": 2}),
    (shut(a=TEXT), {"type": "object", "propertyNames": {"maxLength": 1}}),
    (shut(a=TEXT), {"type": "object", "additionalProperties": TEXT}),
    ({"type": "object", "additionalProperties": WHOLE}, {"type": "object"}),
    (
        {"type": "object", "additionalProperties": WHOLE},
        {"type": "object", "additionalProperties": NUMBER},
    ),
    ({"type": "object", "additionalProperties": WHOLE}, thing(a=WHOLE)),
    (
        {"type": "object", "propertyNames": {"pattern": "^ab"}},
        {"type": "object", "propertyNames": {"pattern": "^a"}},
    ),
    (
        {"type": "object", "patternProperties": {"^x": WHOLE}},
        {"type": "object", "patternProperties": {"^x": NUMBER}},
    ),
    ({"type": "object", "patternProperties": {"^x": WHOLE}}, thing(x1=WHOLE)),
    (
        {"type": "object", "additionalProperties": WHOLE},
        {"type": "object", "patternProperties": {"^x": WHOLE}},
    ),
    ({"type": "object", "minProperties": 1}, {"type": "object"}),
    ({**thing(ab=TEXT), "propertyNames": {"maxLength": 1}}, thing(ab=WHOLE)),
    ({**NUMBER, "minimum": 1e21}, {**NUMBER, "minimum": 1e20}),
    (tagged("a"), {"anyOf": [tagged("a"), tagged("b")]}),
    (
        {"oneOf": [tagged("a", x=WHOLE), tagged("b")]},
        {"oneOf": [tagged("b"), tagged("a", x=NUMBER), tagged("c")]},
    ),
    (tagged("a"), {"oneOf": [tagged("a"), tagged("b")], "discriminator": {"propertyName": "k"}}),
    (thing("k", k={"enum": ["a", "b"]}), {"anyOf": [tagged("a"), tagged("b"), tagged("c")]}),
    (thing(p={"anyOf": [TEXT, NULL]}), {"anyOf": [thing(p=TEXT), thing(p=NULL), thing(p=FLAG)]}),
    (thing("p", p=FLAG), {"anyOf": [thing(p={"const": True}), thing(p={"const": False}), NULL]}),
    ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [WHOLE, TEXT, NULL]}),
    ({"anyOf": [WHOLE, TEXT]}, {"type": ["string", "number"]}),
    ({"oneOf": [WHOLE, NUMBER]}, NUMBER),
    ({"allOf": [{"minimum": 1}, WHOLE]}, WHOLE),
    ({"allOf": [thing(a=WHOLE), thing(b=TEXT)]}, thing(b=TEXT)),
    ({**TEXT, "not": {"const": "a"}}, TEXT),
    ({"type": ["string", "null"], "not": NULL}, {"type": ["string", "null"]}),
    (WHOLE, {"not": TEXT}),
    ({**WHOLE, "minimum": 5}, {**WHOLE, "not": {"maximum": 3}}),
    ({"not": NUMBER}, {"not": WHOLE}),
    (chain(WHOLE), chain(NUMBER)),
    (chain(WHOLE), thing("value", value=WHOLE)),
    ({"if": TEXT, "then": {"minLength": 1}, "else": False}, TEXT),
    ({"if": TEXT, "then": {"minLength": 1}}, {"if": TEXT, "then": True, "else": True}),
    (
        {**thing(), "dependentRequired": {"a": ["b"]}, "minProperties": 1},
        {**thing(), "dependentRequired": {"a": ["b"]}},
    ),
    ({"type": "array", "contains": WHOLE}, {"type": "array"}),
    (
        {"type": "array", "contains": WHOLE, "minItems": 2},
        {"type": "array", "contains": WHOLE},
    ),
    (
        {"type": "array", "maxItems": 2, "items": TEXT},
        {"type": "array", "contains": TEXT, "minContains": 0, "maxContains": 2},
    ),
    (
        {"type": "array", "prefixItems": [TEXT, {"enum": ["a", "b"]}], "minItems": 2},
        {
            "anyOf": [
                {"type": "array", "prefixItems": [True, {"const": name}]} for name in ("a", "b")
            ]
        },
    ),
    (
        {
            "anyOf": [
                {"type": "array", "prefixItems": [{**TEXT, "pattern": pattern}], "minItems": 1}
                for pattern in ("^a", "^b")
            ]
        },
        {"type": "array", "prefixItems": [TEXT]},
    ),
    ({**NUMBER, "exclusiveMinimum": 10**300}, {**NUMBER, "minimum": 10**300}),
    ({**TEXT, "pattern": r"^\S+$"}, TEXT),
    ({**TEXT, "pattern": "^[A-Z]{2}$"}, {**TEXT, "pattern": r"^\w{2,3}$"}),
    ({**TEXT, "pattern": r"^\S{2,}@", "maxLength": 5}, {**TEXT, "pattern": "@", "minLength": 3}),
    ({**TEXT, "pattern": "^a+$"}, {**TEXT, "pattern": "^a", "not": {"pattern": "b"}}),
    ({**TEXT, "format": "date-time"}, {**TEXT, "pattern": r"^\d{4}-", "minLength": 9}),
    (
        {**TEXT, "pattern": r"^(?=.*\d)\w+$"},
        {
            "anyOf": [
                {**TEXT, "pattern": r"^\w{1,4}$"},
                {**TEXT, "pattern": r"^\w*$", "minLength": 5},
            ]
        },
    ),
    (
        thing("m", m={**TEXT, "pattern": r"^[^@\s]+@[^@\s]+$"}, n=TEXT),
        thing("m", m={**TEXT, "pattern": "@"}),
    ),
    (
        {"type": "object", "patternProperties": {r"^\d{2}$": WHOLE}, "additionalProperties": False},
        {"type": "object", "patternProperties": {"^[0-9]+$": WHOLE}, "additionalProperties": False},
    ),
]


@pytest.mark.parametrize(("narrow", "wide"), NARROWER, ids=lambda schema: str(schema)[:60])
def test_narrower_fits_wider_and_not_the_other_way_round(narrow: Json, wide: Json) -> None:
    assert compare(narrow, wide, as_is=True).verdict == "yes"
    draw = Random(0)
    if "nullable" not in str(wide):
        for _ in range(200):
            value = random_value(draw)
            assert validator(wide).is_valid(value) or not validator(narrow).is_valid(value)
    found = compare(wide, narrow, as_is=True)
    assert found.verdict == "no", found
    assert found.witness is not None
    assert "nullable" in str(wide) or validator(wide).is_valid(found.witness[0])
    assert not validator(narrow).is_valid(found.witness[0])
    full = compare(narrow, wide, as_is=True, mode="full")
    assert (full.verdict, full.mode) == ("no", "full")
    assert compare(wide, narrow, as_is=True, mode="forward").verdict == "yes"


AROUND: dict[str, Callable[[Json], Schema]] = {
    "a member": lambda one: thing(m=one),
    "a required member": lambda one: thing("m", m=one),
    "elements": lambda one: {"type": "array", "items": one},
    "a position": lambda one: row(TEXT, one),
    "a map": lambda one: {"type": "object", "additionalProperties": one},
    "an arm": lambda one: {"anyOf": [row(FLAG, FLAG, FLAG), one]},
    "a part": lambda one: {"allOf": [one]},
    "a definition": lambda one: {
        "$defs": {"One": one},
        "type": "object",
        "properties": {"m": {"$ref": "#/$defs/One"}},
    },
    "two levels": lambda one: thing("m", m=thing("n", n=one)),
}
PLAIN = [one for one in NARROWER if "$ref" not in str(one) and "'if'" not in str(one)]


@pytest.mark.unmeasured
@pytest.mark.parametrize("around", AROUND)
def test_so_it_is_inside_of_something_else(around: str) -> None:
    unknown = 0
    for narrow, wide in share(PLAIN, start=list(AROUND).index(around)):
        one, other = AROUND[around](narrow), AROUND[around](wide)
        assert compare(one, other, as_is=True).verdict == "yes", (narrow, wide)
        found = compare(other, one, as_is=True)
        assert found.verdict != "yes" or around == "an arm", (narrow, wide)
        unknown += found.verdict == "unknown"
        if found.witness is not None:
            assert not validator(one).is_valid(found.witness[0])
    assert unknown <= 2


EQUAL: list[tuple[Json, Json]] = [
    ({"type": ["string", "null"]}, {"anyOf": [TEXT, NULL]}),
    ({"const": "a"}, {"enum": ["a"]}),
    (FLAG, {"enum": [True, False]}),
    ({**WHOLE, "minimum": 1}, {**WHOLE, "exclusiveMinimum": 0}),
    ({**WHOLE, "minimum": 0.5, "maximum": 1.5}, {"const": 1}),
    ({**NUMBER, "multipleOf": 1}, WHOLE),
    ({"allOf": [{**WHOLE, "multipleOf": 2}, {"multipleOf": 3}]}, {**WHOLE, "multipleOf": 6}),
    ({**NUMBER, "minimum": 1, "maximum": 1}, {"const": 1}),
    (False, {**WHOLE, "minimum": 2, "maximum": 1}),
    (False, {**TEXT, "minLength": 2, "maxLength": 1}),
    (False, {"type": "array", "minItems": 1, "items": False}),
    (False, {"type": "array", "minItems": 3, "items": FLAG, "uniqueItems": True}),
    (False, thing("a", a=False)),
    (False, {**thing("a", "b"), "maxProperties": 1}),
    (False, {**shut(a=TEXT), "minProperties": 2}),
    (False, {**thing("ab"), "propertyNames": {"maxLength": 1}}),
    (
        False,
        {"$defs": {"Node": thing("next", next={"$ref": "#/$defs/Node"})}, "$ref": "#/$defs/Node"},
    ),
    ({"oneOf": [tagged("a"), tagged("b")]}, {"anyOf": [tagged("b"), tagged("a")]}),
    ({"$defs": {"A": WHOLE}, "items": {"$ref": "#/$defs/A"}}, {"items": WHOLE}),
    ({"$ref": "#/definitions/a~1b", "definitions": {"a/b": WHOLE}}, WHOLE),
    ({"not": {"not": WHOLE}}, WHOLE),
    (
        {"type": "array", "items": [WHOLE], "additionalItems": False},
        {"type": "array", "prefixItems": [WHOLE], "items": False},
    ),
    ({**WHOLE, "minimum": 0, "exclusiveMinimum": True}, {**WHOLE, "minimum": 1}),
    ({**WHOLE, "title": "T", "default": 1, "x-own": {}}, WHOLE),
    ({**TEXT, "pattern": ".*"}, TEXT),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=lambda schema: str(schema)[:60])
def test_the_same_in_other_words(one: Json, other: Json) -> None:
    verdicts = [compare(one, other, as_is=True).verdict, compare(other, one, as_is=True).verdict]
    assert "no" not in verdicts
    if "'not'" not in str(one) and "Node" not in str(other):
        assert verdicts == ["yes", "yes"]


UNKNOWN: list[tuple[Json, Json]] = [
    (WHOLE, {"$ref": "https://example.com/other.json"}),
    (WHOLE, {"$ref": "#/$defs/missing"}),
    (WHOLE, {"$ref": 1}),
    (WHOLE, {"$ref": "#"}),
    (WHOLE, {"allOf": [{"$id": "https://example.com/inner", **WHOLE}]}),
    (WHOLE, {"properties": 1}),
    (thing(a=TEXT), {**thing(a=TEXT), "unevaluatedProperties": False, "required": ["a"]}),
    ({**TEXT, "pattern": "^(?<=b)a"}, {**TEXT, "pattern": "^(?<!b)a"}),
    ({**TEXT, "format": "iri"}, {**TEXT, "format": "uri-template"}),
    (
        {"type": "object", "additionalProperties": False, "patternProperties": {"(?<=a)": WHOLE}},
        {**thing(a=NUMBER), "maxProperties": 9},
    ),
    ({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}, TEXT),
    (WHOLE, {"$schema": "http://json-schema.org/draft-04/schema#", **WHOLE}),
    (WHOLE, {"allOf": [1]}),
    ({"additionalItems": True}, {"additionalItems": False}),
    ({"additionalItems": TEXT}, {"additionalItems": NUMBER}),
    (TEXT, {**TEXT, "then": {"minLength": 1}}),
    (TEXT, {**TEXT, "else": {"minLength": 1}}),
    ({"type": "array"}, {"type": "array", "minContains": 1}),
    (NUMBER, {**NUMBER, "exclusiveMinimum": True}),
    (
        NUMBER,
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "minimum": 1,
            "exclusiveMinimum": True,
        },
    ),
    (NUMBER, {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1}),
    (WHOLE, {"disallow": "string"}),
    (thing(), {**thing(), "dependentSchemas": {"a": TEXT}}),
    (thing(), {**thing(), "not": {"dependentSchemas": {"a": TEXT}, "required": ["a"]}}),
    (thing(), {**thing(), "dependencies": {"a": ["b"]}}),
    (thing(), {"anyOf": [thing("a"), {"not": {"$ref": "#/anyOf/1"}}]}),
    ({"enum": [2]}, {"$schema": "http://json-schema.org/draft-04/schema#", **WHOLE}),
    (
        {"enum": [[{"a": 2}]]},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "not": {"not": {"items": {"properties": {"a": WHOLE}}}},
        },
    ),
    ({"nullable": True, "enum": ["a"]}, {"enum": ["a"]}),
    ({"enum": ["a", None]}, {"nullable": True, "enum": ["a"]}),
    ({"$ref": "#/$defs/A", "nullable": True, "$defs": {"A": TEXT}}, TEXT),
    # only fractions fit, and no double is as exact as that
    ({**NUMBER, "exclusiveMinimum": 10**300, "exclusiveMaximum": 10**300 + 1}, TEXT),
]


@pytest.mark.parametrize(("old", "new"), UNKNOWN, ids=lambda schema: str(schema)[:60])
def test_what_is_not_understood_is_never_a_yes(old: Json, new: Json) -> None:
    found = compare(old, new, as_is=True)
    assert found.verdict != "yes"
    assert found.reason
    if found.witness is not None:
        assert "'required'" in str(new)


# what only refuses more does no harm on the left, and equal needs hold each other whatever they mean
HARMLESS: list[tuple[Json, Json]] = [
    ({**thing(), "dependencies": {"a": ["b"]}}, thing()),
    (
        {**thing(), "dependencies": {"a": TEXT, "b": ["c"]}},
        {**thing(), "dependencies": {"a": TEXT}},
    ),
    ({**TEXT, "then": {"minLength": 1}}, TEXT),
    ({"type": "array", "maxContains": 1}, {"type": "array"}),
    ({**thing(a=TEXT), "unevaluatedProperties": False, "anyOf": [thing(), WHOLE]}, thing(a=TEXT)),
    ({"$schema": "http://json-schema.org/draft-04/schema#", **TEXT, "const": "a"}, TEXT),
    (TEXT, {"nullable": True, **TEXT, "minLength": 0}),
    (
        {"$schema": "http://json-schema.org/draft-04/schema#", **WHOLE, "enum": [2]},
        {"$schema": "http://json-schema.org/draft-04/schema#", **WHOLE},
    ),
    (
        {"$schema": "http://json-schema.org/draft-04/schema#", "enum": [{"a": [2.5]}]},
        {"$schema": "http://json-schema.org/draft-04/schema#", **thing(a={"items": NUMBER})},
    ),
    ({"nullable": True, "enum": ["a"]}, {"enum": ["a", None]}),
]


@pytest.mark.parametrize(("old", "new"), HARMLESS, ids=lambda schema: str(schema)[:60])
def test_what_is_not_understood_may_be_left_out_on_the_left(old: Json, new: Json) -> None:
    assert compare(old, new, as_is=True).verdict == "yes"


def test_a_witness_may_be_null_and_its_place_is_named() -> None:
    found = compare(thing("a", a={"type": ["null", "string"]}), thing("a", a=TEXT), as_is=True)
    assert found.witness == ({"a": None},)
    assert found.path == "/properties/a/type"
    assert compare({"type": ["null", "string"]}, TEXT, as_is=True).witness == (None,)


# old, new, and the verdicts backward and forward under the rule for writers and readers
SIDES: list[tuple[Json, Json, str, str]] = [
    (thing("a", a=TEXT), thing("a", a=TEXT, b=WHOLE), "yes", "yes"),
    (thing("a", a=TEXT), thing("a", "b", a=TEXT, b=WHOLE), "no", "yes"),
    (thing("a", "b", a=TEXT, b=WHOLE), thing("a", a=TEXT), "yes", "no"),
    (thing(a=WHOLE), thing(a=NUMBER), "yes", "no"),
    (thing(a=thing(b=TEXT)), thing(a=thing(b=TEXT, c=WHOLE)), "yes", "yes"),
    (shut(a=TEXT), shut(b=TEXT), "yes", "yes"),
    (
        {"type": "object", "additionalProperties": WHOLE},
        {"type": "object", "additionalProperties": NUMBER},
        "yes",
        "no",
    ),
    (
        {"anyOf": [tagged("a"), tagged("b")]},
        {"anyOf": [tagged("a", x=WHOLE), tagged("b")]},
        "yes",
        "yes",
    ),
    ({"anyOf": [tagged("a")]}, {"anyOf": [tagged("a"), tagged("b")]}, "yes", "no"),
    (
        {"allOf": [thing(a=TEXT), thing(b=TEXT)]},
        {"allOf": [thing(a=TEXT), thing(b=TEXT, c=TEXT)]},
        "yes",
        "yes",
    ),
    (
        {"allOf": [thing(a=TEXT), thing(b=TEXT)]},
        {"allOf": [thing(a=TEXT), thing(b=WHOLE)]},
        "no",
        "no",
    ),
    (True, False, "no", "yes"),
    (
        {
            "$defs": {"A": thing("a", a=TEXT)},
            "allOf": [{"$ref": "#/$defs/A"}],
            "properties": {"b": WHOLE},
        },
        {
            "$defs": {"A": thing("a", a=TEXT)},
            "allOf": [{"$ref": "#/$defs/A"}],
            "properties": {"b": WHOLE, "c": TEXT},
        },
        "yes",
        "yes",
    ),
    (
        {"allOf": [{"$ref": "#/x"}], "x": thing(a=TEXT)},
        {**thing(a=TEXT), "required": ["b"]},
        "unknown",
        "yes",
    ),
    ({"allOf": [{"additionalProperties": WHOLE}]}, thing(q=TEXT), "no", "no"),
    (
        {"allOf": [{"not": TEXT}, thing()], "dependentSchemas": {"a": thing(b=TEXT)}},
        thing(b=WHOLE),
        "no",
        "yes",
    ),
    ({"allOf": [thing()], "dependentSchemas": {"a": thing(b=TEXT)}}, thing(c=WHOLE), "yes", "yes"),
    (
        {"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}, "$ref": "#/$defs/A"},
        {"$defs": 1, **WHOLE},
        "unknown",
        "unknown",
    ),
    ({"allOf": [{"properties": 1}]}, WHOLE, "unknown", "unknown"),
    ({"allOf": [True, thing(a=TEXT)]}, thing(a=TEXT, b=WHOLE), "no", "yes"),
]


@pytest.mark.parametrize(
    ("old", "new", "backward", "forward"), SIDES, ids=lambda one: str(one)[:60]
)
def test_members_may_come_and_go_between_writers_and_readers(
    old: Json, new: Json, backward: str, forward: str
) -> None:
    assert (compare(old, new).verdict, compare(old, new, mode="forward").verdict) == (
        backward,
        forward,
    )


def test_what_grows_too_large_is_not_understood() -> None:
    arms: Json = [{**WHOLE, "multipleOf": number + 2} for number in range(20)]
    large: Json = {"allOf": [{"anyOf": arms}, {"anyOf": arms}]}
    assert compare(WHOLE, large, as_is=True).verdict == "no"
    assert compare({**WHOLE, "multipleOf": 2}, large, as_is=True).verdict == "unknown"
    assert compare(large, WHOLE, as_is=True).verdict == "yes"


def test_patterns_of_two_parts_are_not_put_together() -> None:
    both: Json = {
        "type": "object",
        "allOf": [{"patternProperties": {"^a": WHOLE}}, {"patternProperties": {"^b": TEXT}}],
    }
    assert compare(both, {"type": "object"}, as_is=True).verdict == "yes"
    assert (
        compare({"type": "object", "additionalProperties": WHOLE}, both, as_is=True).verdict == "no"
    )


def test_deep_schemas_end_as_unknown() -> None:
    deep: Json = WHOLE
    for _ in range(900):
        deep = {"items": deep}
    found = compare(deep, {"items": deep})
    assert (found.verdict, found.reason) == ("unknown", "The schemas are nested too deeply.")


def test_a_gap_between_two_ranges_is_found() -> None:
    ranges: Json = {
        "anyOf": [{**WHOLE, "maximum": -5}, {**WHOLE, "maximum": 50}, {**WHOLE, "minimum": 60}]
    }
    found = compare({**WHOLE, "minimum": 0, "maximum": 100}, ranges, as_is=True)
    assert found.verdict == "no"
    assert found.witness is not None
    assert found.witness[0] in range(51, 60)


NAMED: Schema = {"$defs": {"T": TEXT, "W": WHOLE}}
TO_TEXT: Schema = {**NAMED, "$ref": "#/$defs/T"}
SHORT: Schema = {**TO_TEXT, "maxLength": 3}
DRAFTS = {
    "none": None,
    "4": "http://json-schema.org/draft-04/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2020": "https://json-schema.org/draft/2020-12/schema",
}
# old, new, and the verdicts without a draft, in draft 7, and in draft 2020-12
BESIDE: list[tuple[Schema, Schema, str, str, str]] = [
    (SHORT, {**TEXT, "maxLength": 3}, "unknown", "no", "yes"),
    (SHORT, {**TEXT, "maxLength": 2}, "no", "no", "no"),
    (TEXT, SHORT, "unknown", "yes", "no"),
    (SHORT, TO_TEXT, "yes", "yes", "yes"),
    (SHORT, {**TO_TEXT, "maxLength": 2}, "unknown", "yes", "no"),
    (SHORT, {**SHORT, "title": "T"}, "yes", "yes", "yes"),
    ({**TO_TEXT, "title": "T"}, TEXT, "yes", "yes", "yes"),
    (SHORT, {**NAMED, "$ref": "#/$defs/W", "maxLength": 3}, "no", "no", "no"),
]


@pytest.mark.parametrize(("old", "new", "none", "seven", "latest"), BESIDE, ids=str)
def test_what_stands_beside_a_reference_counts_where_the_draft_says_so(
    old: Schema, new: Schema, none: str, seven: str, latest: str
) -> None:
    for draft, verdict in (("none", none), ("7", seven), ("2020", latest)):
        named: Schema = {"$schema": DRAFTS[draft]} if DRAFTS[draft] else {}
        found = compare({**named, **old}, {**named, **new}, as_is=True)
        assert found.verdict == verdict, draft
        if found.verdict == "unknown":
            assert "Name the draft in $schema." in found.reason
        if found.witness is not None:  # it counts in every reading
            for known in DRAFTS if draft == "none" else (draft,):
                if DRAFTS[known]:
                    one, other = ({**schema, "$schema": DRAFTS[known]} for schema in (old, new))
                    assert validator(one).is_valid(found.witness[0])
                    assert not validator(other).is_valid(found.witness[0])


def test_a_counter_example_counts_in_every_reading() -> None:
    old: Schema = {**NAMED, "anyOf": [{"$ref": "#/$defs/W", "minimum": 1, "maximum": 1}, NULL]}
    new: Schema = {"type": ["null", "integer"], "minimum": 2}
    found = compare(old, new, as_is=True)
    assert found.witness == (1,)
    apart: Schema = {"anyOf": [{"const": "a"}, {**TO_TEXT, "const": "b"}]}
    assert compare(apart, {"enum": ["a", "b"]}, as_is=True).verdict == "unknown"
