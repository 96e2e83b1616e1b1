"""The independent judge of the tests, jsonschema-rs, and random schemas and values to ask it about."""

from collections.abc import Callable
from random import Random
from typing import Any, Protocol, cast

import jsonschema_rs

from oort.rules.inclusion.documents import Json


class Validator(Protocol):
    """What is asked of a validator."""

    def is_valid(self, instance: object) -> bool:
        """Whether the document is valid."""


def validator(schema: Json) -> Validator:
    """Another implementation of JSON Schema, formats included."""
    return cast(Validator, jsonschema_rs.validator_for(cast(dict[str, Any], schema), validate_formats=True))


def random_value(draw: Random, depth: int = 2) -> Json:
    """A small value, near the bounds that random schemas have."""
    simple: list[Json] = [None, True, False, 0, 1, 2, 3, 4, 6, -1, 0.5, 2.5, 2.0, "", "a", "b", "ab", "abc", "b1", "éé"]
    if depth == 0 or draw.random() < 0.5:
        return draw.choice(simple)
    if draw.random() < 0.4:
        return [random_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {draw.choice("kpqz"): random_value(draw, depth - 1) for _ in range(draw.randrange(4))}


def random_schema(draw: Random, depth: int = 2) -> Json:
    """A schema of the keywords that are supported."""
    kinds: list[Callable[[Random, int], Json]] = [_number, _string, _string, _number, _finite]
    if depth:
        kinds += [_object, _object, _object, _array, _array, _combined, _nullable, _tagged]
    return draw.choice(kinds)(draw, depth)


def changed(schema: Json, draw: Random) -> Json:
    """The schema with one thing in it another, as a later version of it may be."""
    if isinstance(schema, list):
        at = draw.randrange(len(schema)) if schema else -1
        return [changed(one, draw) if number == at else one for number, one in enumerate(schema)]
    if not isinstance(schema, dict) or not schema:
        return schema
    word = draw.choice(sorted(schema))
    value = schema[word]
    if isinstance(value, dict | list) and word not in ("enum", "required", "type") and draw.random() < 0.85:
        return {**schema, word: changed(value, draw)}
    if isinstance(value, int) and not isinstance(value, bool) and draw.random() < 0.7:
        return {**schema, word: max(value + draw.choice((-1, 1)), 1 if word == "multipleOf" else 0)}
    if isinstance(value, list) and word in ("enum", "required") and len(value) > 1:
        return {**schema, word: value[1:]}
    return {name: one for name, one in schema.items() if name != word}


def _some(draw: Random, **words: Json) -> dict[str, Json]:
    return {word: value for word, value in words.items() if draw.random() < 0.4}


def _number(draw: Random, _depth: int) -> Json:
    words = _some(
        draw,
        minimum=draw.randrange(-1, 4),
        maximum=draw.randrange(1, 6),
        exclusiveMinimum=draw.choice((0, 1, 0.5)),
        exclusiveMaximum=draw.choice((3, 4.5)),
        multipleOf=draw.choice((1, 2, 3, 0.5)),
    )
    return {"type": draw.choice(("integer", "number")), **words}


def _string(draw: Random, _depth: int) -> Json:
    pattern = draw.choice(("^a", "^ab", "^ab+$", "^[a-z][0-9]*$", "b$", "^(?:a|b)$"))
    return {
        "type": "string",
        **_some(draw, minLength=draw.randrange(3), maxLength=draw.randrange(1, 4), pattern=pattern),
    }


def _finite(draw: Random, _depth: int) -> Json:
    values: list[Json] = draw.sample(cast(list[Json], ["a", "b", "ab", 1, 2, None, True]), draw.randrange(1, 4))
    options: list[Json] = [{"enum": values}, {"const": values[0]}, {"type": ["string", "null"]}, {"type": "boolean"}]
    return draw.choice(options)


def _object(draw: Random, depth: int) -> Json:
    names = draw.sample("kpq", draw.randrange(4))
    inner = random_schema(draw, depth - 1)
    words = _some(
        draw,
        required=cast(Json, draw.sample(names, draw.randrange(len(names) + 1))),
        additionalProperties=draw.choice([False, False, inner]),
    )
    if draw.random() < 0.2:
        words |= _some(draw, minProperties=1, maxProperties=2, propertyNames={"pattern": "^[a-q]$"})
    return {"type": "object", "properties": {name: random_schema(draw, depth - 1) for name in names}, **words}


def _array(draw: Random, depth: int) -> Json:
    inner, first = random_schema(draw, depth - 1), random_schema(draw, depth - 1)
    words = _some(draw, items=inner, minItems=draw.randrange(3), maxItems=draw.randrange(1, 4), uniqueItems=True)
    return {"type": "array", **words, **({"prefixItems": [first]} if draw.random() < 0.3 else {})}


def _combined(draw: Random, depth: int) -> Json:
    arms: list[Json] = [random_schema(draw, depth - 1) for _ in range(2)]
    options: list[Json] = [{"anyOf": arms}, {"oneOf": arms}, {"allOf": arms}, {"allOf": arms[:1], "not": arms[1]}]
    return draw.choice(options)


def _nullable(draw: Random, depth: int) -> Json:
    return {"anyOf": [random_schema(draw, depth - 1), {"type": "null"}]}


def _tagged(draw: Random, depth: int) -> Json:
    arms: list[Json] = [
        {
            "type": "object",
            "properties": {"k": {"const": tag}, "p": random_schema(draw, depth - 1)},
            "required": ["k"],
        }
        for tag in draw.sample("abc", 2)
    ]
    return {draw.choice(("anyOf", "oneOf")): arms}
