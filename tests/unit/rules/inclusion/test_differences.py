"""Schemas like those of real tools, with hundreds of definitions: each verdict comes in time, and changes are shown."""

import contextlib
from collections.abc import Callable
from typing import cast

import pytest

from oort.rules.inclusion import compare
from oort.rules.inclusion.differences import Follower
from oort.rules.inclusion.documents import Document, Json, Spent, Subschema, Work
from oort.rules.inclusion.include import Prover
from tests.repeats import share, times
from tests.unit.rules.inclusion.test_verdicts import NULL, TEXT, WHOLE, Schema, thing
from tests.unit.rules.inclusion.validators import validator

COUNT = times(150, least=32)


def workflow() -> Schema:
    """Jobs of steps, each with its own settings, that refer to each other."""
    definitions: Schema = {}
    for number in range(COUNT):
        following: Json = {"$ref": f"#/definitions/step{(number * 7 + 1) % COUNT}"}
        definitions[f"step{number}"] = {
            "type": "object",
            "description": f"Step {number}",
            "properties": {
                "run": {"oneOf": [TEXT, {"type": "array", "items": TEXT}]},
                "with": {
                    "type": "object",
                    "patternProperties": {"^in-": {"anyOf": [TEXT, WHOLE, NULL]}},
                    "additionalProperties": False,
                },
                "next": {"anyOf": [following, NULL]},
                "settings": thing("a", a={"enum": ["x", "y", number]}, b=TEXT, c=WHOLE),
            },
            "required": ["run", "settings"],
            "additionalProperties": False,
        }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {f"job{n}": {"$ref": f"#/definitions/step{n}"} for n in range(COUNT)},
        "required": ["job3"],
        "definitions": definitions,
    }


def changed(change: Callable[[Schema], object]) -> Schema:
    """The workflow with a change in the definition `step30`, which is deep inside."""
    new = workflow()
    change(cast(Schema, cast(Schema, new["definitions"])["step30"]))
    return new


def properties(step: Schema) -> Schema:
    return cast(Schema, step["properties"])


CHANGES: list[Callable[[Schema], object]] = [
    lambda step: properties(step).update(run=TEXT),
    lambda step: properties(step).pop("with"),
    lambda step: step.update(required=["run", "settings", "next"]),
    lambda step: properties(step).update(settings=thing("a", "b", a={"enum": ["x", "y", 30]})),
    lambda step: properties(step).update(next={"$ref": "#/definitions/step1"}),
    lambda step: properties(step).update({"with": {"type": "object", "maxProperties": 1}}),
]


@pytest.mark.unmeasured
@pytest.mark.parametrize("change", share(CHANGES, start=0))
def test_a_change_deep_inside_is_shown(change: Callable[[Schema], object]) -> None:
    old, new = workflow(), changed(change)
    found = compare(old, new, as_is=True)
    assert found.verdict == "no"
    assert found.witness is not None
    assert validator(old).is_valid(found.witness[0])
    assert not validator(new).is_valid(found.witness[0])
    wider = compare(old, {"anyOf": [old, new]}, as_is=True)
    assert wider.verdict != "no"


def test_what_is_wider_is_proven() -> None:
    wider = changed(lambda step: properties(step).update(run=True, more=TEXT))
    assert compare(workflow(), wider, as_is=True).verdict == "yes"


def test_a_changed_description_is_the_same() -> None:
    noted = changed(lambda step: step.update(description="new", default={"run": ""}))
    assert compare(workflow(), noted, as_is=True).reason == "The two schemas are the same."


def test_a_verdict_on_too_large_schemas_ends() -> None:
    """Each arm differs a little from each other, so that only a search through all of them would help."""

    def arms(shift: int) -> Json:
        return [
            {"not": {**thing(*map(str, range(n, n + 9))), "minProperties": n + shift}}
            for n in range(60)
        ]

    found = compare({"oneOf": arms(0)}, {"oneOf": arms(1), "$comment": "a"}, as_is=True)
    assert found.verdict == "unknown"
    assert found.reason.endswith("The schemas are too large to try everything.")


@pytest.mark.parametrize("steps", range(5, 200, 5))
def test_a_proof_that_stops_leaves_no_assumptions(steps: int) -> None:
    inner: Schema = {"B": thing(b={"$ref": "#/$defs/A"}, c={"anyOf": [TEXT, NULL]})}
    chain: Schema = {**inner, "A": thing(a={"$ref": "#/$defs/B"}, c=TEXT, d={"$ref": "#/$defs/B"})}
    work = Work(left=steps)
    one, other = (
        frozenset({Subschema(Document({"$defs": chain, "$ref": "#/$defs/A"}, work=work))})
        for _ in range(2)
    )
    prover = Prover()
    with contextlib.suppress(Spent):
        prover.includes(one, other)
    prover.interrupt()
    work.left = 1000
    assert prover.includes(one, other)


SEVERAL: Schema = {"type": "array", "uniqueItems": True, "minItems": 2, "maxItems": 2}
NAMED: Schema = {
    "type": "object",
    "propertyNames": {"anyOf": [{**TEXT, "format": "module-name"}, {"const": "*"}]},
    "additionalProperties": False,
}
NODES: Schema = {"type": "array", "items": {"$ref": "#/$defs/A"}}
SHOWN: list[tuple[Json, Json]] = [
    # an option of a choice, and a combination of members that no option accepts
    ({"anyOf": [thing("a", a=TEXT), WHOLE]}, {"anyOf": [thing("a", a=WHOLE), WHOLE]}),
    (
        thing("a", "b", a={"type": ["string", "null"]}, b={"type": ["integer", "null"]}),
        {"anyOf": [thing(a=TEXT), thing(b=WHOLE)]},
    ),
    ({"type": "array", "minItems": 2, "items": TEXT}, {"type": "array", "items": WHOLE}),
    ({"type": "array", "uniqueItems": True, "minItems": 1}, {"type": "array", "items": WHOLE}),
    ({"type": "object", "minProperties": 3}, {"type": "object", "propertyNames": {"maxLength": 1}}),
    ({**thing("a", a=WHOLE), "minProperties": 2}, {"type": "object", "maxProperties": 1}),
    (thing(a=TEXT, b=WHOLE), {"not": thing("a")}),
    ({"not": {"const": 1}}, {"not": {"enum": [1, 2]}}),
    ({**thing(a=TEXT), "not": thing("b")}, {**thing(a=TEXT), "not": thing("a")}),
    ({"oneOf": [TEXT, {"minLength": 2}]}, {"oneOf": [TEXT, {"minLength": 1}]}),
    ({"type": ["null", "object"]}, {"type": "object"}),
    (thing(a=TEXT), WHOLE),
    # elements that must differ, also where they have the same schema
    (
        {**SEVERAL, "items": {"anyOf": [{"enum": ["x", "y"]}, thing(a={"enum": [1, 2]})]}},
        {**SEVERAL, "items": {"anyOf": [{"enum": ["x", "y"]}, thing(a={"const": 1})]}},
    ),
    # a name that only the schema of names lists
    (
        {**NAMED, "patternProperties": {"^.*$": TEXT}},
        {**NAMED, "patternProperties": {"^.*$": WHOLE}},
    ),
    # a way through references that stand in a value of themselves
    (
        {"$defs": {"A": {"anyOf": [TEXT, NODES, thing(b=TEXT)]}}, **NODES},
        {"$defs": {"A": {"anyOf": [TEXT, NODES, thing(b=WHOLE)]}}, **NODES},
    ),
]


@pytest.mark.parametrize(("old", "new"), SHOWN, ids=str)
def test_differences_are_followed(old: Json, new: Json) -> None:
    one, other = (frozenset({Subschema(Document(schema))}) for schema in (old, new))
    found = Follower(Prover()).witness(one, other)
    assert found is not None
    assert validator(old).is_valid(found[0])
    assert not validator(new).is_valid(found[0])


def test_there_is_no_small_value_of_what_is_empty_or_endless() -> None:
    endless: Schema = {"$defs": {"A": thing("a", a={"$ref": "#/$defs/A"})}, "$ref": "#/$defs/A"}
    many: Schema = {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"const": 1}}
    listed: Schema = {"type": "array", "minItems": 1, "items": False}
    unsure: Schema = {**many, "items": {**TEXT, "format": "uuid"}}  # a single text is certain
    for schema in (False, endless, many, listed, unsure):
        assert Follower(Prover()).smallest(frozenset({Subschema(Document(schema))})) is None
