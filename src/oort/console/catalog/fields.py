"""Describe the fields of an event in tables, from the reader's schema. Used by `contents`.

Types are described in words, for readers without knowledge of Python or JSON Schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeGuard, cast

import msgspec

from oort.console.catalog.blocks import (
    Block,
    Heading,
    Paragraph,
    Part,
    Phrase,
    Row,
    Table,
    joined,
    paragraphs,
    words,
)
from oort.model.items import Value
from oort.rules.schemas.schema_keywords import Schema

_DEFS = "#/$defs/"
_FORMATS = MappingProxyType({
    "date-time": "date and time with a zone",
    "date": "date",
    "time": "time",
    "duration": "duration, as ISO 8601",
    "uuid": "UUID",
    "decimal": "decimal number as text",
})  # fmt: skip
_PLAIN = MappingProxyType(
    {"boolean": "true or false", "null": "null", "integer": "whole number", "number": "number"}
)
_LIMITS = MappingProxyType({
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
})  # fmt: skip
_SIZES = (("Length", "character"), ("Items", "element"), ("Properties", "member"))


def blocks(schema: Schema, *, prefix: str) -> Iterator[Block]:
    """Yield a table of the fields, and a table for each type inside.

    `prefix` is the prefix of the types' anchors.
    """
    teller = Teller(prefix)
    defs = cast(Mapping[str, Schema], schema.get("$defs", {}))
    root = str(schema.get("$ref", "")).removeprefix(_DEFS)
    yield Heading(3, "Fields", f"{prefix}fields")
    yield from teller.described(defs.get(root, schema))
    for name, definition in defs.items():
        if name != root or _mentions(defs, _DEFS + root):
            yield Heading(3, name, prefix + name)
            yield from paragraphs(str(definition.get("description", "")))
            yield from teller.described(definition)


def written(value: Value) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Teller:
    """Describe schemas in words, with links to types on the same page."""

    prefix: str

    def described(self, schema: Schema) -> Iterator[Block]:
        """Yield a table of an object's members, or a phrase for other schemas."""
        members = schema.get("properties")
        if not isinstance(members, dict):
            yield Paragraph(self.phrase(schema))
        elif members:
            required = cast(list[Value], schema.get("required", []))
            rows = [
                self._row(name, cast(Schema, member), required=name in required)
                for name, member in members.items()
            ]
            yield Table(("Field", "Type", "Required", "Default", "Description"), tuple(rows))
        else:
            yield Paragraph(words("It has no fields."))

    def _row(self, name: str, schema: Schema, *, required: bool) -> Row:
        default = (Part(written(schema["default"]), code=True),) if "default" in schema else ()
        about = words(" ".join(str(schema.get("description", "")).split()))
        return Row(
            (
                (Part(name, code=True),),
                self.phrase(schema),
                words("yes" if required else "no"),
                default,
                about,
            )
        )

    def phrase(self, value: Value) -> Phrase:
        """Describe the values of a schema in words."""
        if not isinstance(value, dict):
            return words("nothing" if value is False else "anything")
        for word in ("anyOf", "oneOf"):
            if word in value:
                return joined([self.phrase(option) for option in _list(value[word])], " or ")
        if "allOf" in value:
            return joined([self.phrase(option) for option in _list(value["allOf"])], " and ")
        if "$ref" in value:
            name = str(value["$ref"]).removeprefix(_DEFS)
            return (Part(name, code=True, anchor=self.prefix + name),)
        if "const" in value:
            return (Part("always "), Part(written(value["const"]), code=True))
        if "enum" in value:
            options = joined(
                [(Part(written(option), code=True),) for option in _list(value["enum"])]
            )
            return (Part("one of "), *options) if options else words("nothing")
        return self._typed(value)

    def _typed(self, schema: Schema) -> Phrase:
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not kinds:
            return words("anything")
        description = joined([self._kind(str(kind), schema) for kind in kinds], " or ")
        return description if _is_fixed(schema) else (*description, *_bounds(schema))

    def _kind(self, kind: str, schema: Schema) -> Phrase:
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return self._object(schema)
        return _text(schema) if kind == "string" else words(_PLAIN.get(kind, kind))

    def _array(self, schema: Schema) -> Phrase:
        if "prefixItems" in schema:
            return (
                Part("row of "),
                *joined([self.phrase(element) for element in _list(schema["prefixItems"])]),
            )
        name = "set" if schema.get("uniqueItems") else "list"
        return (
            (Part(f"{name} of "), *self.phrase(schema["items"]))
            if "items" in schema
            else words(name)
        )

    def _object(self, schema: Schema) -> Phrase:
        if _is_stranger(schema):
            return words("an object with another tag")
        values = schema.get("additionalProperties")
        if "properties" in schema or not isinstance(values, dict | None):
            return words("object")
        names = schema.get("propertyNames")
        keys = (
            self.phrase({"type": "string", **names}) if isinstance(names, dict) else words("text")
        )
        return (
            Part("map from "),
            *keys,
            Part(" to "),
            *self.phrase(True if values is None else values),
        )


def _is_fixed(schema: Schema) -> bool:
    """True for an array of fixed length."""
    return "prefixItems" in schema and schema.get("minItems") == schema.get("maxItems")


def _is_stranger(schema: Schema) -> bool:
    """True for the arm of an open union that accepts unknown classes."""
    members = schema.get("properties")
    return isinstance(members, dict) and any(_excludes(member) for member in members.values())


def _excludes(value: Value) -> TypeGuard[Schema]:
    return isinstance(value, dict) and "not" in value


def _text(schema: Schema) -> Phrase:
    if schema.get("contentEncoding"):
        return words(f"bytes, as {schema['contentEncoding']}")
    phrase = words(
        _FORMATS.get(str(schema.get("format", "")), str(schema.get("format", "")) or "text")
    )
    if "pattern" in schema:
        phrase = (*phrase, Part(" like "), Part(str(schema["pattern"]), code=True))
    if "examples" in schema and "format" not in schema:
        phrase = (
            *phrase,
            Part(", for example "),
            *joined(
                [(Part(written(example), code=True),) for example in _list(schema["examples"])]
            ),
        )
    return phrase


def _bounds(schema: Schema) -> Phrase:
    limits = [
        f"{limit_word} {written(schema[word])}"
        for word, limit_word in _LIMITS.items()
        if word in schema
    ]
    sizes = [
        _size(schema.get(f"min{word}"), schema.get(f"max{word}"), noun) for word, noun in _SIZES
    ]
    limit_word = [text for text in (*limits, *sizes) if text]
    return words(f" ({', '.join(limit_word)})" if limit_word else "")


def _size(least: Value, most: Value, noun: str) -> str:
    if least is None and most is None:
        return ""
    if least is None or most is None:
        word, count = ("at least", least) if most is None else ("at most", most)
        return f"{word} {count} {noun if count == 1 else f'{noun}s'}"
    return f"{least if least == most else f'{least} to {most}'} {noun if most == 1 else f'{noun}s'}"


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _mentions(value: object, reference: str) -> bool:
    """True if the schema contains the reference."""
    if isinstance(value, dict):
        return value.get("$ref") == reference or any(
            _mentions(inner, reference) for inner in value.values()
        )
    return isinstance(value, list) and any(_mentions(inner, reference) for inner in value)
