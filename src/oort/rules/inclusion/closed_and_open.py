"""The two schemas of one event class, made from the given one: what is written is closed, what is read is open.

What is spread over `allOf` and its like is closed around the whole, with every name that a part of it lists. Where that
cannot be told, the schema stays open: then too much is taken to be written, which is the safe side.
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
_OPEN = (
    "$open"  # a copy of the definitions that are not closed, for use as a part of something that is
)
_DEFINITIONS = ("$defs", "definitions")
_Map = dict[str, Json]


def opened(schema: Json) -> Json:
    """What is read: unknown members are ignored."""
    if not isinstance(schema, dict):
        return schema
    words = {word: _each(word, one, opened) for word, one in schema.items()}
    return {word: one for word, one in words.items() if one is not False or word not in _CLOSING}


_CLOSING = ("additionalProperties", "unevaluatedProperties")


def closed(schema: Json) -> Json:
    """What is written: no members but those that are listed. Maps and what says itself that it is open stay as they are."""
    if not isinstance(schema, dict):
        return schema
    side = _Writer(schema)
    copies = {
        word: {name: side.part(one) for name, one in cast(_Map, schema[word]).items()}
        for word in _DEFINITIONS
        if isinstance(schema.get(word), dict)
    }
    return {**cast(_Map, side.whole(schema)), **({_OPEN: cast(Json, copies)} if copies else {})}


def _each(word: str, value: Json, change: Callable[[Json], Json]) -> Json:
    """What a keyword holds, with each schema in it changed; conditions and exclusions stay as they are."""
    if isinstance(value, list) and word in _LISTS:
        return [change(one) for one in value]
    if isinstance(value, dict) and word in _MAPS:
        return {name: change(one) for name, one in value.items()}
    return change(value) if word in _SINGLE else value


@dataclass(frozen=True, slots=True)
class _Writer:
    root: _Map

    def whole(self, schema: Json) -> Json:
        """A schema that stands for itself."""
        if not isinstance(schema, dict):
            return schema
        spread = schema.keys() & _SPREAD
        if not (
            "allOf" in spread
            or ("properties" in spread and len(spread) > 1)
            or ("$ref" in spread and len(spread) > 1)
        ):
            words = {word: _each(word, one, self.whole) for word, one in schema.items()}
            return _shut(words, {}) if "properties" in spread else words
        names = self._names(schema, frozenset())
        return (
            cast(_Map, self.part(schema))
            if names is None
            else _shut(cast(_Map, self.part(schema)), names)
        )

    def part(self, schema: Json) -> Json:
        """A schema that is a part of another: its members are closed, itself is not."""
        if not isinstance(schema, dict):
            return schema
        words = {
            word: _each(word, one, self.part if word in _ARMS else self.whole)
            for word, one in schema.items()
        }
        if "$ref" not in words:
            return words
        return {**words, "$ref": self._reference(words["$ref"])}

    def _reference(self, reference: Json) -> Json:
        """To the copy that is open; what is no definition is not followed, and so opaque."""
        return (
            f"#/{_OPEN}{reference[1:]}"
            if isinstance(reference, str) and self._definition(reference) is not None
            else None
        )

    def _definition(self, reference: str) -> Json:
        steps = reference.split("/")
        if len(steps) != 3 or steps[0] != "#" or steps[1] not in _DEFINITIONS:
            return None
        found = self.root.get(steps[1])
        return found.get(steps[2]) if isinstance(found, dict) else None

    def _names(self, schema: Json, seen: frozenset[str]) -> _Map | None:
        """Every member that the parts list; None if one of them lets others in."""
        if not isinstance(schema, dict) or schema.keys() & {"patternProperties", "not", "if"}:
            return None
        if schema.get("additionalProperties", False) is not False:
            return None
        own = schema.get("properties", {})
        found: _Map = dict.fromkeys(own, True) if isinstance(own, dict) else {}
        for part, inside in self._parts(schema, seen):
            names = self._names(part, inside)
            if names is None:
                return None
            found |= names
        return found

    def _parts(self, schema: _Map, seen: frozenset[str]) -> list[tuple[Json, frozenset[str]]]:
        reference = schema.get("$ref")
        found: list[tuple[Json, frozenset[str]]] = []
        if isinstance(reference, str):
            found.append(
                (None if reference in seen else self._definition(reference), seen | {reference})
            )
        for word in ("allOf", "anyOf", "oneOf"):
            arms = schema.get(word)
            found += [(one, seen) for one in arms] if isinstance(arms, list) else []
        others = schema.get("dependentSchemas")
        return (
            [*found, *((one, seen) for one in others.values())]
            if isinstance(others, dict)
            else found
        )


def _shut(words: _Map, names: _Map) -> _Map:
    """The object without other members, unless it says itself what they are."""
    own = words.get("properties", {})
    if words.keys() & {"patternProperties", "additionalProperties"} or not isinstance(own, dict):
        return words
    return {**words, "properties": {**names, **own}, "additionalProperties": False}
