"""Schemas of equal form are compared part by part, so that a change inside a wide choice is judged."""

from random import Random

import pytest

from oort.rules.inclusion import compare, meanings
from oort.rules.inclusion.counterparts import parts
from oort.rules.inclusion.documents import Document, Json, Subschema
from oort.rules.inclusion.include import Prover
from tests.unit.rules.inclusion.test_verdicts import FLAG, NUMBER, TEXT, WHOLE, Schema, shut, thing
from tests.unit.rules.inclusion.validators import random_value, validator

DRAFT: Schema = {"$schema": "http://json-schema.org/draft-07/schema#"}
FORMS = ("call", "run", "wait", "stop", "spawn", "skip")
MORE: Schema = dict.fromkeys(("dir", "user", "shell", "note", "log", "with"), TEXT)
POSITIVE: Schema = {"minimum": 0}
SHORT: Schema = {**TEXT, "maxLength": 2}


def steps(name: Json) -> Schema:
    """Jobs in two forms, with steps of which each has one of six members."""
    members: Schema = {"name": name, **dict.fromkeys(FORMS, TEXT), **MORE}
    step = shut(**members, inner={"type": "array", "items": {"$ref": "#/definitions/step"}})
    step |= {"oneOf": [{"required": [form]} for form in FORMS]}
    step |= {"dependencies": {"dir": ["run"], "shell": ["run"]}}
    job = shut("steps", steps={"type": "array", "items": {"$ref": "#/definitions/step"}}, of=TEXT)
    other = shut("uses", uses=TEXT, of=TEXT)
    jobs: Schema = {"type": "object", "additionalProperties": {"oneOf": [job, other]}}
    return {**DRAFT, "definitions": {"step": step}, **thing("jobs", jobs=jobs, of=TEXT)}


def tasks(*required: str, where: Json = TEXT) -> Schema:
    """Tasks of several closed forms, and of an open form without their members."""
    named: list[Json] = [
        {
            **shut(form, **{form: TEXT}, use=FLAG, out=TEXT, where=TEXT, env=MORE_OF_THESE),
            "if": thing("use", use={"const": True}),
            "then": {"properties": {"out": False}},
        }
        for form in FORMS
    ]
    many: Schema = {"type": "array", "items": {"$ref": "#/definitions/task"}}
    several = shut(*required, each=many, use=FLAG, out=TEXT, where=where, env=MORE_OF_THESE)
    rest = thing(**dict.fromkeys((*FORMS, "each", "also"), False))
    task: Schema = {"oneOf": [TEXT, many, *named, several, rest]}
    definitions: Schema = {"task": task}
    return {**DRAFT, "definitions": definitions, **thing(all={"$ref": "#/definitions/task"})}


MORE_OF_THESE: Schema = {"type": "object", "additionalProperties": {"anyOf": [TEXT, shut(a=TEXT)]}}
WIDE: dict[str, tuple[Json, Json]] = {
    "a member of a step": (steps(TEXT), steps({"type": ["string", "null"]})),
    "a member of a task": (tasks("each", where=SHORT), tasks("each")),
    "a name that the other form lacks": (tasks(), tasks("each")),
}


@pytest.mark.parametrize("change", WIDE)
def test_a_wider_part_of_a_wide_choice_is_proven(change: str) -> None:
    assert compare(*WIDE[change], as_is=True).verdict == "yes"


@pytest.mark.parametrize("change", WIDE)
def test_a_narrower_part_of_a_wide_choice_is_shown(change: str) -> None:
    new, old = WIDE[change]
    found = compare(old, new, as_is=True)
    assert found.verdict == "no"
    assert found.witness is not None
    assert validator(old).is_valid(found.witness[0])
    assert not validator(new).is_valid(found.witness[0])


LOOSER: dict[str, tuple[Schema, Schema]] = {
    "all": ({"allOf": [WHOLE, POSITIVE]}, {"allOf": [NUMBER]}),
    "any": ({"anyOf": [WHOLE, TEXT]}, {"anyOf": [TEXT, NUMBER, FLAG]}),
    "one": ({"oneOf": [WHOLE, TEXT]}, {"oneOf": [TEXT, NUMBER, FLAG]}),
    "one that the others leave": (
        {"oneOf": [{**WHOLE, "maximum": 9}, {**WHOLE, "maximum": 3}]},
        {"oneOf": [{**WHOLE, "minimum": 4, "maximum": 9}, {**WHOLE, "maximum": 3}]},
    ),
    "one with more of what no other has": (
        {"oneOf": [shut("a", a=WHOLE), thing("a", "b")]},
        {"oneOf": [shut("a", a=NUMBER), thing("a", "b")]},
    ),
    "not": ({"not": NUMBER}, {"not": WHOLE}),
    "a case": ({"if": TEXT, "then": SHORT}, {"if": SHORT, "then": TEXT}),
    "another case": ({"if": SHORT, "else": WHOLE}, {"if": TEXT, "else": NUMBER}),
    "a reference": (
        {"$defs": {"A": WHOLE}, "$ref": "#/$defs/A"},
        {"$defs": {"A": NUMBER}, "$ref": "#/$defs/A"},
    ),
    "a need": (
        {**thing(), "dependentSchemas": {"a": thing("b", b=TEXT), "c": thing("d")}},
        {**thing(), "dependentSchemas": {"a": thing(b=TEXT), "c": thing("d")}},
    ),
}
TIGHTER: dict[str, tuple[Schema, Schema]] = {
    "all, with more": ({"allOf": [WHOLE]}, {"allOf": [WHOLE, POSITIVE]}),
    "any, with fewer": ({"anyOf": [WHOLE, TEXT]}, {"anyOf": [WHOLE]}),
    "one, with fewer": ({"oneOf": [WHOLE, TEXT]}, {"oneOf": [WHOLE]}),
    "one that grows into another": (
        {"oneOf": [SHORT, {"minLength": 4}]},
        {"oneOf": [TEXT, {"minLength": 4}]},
    ),
    "one more that others have": ({"oneOf": [SHORT, WHOLE]}, {"oneOf": [SHORT, WHOLE, TEXT]}),
    "a wider condition": ({"if": SHORT, "then": POSITIVE}, {"if": TEXT, "then": SHORT}),
    "a case more": ({"if": TEXT, "then": TEXT}, {"if": TEXT, "else": WHOLE}),
    "a word more": (thing("a"), {**thing("a"), "anyOf": [thing("b"), thing("c")]}),
    "a need more": (thing(), {**thing(), "dependentRequired": {"a": ["b"]}}),
    "nowhere": ({"anyOf": [TEXT]}, {"$ref": "https://example.com/"}),
}


def proven(left: Schema, right: Schema) -> bool:
    """Whether each part on its own is included."""
    contents = meanings.shared(left, right)
    assert contents is not None
    one, other = (
        Subschema(Document(schema, meanings=content.numbers))
        for schema, content in zip((left, right), contents, strict=True)
    )
    return all(
        any(Prover().includes(*pair) for pair in alternatives) for alternatives in parts(one, other)
    )


@pytest.mark.parametrize("change", LOOSER)
def test_parts_that_are_included_are_enough(change: str) -> None:
    left, right = LOOSER[change]
    assert proven(left, right)
    draw = Random(0)
    for value in (random_value(draw) for _ in range(200)):
        assert validator(right).is_valid(value) or not validator(left).is_valid(value)


@pytest.mark.parametrize("change", TIGHTER)
def test_a_part_without_a_wider_counterpart_is_not_proven(change: str) -> None:
    assert not proven(*TIGHTER[change])
    assert compare(*TIGHTER[change], as_is=True).verdict != "yes"


@pytest.mark.parametrize("nullable", [(True, False), (False, True)])
def test_where_null_is_in_doubt_no_part_is_compared(nullable: tuple[bool, bool]) -> None:
    words: Schema = {"enum": ["a"], "anyOf": [TEXT]}
    left, right = ({**words, "nullable": flag} for flag in nullable)
    assert not proven(left, right)
