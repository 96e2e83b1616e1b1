"""The keywords of JSON Schema: their form, and the drafts that have them.

Used by `documents`, `meanings` and `distinct`.

A keyword is opaque if its meaning is uncertain: it belongs to another draft, has a wrong form, or
lacks the keyword that it depends on.
"""

from collections.abc import Callable
from typing import TypeAlias, TypeGuard

from oort.model.items import Value

Json: TypeAlias = Value
KINDS = ("null", "boolean", "number", "string", "array", "object")
LATEST = 2020


def _is_bool(value: Json) -> bool:
    return isinstance(value, bool)


def is_number(value: Json) -> TypeGuard[int | float]:
    """True for numbers that can be compared exactly, but not for true and false."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) != float("inf")
    )


def _is_bound(value: Json) -> bool:
    return _is_bool(value) or is_number(value)


def _is_step(value: Json) -> bool:
    return is_number(value) and value > 0


def _is_size(value: Json) -> bool:
    return is_number(value) and value >= 0 and value == int(value)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_schema(value: Json) -> bool:
    return isinstance(value, bool | dict)


def _is_schemas(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _is_items(value: Json) -> bool:
    return _is_schema(value) or value == [] or _is_schemas(value)


def _is_map(value: Json) -> bool:
    return isinstance(value, dict) and all(map(_is_schema, value.values()))


def _is_names(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_type(value: Json) -> bool:
    return all(
        kind in (*KINDS, "integer") for kind in (value if isinstance(value, list) else [value])
    )


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _always(_: Json) -> bool:
    return True


def _never(_: Json) -> bool:
    return False


_FORMS: dict[str, Callable[[Json], bool]] = {
    "type": _is_type,
    "nullable": _is_bool,
    "enum": _is_list,
    "const": _always,
    "minimum": is_number,
    "maximum": is_number,
    "exclusiveMinimum": _is_bound,
    "exclusiveMaximum": _is_bound,
    "multipleOf": _is_step,
    "minLength": _is_size,
    "maxLength": _is_size,
    "pattern": _is_text,
    "format": _is_text,
    "items": _is_items,
    "prefixItems": _is_schemas,
    "additionalItems": _is_schema,
    "minItems": _is_size,
    "maxItems": _is_size,
    "uniqueItems": _is_bool,
    "contains": _is_schema,
    "minContains": _is_size,
    "maxContains": _is_size,
    "properties": _is_map,
    "required": _is_names,
    "additionalProperties": _is_schema,
    "patternProperties": _is_map,
    "propertyNames": _is_schema,
    "minProperties": _is_size,
    "maxProperties": _is_size,
    "dependentRequired": lambda value: (
        isinstance(value, dict) and all(map(_is_names, value.values()))
    ),
    "dependentSchemas": _is_map,
    "dependencies": lambda value: (
        isinstance(value, dict) and all(_is_names(one) or _is_schema(one) for one in value.values())
    ),
    "allOf": _is_schemas,
    "anyOf": _is_schemas,
    "oneOf": _is_schemas,
    "not": _is_schema,
    "if": _is_schema,
    "then": _is_schema,
    "else": _is_schema,
    "unevaluatedProperties": _is_schema,
    "unevaluatedItems": _is_schema,
    "divisibleBy": _never,
    "disallow": _never,
    "extends": _never,
    "$dynamicRef": _never,
    "$recursiveRef": _never,
}
_SINCE = {
    "unevaluatedProperties": 2019,
    "unevaluatedItems": 2019,
    "const": 6,
    "contains": 6,
    "propertyNames": 6,
    "if": 7,
    "minContains": 2019,
    "maxContains": 2019,
    "dependentRequired": 2019,
    "dependentSchemas": 2019,
    "prefixItems": 2020,
}
_UNTIL = {"dependencies": 7, "additionalItems": 2019}
_WITH = {
    "then": "if",
    "else": "if",
    "minContains": "contains",
    "maxContains": "contains",
    "exclusiveMinimum": "minimum",
    "exclusiveMaximum": "maximum",
}
_BESIDE = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies", "nullable"}
)
_APART = frozenset(
    {
        "unevaluatedProperties",
        "unevaluatedItems",
        "additionalItems",
        "dependencies",
        "dependentRequired",
    }
    | {"dependentSchemas", "if", "then", "else", "maxContains", "const", "propertyNames"}
    | {"divisibleBy", "disallow", "extends"}
)


def only_refuses(word: str) -> bool:
    """True if the keyword, whatever its meaning, can only make a schema narrower."""
    return word in _APART


def holds_meaning(word: str) -> bool:
    """True if the keyword can matter to a verdict; False for annotations and unknown keywords."""
    return word in _FORMS


def is_opaque(word: str, words: dict[str, Json], *, draft: int, declared: bool) -> bool:
    """True if the keyword's meaning is uncertain here. Unknown keywords have no meaning."""
    if word not in _FORMS:
        return False
    value = words[word]
    late = draft > _UNTIL.get(word, LATEST) and declared
    new = (declared and draft >= LATEST) or "prefixItems" in words
    listed = word == "items" and isinstance(value, list) and new
    if late or listed or draft < _SINCE.get(word, 0) or not _FORMS[word](value):
        return True
    if word.startswith("exclusive"):
        return _odd_bound(word, words, draft if declared else None)
    if word.startswith("unevaluated"):
        return value is not True and _evaluated_elsewhere(word, words)
    if word == "additionalItems":
        return value is not True and not isinstance(words.get("items"), list)
    return word in _WITH and _WITH[word] not in words


def _odd_bound(word: str, words: dict[str, Json], draft: int | None) -> bool:
    """Check an exclusive limit: a flag until draft 4, a limit since draft 6."""
    if isinstance(words[word], bool):
        return (draft is not None and draft > 4) or (
            words[word] is True and _WITH[word] not in words
        )
    return draft is not None and draft <= 4


def _evaluated_elsewhere(word: str, words: dict[str, Json]) -> bool:
    """True if keywords elsewhere decide which members are unevaluated.

    For elements, `contains` counts too.
    """
    deciding = _BESIDE | {"contains"} if word == "unevaluatedItems" else _BESIDE
    return bool(words.keys() & deciding) or (
        word == "unevaluatedItems" and isinstance(words.get("items"), list)
    )
