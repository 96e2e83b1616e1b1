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
    return cast(
        Validator, jsonschema_rs.validator_for(cast(dict[str, Any], schema), validate_formats=True)
    )


def random_value(draw: Random, depth: int = 2) -> Json:
    """A small value, near the bounds that random schemas have."""
    simple: list[Json] = [
        None,
        True,
        False,
        0,
        1,
        2,
        3,
        4,
        6,
        -1,
        0.5,
        2.5,
        2.0,
        "",
        "a",
        "b",
        "ab",
        "abc",
        "b1",
        "éé",
    ]
    simple += ["\n", [], {}]
    if depth == 0 or draw.random() < 0.5:
        return draw.choice(simple)
    if draw.random() < 0.4:
        return [random_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {
        draw.choice(("k", "p", "q", "z", "kk")): random_value(draw, depth - 1)
        for _ in range(draw.randrange(4))
    }


class Rich(Random):
    """A source for schemas with every keyword that is supported, and not only with those that other tests need."""


def random_schema(draw: Random, depth: int = 2) -> Json:
    """A schema of the keywords that are used most; a rich source gives the others too."""
    kinds: list[Callable[[Random, int], Json]] = [_number, _string, _string, _number, _finite]
    if depth:
        kinds += [_object, _object, _object, _array, _array, _combined, _nullable, _tagged]
    if depth and isinstance(draw, Rich):
        kinds += [
            _combined,
            _excluding,
            _excluding,
            _conditional,
            _dependent,
            _containing,
            _tuples,
            _named,
            _matching,
        ]
    return draw.choice(kinds)(draw, depth)


def older(schema: Json) -> Json:
    """The schema in the words of draft 4, as far as it has any; what has none is left out."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        **cast(dict[str, Json], _older(schema)),
    }


def _older(schema: Json) -> Json:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    words = dict(cast(dict[str, Json], schema))
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if word in words:
            words |= {bound: words[word], word: True}
    if "const" in words:
        words["enum"] = [words["const"]]
    if "prefixItems" in words:
        first, rest = words.pop("prefixItems"), words.pop("items", True)
        words |= {"items": first, "additionalItems": rest}
    needs = {
        **cast(dict[str, Json], words.get("dependentSchemas", {})),
        **cast(dict[str, Json], words.get("dependentRequired", {})),
    }
    newer = (
        "const",
        "contains",
        "minContains",
        "maxContains",
        "propertyNames",
        "if",
        "then",
        "else",
    )
    words = {
        word: value
        for word, value in words.items()
        if word not in (*newer, "dependentRequired", "dependentSchemas")
    }
    words |= {"dependencies": needs} if needs else {}
    words |= {} if words.get("required") else {"required": ["k"]} if "required" in words else {}
    return {word: _inside(word, value) for word, value in words.items()}


def _inside(word: str, value: Json) -> Json:
    """A keyword's value with each schema in it in older words."""
    if word in ("items", "not", "additionalItems", "additionalProperties") and isinstance(
        value, dict | bool
    ):
        return value if value is False and word.startswith("additional") else _older(value)
    if word in ("items", "allOf", "anyOf", "oneOf") and isinstance(value, list):
        return [_older(one) for one in value]
    if word in ("properties", "patternProperties", "dependencies") and isinstance(value, dict):
        return {name: one if isinstance(one, list) else _older(one) for name, one in value.items()}
    return value


def nullable(schema: Json, draw: Random) -> Json:
    """The schema with OpenAPI's word in some places, whether it has a meaning there or not."""
    if isinstance(schema, list):
        return [nullable(one, draw) for one in schema]
    if not isinstance(schema, dict):
        return schema
    words = {
        word: nullable(value, draw) if word in _INNER else value for word, value in schema.items()
    }
    for word in _MAPS & schema.keys():
        words[word] = {
            name: nullable(one, draw) for name, one in cast(dict[str, Json], schema[word]).items()
        }
    return {**words, "nullable": True} if draw.random() < 0.3 else words


def readings(schema: Json) -> tuple[Json, Json]:
    """What `nullable` may mean, without it: that the type may be null, or that all of the schema may."""
    return _read(schema, whole=False), _read(schema, whole=True)


def _read(schema: Json, *, whole: bool) -> Json:
    if isinstance(schema, list):
        return [_read(one, whole=whole) for one in schema]
    if not isinstance(schema, dict):
        return schema
    words = {
        word: _read(value, whole=whole) if word in _INNER else value
        for word, value in schema.items()
    }
    for word in _MAPS & schema.keys():
        words[word] = {
            name: _read(one, whole=whole)
            for name, one in cast(dict[str, Json], schema[word]).items()
        }
    if not words.pop("nullable", False):
        return words
    if whole:
        return {"anyOf": [words, {"type": "null"}]}
    said = words.get("type")
    kinds = said if isinstance(said, list) else [said]
    return (
        words
        if said is None
        else {**words, "type": list(dict.fromkeys([*cast(list[str], kinds), "null"]))}
    )


_MAPS = {"properties", "patternProperties", "dependentSchemas"}
_INNER = {
    "items",
    "prefixItems",
    "additionalProperties",
    "contains",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
}


_WHOLE = ("enum", "const", "required", "type", "dependentRequired")


def changed(schema: Json, draw: Random) -> Json:
    """The schema with one thing in it another, as a later version of it may be."""
    if isinstance(schema, list):
        at = draw.randrange(len(schema)) if schema else -1
        return [changed(one, draw) if number == at else one for number, one in enumerate(schema)]
    if not isinstance(schema, dict) or not schema:
        return schema
    word = draw.choice(sorted(schema))
    value = schema[word]
    if isinstance(value, dict | list) and word not in _WHOLE and draw.random() < 0.85:
        return {**schema, word: changed(value, draw)}
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and word != "const"
        and draw.random() < 0.7
    ):
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
    pattern = draw.choice(
        ("^a", "^ab", "^ab+$", "^[a-z][0-9]*$", "b$", "^(?:a|b)$", "^b", ".+", ".{1,}")
    )
    return {
        "type": "string",
        **_some(draw, minLength=draw.randrange(3), maxLength=draw.randrange(1, 4), pattern=pattern),
    }


def _finite(draw: Random, _depth: int) -> Json:
    values: list[Json] = draw.sample(
        cast(list[Json], ["a", "b", "ab", 1, 2, None, True]), draw.randrange(1, 4)
    )
    options: list[Json] = [
        {"enum": values},
        {"const": values[0]},
        {"type": ["string", "null"]},
        {"type": "boolean"},
    ]
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
    return {
        "type": "object",
        "properties": {name: random_schema(draw, depth - 1) for name in names},
        **words,
    }


def _array(draw: Random, depth: int) -> Json:
    inner, first = random_schema(draw, depth - 1), random_schema(draw, depth - 1)
    words = _some(
        draw,
        items=inner,
        minItems=draw.randrange(3),
        maxItems=draw.randrange(1, 4),
        uniqueItems=True,
    )
    return {"type": "array", **words, **({"prefixItems": [first]} if draw.random() < 0.3 else {})}


def _combined(draw: Random, depth: int) -> Json:
    arms: list[Json] = [random_schema(draw, depth - 1) for _ in range(2)]
    options: list[Json] = [
        {"anyOf": arms},
        {"oneOf": arms},
        {"allOf": arms},
        {"allOf": arms[:1], "not": arms[1]},
    ]
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


def _excluding(draw: Random, depth: int) -> Json:
    words = _some(draw, type=draw.choice(["string", "number", "object", "array", "integer"]))
    return {**words, "not": random_schema(draw, depth - 1)}


def _conditional(draw: Random, depth: int) -> Json:
    then, other = random_schema(draw, depth - 1), random_schema(draw, depth - 1)
    return {"if": random_schema(draw, depth - 1), **_some(draw, then=then, **{"else": other})}


def _dependent(draw: Random, depth: int) -> Json:
    names = draw.sample("kpq", 2)
    words = _some(
        draw,
        dependentRequired={names[0]: cast(Json, names[1:]), names[1]: ["q"]},
        dependentSchemas={names[1]: _object(draw, depth - 1) if depth > 1 else {"required": ["k"]}},
    )
    return {**cast(dict[str, Json], _object(draw, depth)), **words}


def _containing(draw: Random, depth: int) -> Json:
    inner, other = random_schema(draw, depth - 1), random_schema(draw, depth - 1)
    counts = _some(
        draw,
        minContains=draw.randrange(3),
        maxContains=draw.randrange(3),
        maxItems=draw.randrange(4),
    )
    return {"type": "array", "contains": inner, **counts, **_some(draw, items=other)}


def _tuples(draw: Random, depth: int) -> Json:
    arms: list[Json] = []
    for length in (draw.randrange(1, 3), draw.randrange(1, 3)):
        first = [random_schema(draw, depth - 1) for _ in range(length)]
        arms.append({"type": "array", "prefixItems": first, "minItems": length, "maxItems": length})
    return {draw.choice(("anyOf", "oneOf")): arms}


def _named(draw: Random, depth: int) -> Json:
    names: list[Json] = [
        {"enum": cast(Json, draw.sample("kpq", 2))},
        {"maxLength": 1},
        {"not": {"const": "k"}},
    ]
    words = _some(
        draw, additionalProperties=random_schema(draw, depth - 1), minProperties=1, maxProperties=1
    )
    return {"type": "object", "propertyNames": draw.choice(names), **words}


def _matching(draw: Random, depth: int) -> Json:
    patterns = draw.sample(("^k", "^p", "^(k|q)$", "^kk"), draw.randrange(1, 3))
    words = _some(draw, additionalProperties=draw.choice([False, random_schema(draw, depth - 1)]))
    words |= _some(draw, properties={"k": random_schema(draw, depth - 1)})
    return {
        "type": "object",
        "patternProperties": {one: random_schema(draw, depth - 1) for one in patterns},
        **words,
    }
