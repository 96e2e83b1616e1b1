"""Make the writer's and the reader's schema of an event class: the writer is closed, the reader
open.

A schema with `allOf` and similar keywords is closed as a unit, with the members of all its parts.
If the members are unknown, the schema stays open. That is safe: the writer may then send more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from oort.rules.inclusion.documents import Json

_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_SINGLE = frozenset({"items", "additionalProperties", "additionalItems", "then", "else"})
_ARMS = frozenset({"allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"})
_SPREAD = _ARMS | {"properties", "$ref"}
# a copy of the definitions that are not closed, for use as a part of something that is
_OPEN = "$open"
_DEFINITIONS = ("$defs", "definitions")
_Map = dict[str, Json]


def opened(schema: Json) -> Json:
    """Return the reader's schema: unknown members are ignored."""
    if not isinstance(schema, dict):
        return schema
    words = {word: _each(word, value, opened) for word, value in schema.items()}
    return {
        word: value for word, value in words.items() if value is not False or word not in _CLOSING
    }


_CLOSING = ("additionalProperties", "unevaluatedProperties")


def closed(schema: Json) -> Json:
    """Return the writer's schema: only listed members are allowed.

    Maps, and schemas that explicitly allow more members, stay unchanged.
    """
    if not isinstance(schema, dict):
        return schema
    side = _Writer(schema)
    copies = {
        word: {name: side.part(definition) for name, definition in cast(_Map, schema[word]).items()}
        for word in _DEFINITIONS
        if isinstance(schema.get(word), dict)
    }
    return {**cast(_Map, side.whole(schema)), **({_OPEN: cast(Json, copies)} if copies else {})}


def _each(word: str, value: Json, change: Callable[[Json], Json]) -> Json:
    """Change each schema inside a keyword. Conditions and exclusions stay unchanged."""
    if isinstance(value, list) and word in _LISTS:
        return [change(inner) for inner in value]
    if isinstance(value, dict) and word in _MAPS:
        return {name: change(inner) for name, inner in value.items()}
    return change(value) if word in _SINGLE else value


@dataclass(frozen=True, slots=True)
class _Writer:
    root: _Map

    def whole(self, schema: Json) -> Json:
        """Close a self-contained schema."""
        if not isinstance(schema, dict):
            return schema
        spread = schema.keys() & _SPREAD
        if not (
            "allOf" in spread
            or ("properties" in spread and len(spread) > 1)
            or ("$ref" in spread and len(spread) > 1)
        ):
            words = {word: _each(word, value, self.whole) for word, value in schema.items()}
            return _shut(words, {}) if "properties" in spread else words
        names = self._names(schema, frozenset())
        return (
            cast(_Map, self.part(schema))
            if names is None
            else _shut(cast(_Map, self.part(schema)), names)
        )

    def part(self, schema: Json) -> Json:
        """Close the members of a schema that is a part of another; leave the part itself open."""
        if not isinstance(schema, dict):
            return schema
        words = {
            word: _each(word, value, self.part if word in _ARMS else self.whole)
            for word, value in schema.items()
        }
        if "$ref" not in words:
            return words
        return {**words, "$ref": self._reference(words["$ref"])}

    def _reference(self, reference: Json) -> Json:
        """Return a reference to the open copy. A reference to no definition becomes opaque."""
        return (
            f"#/{_OPEN}{reference[1:]}"
            if isinstance(reference, str) and self._definition(reference) is not None
            else None
        )

    def _definition(self, reference: str) -> Json:
        steps = reference.split("/")
        if len(steps) != 3 or steps[0] != "#" or steps[1] not in _DEFINITIONS:
            return None
        definitions = self.root.get(steps[1])
        return definitions.get(steps[2]) if isinstance(definitions, dict) else None

    def _names(self, schema: Json, seen: frozenset[str]) -> _Map | None:
        """Return the members of all parts; None if a part allows unlisted members."""
        if not isinstance(schema, dict) or schema.keys() & {"patternProperties", "not", "if"}:
            return None
        if schema.get("additionalProperties", False) is not False:
            return None
        properties = schema.get("properties", {})
        listed: _Map = dict.fromkeys(properties, True) if isinstance(properties, dict) else {}
        for part, inside in self._parts(schema, seen):
            names = self._names(part, inside)
            if names is None:
                return None
            listed |= names
        return listed

    def _parts(self, schema: _Map, seen: frozenset[str]) -> list[tuple[Json, frozenset[str]]]:
        reference = schema.get("$ref")
        parts: list[tuple[Json, frozenset[str]]] = []
        if isinstance(reference, str):
            parts.append(
                (None if reference in seen else self._definition(reference), seen | {reference})
            )
        for word in ("allOf", "anyOf", "oneOf"):
            arms = schema.get(word)
            parts += [(arm, seen) for arm in arms] if isinstance(arms, list) else []
        dependents = schema.get("dependentSchemas")
        return (
            [*parts, *((arm, seen) for arm in dependents.values())]
            if isinstance(dependents, dict)
            else parts
        )


def _shut(words: _Map, names: _Map) -> _Map:
    """Forbid unlisted members, unless the object already has a rule for them."""
    properties = words.get("properties", {})
    if words.keys() & {"patternProperties", "additionalProperties"} or not isinstance(
        properties, dict
    ):
        return words
    return {**words, "properties": {**names, **properties}, "additionalProperties": False}
