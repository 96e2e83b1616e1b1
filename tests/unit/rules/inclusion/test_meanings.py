"""What cannot matter to a verdict does not matter: annotations, unknown keywords and the order of sets."""

from collections.abc import Callable

import pytest

from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Json, Steps
from oort.rules.inclusion.meanings import shared
from tests.unit.rules.inclusion.test_verdicts import TEXT, WHOLE, Schema, thing

SAME = "The two schemas are the same."
NOTES: Schema = {
    "title": "T",
    "description": "D",
    "default": {"id": "x"},
    "examples": [1],
    "example": 2,
    "$comment": "C",
    "deprecated": True,
    "readOnly": True,
    "writeOnly": True,
    "x-own": {"a": 1},
}
# Oort does not understand these, so that only equality can answer
UNREADABLE: list[Schema] = [
    {"$ref": "https://example.com/other.json"},
    {"$dynamicRef": "#node"},
    {"allOf": [thing(a=TEXT)], "unevaluatedProperties": False},
    {"not": {"not": {"dependencies": {"a": {"required": ["b"]}}}}},
]


def around(inner: Json, **words: Json) -> Schema:
    return {
        "$defs": {"Used": inner, "description": WHOLE},
        "properties": {
            "a": {"$ref": "#/$defs/Used"},
            "description": {"$ref": "#/$defs/description"},
        },
        "patternProperties": {"^x": {"items": [inner]}},
        **words,
    }


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=str)
@pytest.mark.parametrize("note", NOTES)
def test_a_note_never_matters(unreadable: Schema, note: str) -> None:
    noted = {**unreadable, note: NOTES[note]}
    changed = {**unreadable, note: "another"}
    for one, other in ((unreadable, noted), (noted, changed), (changed, unreadable)):
        assert compare(around(one), around(other, **NOTES), as_is=True).reason == SAME


def numbers(one: Json, other: Json) -> tuple[dict[Steps, int], dict[Steps, int]]:
    contents = shared(one, other)
    assert contents is not None
    return contents[0].numbers, contents[1].numbers


def test_members_and_values_named_like_notes_matter() -> None:
    for name in NOTES:
        pairs: list[tuple[Json, Json]] = [
            (thing(**{name: TEXT}), thing(**{name: WHOLE})),
            (thing("a", a={"enum": [{name: 1}]}), thing("a", a={"enum": [{name: 2}]})),
            ({"const": {name: 1}}, {"const": {name: 2}}),
            (thing(a={"$defs": {name: TEXT}}), thing(a={"$defs": {name: WHOLE}})),
        ]
        assert all(shared(one, other) for one, other in pairs)


def test_what_a_reference_leads_to_matters_wherever_it_is() -> None:
    for place in ("x-types", "default", "examples"):
        referring: Schema = {"$ref": f"#/{place}/a~1b"}
        one: Schema = {**referring, place: {"a/b": TEXT, "c": 1}}
        assert (
            compare(one, {**referring, place: {"a/b": WHOLE, "c": 1}}, as_is=True).verdict == "no"
        )
        noted: Schema = {**TEXT, "title": "T"}
        assert compare(one, {**referring, place: {"a/b": noted, "c": 1}}).reason == SAME
    listed: Schema = {"$ref": "#/x/1", "x": [0, TEXT]}
    assert compare(listed, {**listed, "x": [0, {**TEXT, "title": "T"}]}).reason == SAME
    assert compare(listed, {**listed, "x": [0, WHOLE]}, as_is=True).verdict == "no"


def test_a_named_part_matters_inside_unknown_keywords() -> None:
    named: Schema = {"$ref": "part", "x-parts": [{"$id": "part", **TEXT}]}
    assert shared(named, {**named, "x-parts": [{"$id": "part", **WHOLE}]})
    assert shared(named, {**named, "description": "D"}) is None
    pointed: Schema = {**named, "$ref": "#/description/a", "not": {"$id": "b"}}
    assert shared({**pointed, "title": 1}, {**pointed, "title": 2}) is None
    assert shared({**pointed, "description": 1}, {**pointed, "description": 2})


def test_the_order_of_sets_does_not_matter() -> None:
    one: Schema = {**thing("a", "b"), "enum": [1, "a"], "type": ["object", "null"], **UNREADABLE[0]}
    other: Schema = {**thing("b", "a"), "enum": ["a", 1], "type": ["null", "object"]}
    assert compare(one, {**other, **UNREADABLE[0]}, as_is=True).reason == SAME


@pytest.mark.parametrize("unreadable", [UNREADABLE[0], UNREADABLE[2]], ids=str)
def test_equal_parts_are_proven_although_they_are_not_understood(unreadable: Schema) -> None:
    noted = {**unreadable, **NOTES}
    places: list[Callable[[Json], Schema]] = [
        lambda part: {"anyOf": [part, WHOLE]},
        lambda part: {"anyOf": [{"allOf": [part, {"minProperties": 1}]}, WHOLE]},
        lambda part: {"not": {"not": {"items": part}}, "maxItems": 2},
    ]
    for inside in places:
        narrow = inside(unreadable)
        assert compare(narrow, inside({"allOf": [noted]}), as_is=True).verdict == "yes"
        wider: Schema = {"anyOf": [inside(noted), {"const": "more"}]}
        assert compare(narrow, wider, as_is=True).verdict == "yes"
    wide, narrow = around(unreadable), around(noted, required=["a"])
    assert compare(narrow, wide, as_is=True).verdict == "yes"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the same text, another meaning
        ({"$defs": {"A": TEXT}}, {"$defs": {"A": WHOLE}}),
        ({"$id": "https://a.example/"}, {"$id": "https://b.example/"}),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#"},
            {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        ),
        ({"$defs": {"B": {"$id": "b"}}}, {"$defs": {"B": {"$id": "c"}}}),
    ],
)
def test_equal_text_with_another_meaning_is_not_the_same(one: Schema, other: Schema) -> None:
    for reference in ("other.json", "https://a.example/#/$defs/A", "#/$defs/A", "#"):
        part: Schema = {"properties": {"a": {"$ref": reference}}, "title": "T"}
        mine, theirs = numbers({**part, **one}, {**part, **other})
        steps = ("properties", "a")
        absolute = reference.startswith("https") and one == {"$defs": {"A": TEXT}}
        assert absolute is (steps in mine and mine[steps] == theirs.get(steps))


def test_a_reference_to_a_changed_schema_is_not_the_same() -> None:
    chain: Schema = {"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"items": {"$ref": "#/$defs/C"}}}
    circle: Schema = {"$ref": "#/$defs/D"}
    mine, theirs = numbers(
        {"$defs": {**chain, "C": TEXT, "D": circle}}, {"$defs": {**chain, "C": WHOLE, "D": circle}}
    )
    equal = {steps for steps, number in mine.items() if theirs.get(steps) == number}
    assert equal == {("$defs", "D")}


def test_distances_lead_to_the_nearest_change() -> None:
    def schema(inner: Json) -> Schema:
        return {
            "$defs": {"A": thing(b={"$ref": "#/$defs/B"}), "B": {"items": inner}, "C": TEXT},
            "properties": {"a": {"$ref": "#/$defs/A"}, "c": {"$ref": "#/$defs/C"}, "d": inner},
            "items": {"$ref": "https://example.com/"},
        }

    contents = shared(schema(TEXT), schema(WHOLE))
    assert contents is not None
    for content in contents:
        assert content.distances == {
            (): 1,
            ("properties", "d"): 0,
            ("properties", "a"): 4,
            ("$defs", "A"): 3,
            ("$defs", "A", "properties", "b"): 2,
            ("$defs", "B"): 1,
            ("$defs", "B", "items"): 0,
        }
