"""The fields of an event as tables, told from the reader's schema: what must be there, and what may be missing. `contents` asks.

Types are said in words, for those who read them and know neither Python nor JSON Schema.
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
from oort.rules.types.schema_keywords import Schema

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
    """A table of the fields, and one for each type inside. `prefix` stands before the anchors of the types."""
    teller = Teller(prefix)
    defs = cast(Mapping[str, Schema], schema.get("$defs", {}))
    root = str(schema.get("$ref", "")).removeprefix(_DEFS)
    yield Heading(3, "Fields", f"{prefix}fields")
    yield from teller.described(defs.get(root, schema))
    for name, one in defs.items():
        if name != root or _mentions(defs, _DEFS + root):
            yield Heading(3, name, prefix + name)
            yield from paragraphs(str(one.get("description", "")))
            yield from teller.described(one)


def written(value: Value) -> str:
    """A value as JSON."""
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Teller:
    """Says schemas in words, with links to the types on the same page."""

    prefix: str

    def described(self, schema: Schema) -> Iterator[Block]:
        """A table of the members of an object; the words for anything else."""
        members = schema.get("properties")
        if not isinstance(members, dict):
            yield Paragraph(self.phrase(schema))
        elif members:
            required = cast(list[Value], schema.get("required", []))
            rows = [
                self._row(name, cast(Schema, one), required=name in required)
                for name, one in members.items()
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
        """What fits the schema, in words."""
        if not isinstance(value, dict):
            return words("nothing" if value is False else "anything")
        for word in ("anyOf", "oneOf"):
            if word in value:
                return joined([self.phrase(one) for one in _list(value[word])], " or ")
        if "allOf" in value:
            return joined([self.phrase(one) for one in _list(value["allOf"])], " and ")
        if "$ref" in value:
            name = str(value["$ref"]).removeprefix(_DEFS)
            return (Part(name, code=True, anchor=self.prefix + name),)
        if "const" in value:
            return (Part("always "), Part(written(value["const"]), code=True))
        if "enum" in value:
            options = joined([(Part(written(one), code=True),) for one in _list(value["enum"])])
            return (Part("one of "), *options) if options else words("nothing")
        return self._typed(value)

    def _typed(self, schema: Schema) -> Phrase:
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not kinds:
            return words("anything")
        told = joined([self._kind(str(kind), schema) for kind in kinds], " or ")
        return told if _is_fixed(schema) else (*told, *_bounds(schema))

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
                *joined([self.phrase(one) for one in _list(schema["prefixItems"])]),
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
    """Whether it is a row that has what it lists, no less and no more."""
    return "prefixItems" in schema and schema.get("minItems") == schema.get("maxItems")


def _is_stranger(schema: Schema) -> bool:
    """Whether it is the arm of an open union for what its classes do not know."""
    members = schema.get("properties")
    return isinstance(members, dict) and any(_excludes(one) for one in members.values())


def _excludes(value: Value) -> TypeGuard[Schema]:
    return isinstance(value, dict) and "not" in value


def _text(schema: Schema) -> Phrase:
    if schema.get("contentEncoding"):
        return words(f"bytes, as {schema['contentEncoding']}")
    found = words(
        _FORMATS.get(str(schema.get("format", "")), str(schema.get("format", "")) or "text")
    )
    if "pattern" in schema:
        found = (*found, Part(" like "), Part(str(schema["pattern"]), code=True))
    if "examples" in schema and "format" not in schema:
        found = (
            *found,
            Part(", for example "),
            *joined([(Part(written(one), code=True),) for one in _list(schema["examples"])]),
        )
    return found


def _bounds(schema: Schema) -> Phrase:
    limits = [f"{told} {written(schema[word])}" for word, told in _LIMITS.items() if word in schema]
    sizes = [
        _size(schema.get(f"min{word}"), schema.get(f"max{word}"), noun) for word, noun in _SIZES
    ]
    told = [one for one in (*limits, *sizes) if one]
    return words(f" ({', '.join(told)})" if told else "")


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
    """Whether something in the schema refers there."""
    if isinstance(value, dict):
        return value.get("$ref") == reference or any(
            _mentions(one, reference) for one in value.values()
        )
    return isinstance(value, list) and any(_mentions(one, reference) for one in value)
