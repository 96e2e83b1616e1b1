"""The words of JSON Schema that hold schemas, and changes to a schema and all in it. Those who write schemas use it."""

from collections.abc import Callable
from typing import TypeAlias, cast

from oort.model.items import Value

Schema: TypeAlias = dict[str, Value]

_MAPS = frozenset({"properties", "$defs", "patternProperties"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_ONES = frozenset({"items", "additionalProperties", "not"})


def everywhere(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """The schema and all in it, changed. It goes by the words of JSON Schema, for a field may be called `properties` too.

    >>> everywhere({"properties": {"properties": {"type": "object", "properties": {}}}}, closed)["additionalProperties"]
    False
    """
    return change({word: _inside(word, value, change) for word, value in schema.items()})


def closed(schema: Schema) -> Schema:
    """An object that lists its properties, without any others."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def _inside(word: str, value: Value, change: Callable[[Schema], Schema]) -> Value:
    if word in _MAPS and isinstance(value, dict):
        return {name: everywhere(cast(Schema, one), change) for name, one in value.items()}
    if word in _LISTS and isinstance(value, list):
        return [everywhere(cast(Schema, one), change) for one in value]
    if word in _ONES and isinstance(value, dict):
        return everywhere(value, change)
    return value
