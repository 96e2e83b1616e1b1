"""The keywords of JSON Schema that contain schemas, and changes to a schema with subschemas."""

from collections.abc import Callable
from typing import TypeAlias, cast

from oort.model.items import Value

Schema: TypeAlias = dict[str, Value]

_MAPS = frozenset({"properties", "$defs", "patternProperties"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SINGLE = frozenset({"items", "additionalProperties", "not"})


def everywhere(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return the schema with `change` applied to all its subschemas and itself.

    The search follows the keywords of JSON Schema, for a field may be called `properties` too.

    >>> schema = {"properties": {"properties": {"type": "object", "properties": {}}}}
    >>> everywhere(schema, closed)["additionalProperties"]
    False
    """
    return change({keyword: _inside(keyword, value, change) for keyword, value in schema.items()})


def closed(schema: Schema) -> Schema:
    """Return the schema of an object without further properties."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def _inside(keyword: str, value: Value, change: Callable[[Schema], Schema]) -> Value:
    if keyword in _MAPS and isinstance(value, dict):
        return {name: everywhere(cast(Schema, inner), change) for name, inner in value.items()}
    if keyword in _LISTS and isinstance(value, list):
        return [everywhere(cast(Schema, inner), change) for inner in value]
    if keyword in _SINGLE and isinstance(value, dict):
        return everywhere(value, change)
    return value
