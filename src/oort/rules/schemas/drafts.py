"""Conversion of JSON Schema 2020-12 to draft 4 for EventBridge's registry, or 7 for AsyncAPI.

Exports use it. Keywords that the older draft lacks are rewritten with the same meaning, or refused
with their pointer: no constraint is loosened silently. There are two exceptions. `format` remains
an annotation that validators may ignore, as in 2020-12; for names of members draft 4 cannot express
it. And draft 4 accepts 1 as an integer, but not 1.0, which is never written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NoReturn, TypeAlias, cast

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.schemas.schema_keywords import Schema

Draft: TypeAlias = Literal[4, 7]

_DIALECTS = {
    4: "http://json-schema.org/draft-04/schema#",
    7: "http://json-schema.org/draft-07/schema#",
}
_DEFS = "#/$defs/"
_NOTES = frozenset({"title", "description", "default", "format"})
_NEWER_NOTES = frozenset(
    {"examples", "readOnly", "writeOnly", "$comment", "contentEncoding", "contentMediaType"}
)
# $defs stand at the root only.
_DROPPED = frozenset({"$schema", "$defs", "deprecated", "contentSchema", "discriminator"})
_SAME = _NOTES | {
    *(
        "type",
        "multipleOf",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
    ),
    *("uniqueItems", "minProperties", "maxProperties"),
}
_INSTEAD = "Use keywords that the older draft has, or leave the check to the consumer."


def rewritten(schema: Schema, *, draft: Draft, refs: str = "#/definitions/") -> Schema:
    """Return the schema in the older draft.

    Its definitions are under `definitions`, with the prefix `refs`.

    Raises InvalidValue, with the pointer, for a schema that the older draft cannot express.

    >>> rewritten({"const": 1, "examples": [1]}, draft=4)["enum"]
    [1]
    >>> rewritten({"exclusiveMaximum": 3}, draft=4)
    {'$schema': 'http://json-schema.org/draft-04/schema#', 'maximum': 3, 'exclusiveMaximum': True}
    """
    defs = schema.get("$defs", {})
    if not isinstance(defs, dict):
        _refuse("$defs", "/$defs")
    writer = _Writer(draft, refs, defs)
    root = writer.schema(schema, "")
    if "$ref" in root:
        root = {"allOf": [root]}
    written: Schema = {"$schema": _DIALECTS[draft], **root}
    inner = {name: writer.schema(value, f"/$defs/{name}") for name, value in defs.items()}
    return {**written, "definitions": cast(Value, inner)} if inner else written


@dataclass(frozen=True, slots=True)
class _Keyword:
    """A keyword at a JSON pointer, with its value and the keywords beside it."""

    name: str
    value: Value
    beside: Schema
    at: str

    @property
    def map(self) -> Schema:
        """The value, if it is an object."""
        return self.value if isinstance(self.value, dict) else _refuse(self.name, self.at)

    @property
    def list(self) -> list[Value]:
        """The value, if it is an array."""
        return self.value if isinstance(self.value, list) else _refuse(self.name, self.at)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes schemas in a draft."""

    draft: Draft
    refs: str
    defs: Schema

    def schema(self, value: Value, at: str) -> Schema:
        """Return the schema at a pointer."""
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        if not isinstance(value, dict):
            _refuse("a schema that is not an object", at)
        every = [_Keyword(name, inner, value, f"{at}/{name}") for name, inner in value.items()]
        return _conjunction([self._part(keyword) for keyword in every])

    def _part(self, keyword: _Keyword) -> Schema:
        """Return a keyword in the older draft."""
        if keyword.name in _SAME or (self.draft > 4 and keyword.name in _KEPT):
            return {keyword.name: keyword.value}
        if keyword.name == "$defs" and keyword.at != "/$defs":
            _refuse(keyword.name, keyword.at)
        if (
            keyword.name in _DROPPED
            or keyword.name in _NEWER_NOTES
            or keyword.name.startswith("x-")
        ):
            return {}
        write = _ALL_DRAFTS.get(keyword.name) or (_DRAFT_4 if self.draft == 4 else _DRAFT_7).get(
            keyword.name
        )
        return write(self, keyword) if write else _refuse(keyword.name, keyword.at)

    def target(self, keyword: _Keyword) -> str:
        """Return the name of the definition that a reference leads to."""
        name = str(keyword.value).removeprefix(_DEFS)
        return (
            name
            if str(keyword.value) != name and name in self.defs
            else _refuse(f"the $ref {keyword.value}", keyword.at)
        )

    def named(self, value: Value, at: str) -> Iterator[Schema]:
        """Return schemas for an object with fitting member names, without `propertyNames`."""
        if isinstance(value, bool):
            if not value:
                yield {"maxProperties": 0}
            return
        schema = value if isinstance(value, dict) else _refuse("propertyNames", at)
        for name, inner in schema.items():
            keyword = _Keyword(name, inner, schema, f"{at}/{name}")
            if name == "$ref":
                yield from self.named(self.defs[self.target(keyword)], keyword.at)
            elif not (
                name in _NOTES or name in _NEWER_NOTES or (name, inner) == ("type", "string")
            ):
                yield {**_names(keyword), "additionalProperties": False}


_KEPT = _NEWER_NOTES | {"const", "exclusiveMinimum", "exclusiveMaximum"}
_Write = Callable[[_Writer, _Keyword], Schema]


def _refuse(what: str, at: str) -> NoReturn:
    raise InvalidValue(
        f"The older draft of JSON Schema cannot express {what} (at {at or '/'}).", _INSTEAD
    )


def _conjunction(parts: list[Schema]) -> Schema:
    """Return a conjunction of the parts, in a single schema.

    Older drafts ignore the keywords beside a reference, and no keyword can stand twice.
    """
    merged: Schema = {}
    more: list[Value] = []
    for part in parts:
        if merged.keys() & part.keys():
            more.append(part)
        else:
            merged |= part
    if "$ref" in merged and len(merged) > 1:
        more.append({"$ref": merged.pop("$ref")})
    if more:
        merged["allOf"] = [*cast(list[Value], merged.get("allOf", [])), *more]
    return merged


def _names(keyword: _Keyword) -> Schema:
    """Return the members that an object may have, for a keyword about their names."""
    texts = {"const": [keyword.value], "enum": keyword.value}.get(keyword.name)
    if isinstance(texts, list):
        return {"properties": {text: {} for text in texts if isinstance(text, str)}}
    patterns = {"pattern": "{}", "minLength": r"^[\s\S]{{{},}}$", "maxLength": r"^[\s\S]{{0,{}}}$"}
    if keyword.name not in patterns:
        _refuse(f"{keyword.name} in propertyNames", keyword.at)
    return {"patternProperties": {patterns[keyword.name].format(keyword.value): {}}}


def _property_names(writer: _Writer, keyword: _Keyword) -> Schema:
    schemas = list[Value](writer.named(keyword.value, keyword.at))
    return {"allOf": schemas} if schemas else {}


def _reference(writer: _Writer, keyword: _Keyword) -> Schema:
    return {"$ref": writer.refs + writer.target(keyword)}


def _subschema(writer: _Writer, keyword: _Keyword) -> Schema:
    return {keyword.name: writer.schema(keyword.value, keyword.at)}


def _additional_properties(writer: _Writer, keyword: _Keyword) -> Schema:
    """Return `additionalProperties`, which may be true or false in every draft."""
    return (
        {keyword.name: keyword.value}
        if isinstance(keyword.value, bool)
        else _subschema(writer, keyword)
    )


def _every(writer: _Writer, keyword: _Keyword) -> Schema:
    return {keyword.name: _listed(writer, keyword)}


def _listed(writer: _Writer, keyword: _Keyword) -> list[Value]:
    return [
        writer.schema(schema, f"{keyword.at}/{number}")
        for number, schema in enumerate(keyword.list)
    ]


def _members(writer: _Writer, keyword: _Keyword) -> Schema:
    return {
        keyword.name: {
            name: writer.schema(schema, f"{keyword.at}/{name}")
            for name, schema in keyword.map.items()
        }
    }


def _required(_: _Writer, keyword: _Keyword) -> Schema:
    """Return `required`, a list that older drafts do not permit to be empty."""
    return {keyword.name: keyword.value} if keyword.list else {}


def _enum(_: _Writer, keyword: _Keyword) -> Schema:
    return {"enum": keyword.value} if keyword.list else {"not": {}}


def _prefix_items(writer: _Writer, keyword: _Keyword) -> Schema:
    """Return `prefixItems`, with the `items` beside it."""
    first: Schema = {"items": _listed(writer, keyword)}
    if "items" not in keyword.beside:
        return first
    items = writer.schema(keyword.beside["items"], keyword.at.replace("prefixItems", "items"))
    return {**first, "additionalItems": False if items == {"not": {}} else items}


def _items(writer: _Writer, keyword: _Keyword) -> Schema:
    return {} if "prefixItems" in keyword.beside else _subschema(writer, keyword)


def _dependent(writer: _Writer, keyword: _Keyword) -> Schema:
    if keyword.name == "dependentSchemas":
        return {
            "dependencies": {
                name: writer.schema(schema, f"{keyword.at}/{name}")
                for name, schema in keyword.map.items()
            }
        }
    return {"dependencies": {name: names for name, names in keyword.map.items() if names}}


def _const(_: _Writer, keyword: _Keyword) -> Schema:
    return {"enum": [keyword.value]}


def _exclusive(_: _Writer, keyword: _Keyword) -> Schema:
    return {
        "minimum" if keyword.name == "exclusiveMinimum" else "maximum": keyword.value,
        keyword.name: True,
    }


def _contains(writer: _Writer, keyword: _Keyword) -> Schema:
    """Refuse arrays without a fitting element."""
    return {"not": {"type": "array", "items": {"not": writer.schema(keyword.value, keyword.at)}}}


def _condition(writer: _Writer, keyword: _Keyword) -> Schema:
    """Return the alternatives: `if` with `then`, or the negated `if` with `else`."""
    at = keyword.at.removesuffix("if")
    test = writer.schema(keyword.value, keyword.at)
    yes, no = (
        writer.schema(keyword.beside.get(name, True), at + name) for name in ("then", "else")
    )
    return {"anyOf": [{"allOf": [test, yes]}, {"allOf": [{"not": test}, no]}]}


def _no_keywords(_writer: _Writer, _keyword: _Keyword) -> Schema:
    return {}


_ALL_DRAFTS: MappingProxyType[str, _Write] = MappingProxyType({
    "$ref": _reference,
    "enum": _enum,
    "required": _required,
    "properties": _members,
    "patternProperties": _members,
    "additionalProperties": _additional_properties,
    "items": _items,
    "prefixItems": _prefix_items,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "not": _subschema,
    "allOf": _every,
    "anyOf": _every,
    "oneOf": _every,
})  # fmt: skip
_DRAFT_4: MappingProxyType[str, _Write] = MappingProxyType({
    "const": _const,
    "exclusiveMinimum": _exclusive,
    "exclusiveMaximum": _exclusive,
    "propertyNames": _property_names,
    "contains": _contains,
    "if": _condition,
    "then": _no_keywords,
    "else": _no_keywords,
})  # fmt: skip
_DRAFT_7: MappingProxyType[str, _Write] = MappingProxyType(
    dict.fromkeys(("propertyNames", "contains", "if", "then", "else"), _subschema)
)
