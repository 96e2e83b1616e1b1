"""JSON Schema 2020-12 rewritten in an older draft: 4 for the schema registry of EventBridge, 7 for AsyncAPI. Exports ask.

What the older draft has no word for is said in other words that mean the same, or refused with the place: nothing is
loosened silently. Two things differ all the same. `format` stays what it is in 2020-12, a note that validators may pass
over; for names of members draft 4 cannot tell it. And draft 4 takes 1 for an integer, but not 1.0, which is never written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NoReturn, TypeAlias, cast

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.types.schema_keywords import Schema

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
_DROPPED = frozenset(
    {"$schema", "$defs", "deprecated", "contentSchema", "discriminator"}
)  # $defs stand at the root only
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
_INSTEAD = "Say it in words that the older draft has, or leave it to the consumer."


def rewritten(schema: Schema, *, draft: Draft, refs: str = "#/definitions/") -> Schema:
    """The schema in the older draft, its definitions under `definitions`; `refs` stands before their names.

    Raises InvalidValue, with the place, for what cannot be said there.

    >>> rewritten({"const": 1, "exclusiveMaximum": 3, "examples": [1]}, draft=4)
    {'$schema': 'http://json-schema.org/draft-04/schema#', 'enum': [1], 'maximum': 3, 'exclusiveMaximum': True}
    """
    defs = schema.get("$defs", {})
    if not isinstance(defs, dict):
        _refuse("$defs", "/$defs")
    writer = _Writer(draft, refs, defs)
    found = writer.schema(schema, "")
    whole: Schema = {"allOf": [found]} if "$ref" in found else found
    written: Schema = {"$schema": _DIALECTS[draft], **whole}
    inner = {name: writer.schema(one, f"/$defs/{name}") for name, one in defs.items()}
    return {**written, "definitions": cast(Value, inner)} if inner else written


@dataclass(frozen=True, slots=True)
class _Word:
    """A keyword where it stands: what it says, and the keywords beside it."""

    name: str
    said: Value
    beside: Schema
    at: str

    @property
    def map(self) -> Schema:
        """What it says, if that is an object."""
        return self.said if isinstance(self.said, dict) else _refuse(self.name, self.at)

    @property
    def list(self) -> list[Value]:
        """What it says, if that is an array."""
        return self.said if isinstance(self.said, list) else _refuse(self.name, self.at)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes schemas in one draft."""

    draft: Draft
    refs: str
    defs: Schema

    def schema(self, value: Value, at: str) -> Schema:
        """The schema that stands at a place."""
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        if not isinstance(value, dict):
            _refuse("a schema that is no object", at)
        every = [_Word(word, said, value, f"{at}/{word}") for word, said in value.items()]
        return _together([self._part(one) for one in every])

    def _part(self, word: _Word) -> Schema:
        """What one keyword becomes."""
        if word.name in _SAME or (self.draft > 4 and word.name in _KEPT):
            return {word.name: word.said}
        if word.name == "$defs" and word.at != "/$defs":
            _refuse(word.name, word.at)
        if word.name in _DROPPED or word.name in _NEWER_NOTES or word.name.startswith("x-"):
            return {}
        write = _WORDS.get(word.name) or (_OLDEST if self.draft == 4 else _HELD).get(word.name)
        return write(self, word) if write else _refuse(word.name, word.at)

    def target(self, word: _Word) -> str:
        """The name of the definition that a reference leads to."""
        name = str(word.said).removeprefix(_DEFS)
        return (
            name
            if str(word.said) != name and name in self.defs
            else _refuse(f"the $ref {word.said}", word.at)
        )

    def named(self, value: Value, at: str) -> Iterator[Schema]:
        """What an object must fit so that all names of its members fit the schema, without the word propertyNames."""
        if isinstance(value, bool):
            if not value:
                yield {"maxProperties": 0}
            return
        words = value if isinstance(value, dict) else _refuse("propertyNames", at)
        for name, said in words.items():
            word = _Word(name, said, words, f"{at}/{name}")
            if name == "$ref":
                yield from self.named(self.defs[self.target(word)], word.at)
            elif not (name in _NOTES or name in _NEWER_NOTES or (name, said) == ("type", "string")):
                yield {**_names(word), "additionalProperties": False}


_KEPT = _NEWER_NOTES | {"const", "exclusiveMinimum", "exclusiveMaximum"}
_Write = Callable[[_Writer, _Word], Schema]


def _refuse(what: str, at: str) -> NoReturn:
    raise InvalidValue(
        f"The older draft of JSON Schema has no word for {what} (at {at or '/'}).", _INSTEAD
    )


def _together(parts: list[Schema]) -> Schema:
    """One schema that says all of it. Beside a reference older drafts read nothing, and no word can stand twice."""
    found: Schema = {}
    more: list[Value] = []
    for part in parts:
        if found.keys() & part.keys():
            more.append(part)
        else:
            found |= part
    if "$ref" in found and len(found) > 1:
        more.append({"$ref": found.pop("$ref")})
    if more:
        found["allOf"] = [*cast(list[Value], found.get("allOf", [])), *more]
    return found


def _names(word: _Word) -> Schema:
    """The members that an object may have, for one word about their names."""
    texts = {"const": [word.said], "enum": word.said}.get(word.name)
    if isinstance(texts, list):
        return {"properties": {one: {} for one in texts if isinstance(one, str)}}
    patterns = {"pattern": "{}", "minLength": r"^[\s\S]{{{},}}$", "maxLength": r"^[\s\S]{{0,{}}}$"}
    if word.name not in patterns:
        _refuse(f"{word.name} in propertyNames", word.at)
    return {"patternProperties": {patterns[word.name].format(word.said): {}}}


def _property_names(writer: _Writer, word: _Word) -> Schema:
    found = list[Value](writer.named(word.said, word.at))
    return {"allOf": found} if found else {}


def _reference(writer: _Writer, word: _Word) -> Schema:
    return {"$ref": writer.refs + writer.target(word)}


def _one(writer: _Writer, word: _Word) -> Schema:
    return {word.name: writer.schema(word.said, word.at)}


def _rest(writer: _Writer, word: _Word) -> Schema:
    """`additionalProperties`, which may be true or false in every draft."""
    return {word.name: word.said} if isinstance(word.said, bool) else _one(writer, word)


def _every(writer: _Writer, word: _Word) -> Schema:
    return {word.name: _listed(writer, word)}


def _listed(writer: _Writer, word: _Word) -> list[Value]:
    return [writer.schema(one, f"{word.at}/{number}") for number, one in enumerate(word.list)]


def _members(writer: _Writer, word: _Word) -> Schema:
    return {
        word.name: {name: writer.schema(one, f"{word.at}/{name}") for name, one in word.map.items()}
    }


def _filled(_: _Writer, word: _Word) -> Schema:
    """A list that older drafts do not let be empty: `required`."""
    return {word.name: word.said} if word.list else {}


def _enum(_: _Writer, word: _Word) -> Schema:
    return {"enum": word.said} if word.list else {"not": {}}


def _first(writer: _Writer, word: _Word) -> Schema:
    """`prefixItems`, with the `items` beside it."""
    first: Schema = {"items": _listed(writer, word)}
    if "items" not in word.beside:
        return first
    rest = writer.schema(word.beside["items"], word.at.replace("prefixItems", "items"))
    return {**first, "additionalItems": False if rest == {"not": {}} else rest}


def _items(writer: _Writer, word: _Word) -> Schema:
    return {} if "prefixItems" in word.beside else _one(writer, word)


def _dependent(writer: _Writer, word: _Word) -> Schema:
    if word.name == "dependentSchemas":
        return {
            "dependencies": {
                name: writer.schema(one, f"{word.at}/{name}") for name, one in word.map.items()
            }
        }
    return {"dependencies": {name: names for name, names in word.map.items() if names}}


def _const(_: _Writer, word: _Word) -> Schema:
    return {"enum": [word.said]}


def _exclusive(_: _Writer, word: _Word) -> Schema:
    return {"minimum" if word.name == "exclusiveMinimum" else "maximum": word.said, word.name: True}


def _contains(writer: _Writer, word: _Word) -> Schema:
    """It is no array in which nothing fits."""
    return {"not": {"type": "array", "items": {"not": writer.schema(word.said, word.at)}}}


def _condition(writer: _Writer, word: _Word) -> Schema:
    """If it fits, the one must fit as well, and otherwise the other."""
    at = word.at.removesuffix("if")
    test = writer.schema(word.said, word.at)
    yes, no = (writer.schema(word.beside.get(one, True), at + one) for one in ("then", "else"))
    return {"anyOf": [{"allOf": [test, yes]}, {"allOf": [{"not": test}, no]}]}


def _nothing(_writer: _Writer, _word: _Word) -> Schema:
    return {}


_WORDS: MappingProxyType[str, _Write] = MappingProxyType({
    "$ref": _reference,
    "enum": _enum,
    "required": _filled,
    "properties": _members,
    "patternProperties": _members,
    "additionalProperties": _rest,
    "items": _items,
    "prefixItems": _first,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "not": _one,
    "allOf": _every,
    "anyOf": _every,
    "oneOf": _every,
})  # fmt: skip
_OLDEST: MappingProxyType[str, _Write] = MappingProxyType({
    "const": _const,
    "exclusiveMinimum": _exclusive,
    "exclusiveMaximum": _exclusive,
    "propertyNames": _property_names,
    "contains": _contains,
    "if": _condition,
    "then": _nothing,
    "else": _nothing,
})  # fmt: skip
_HELD: MappingProxyType[str, _Write] = MappingProxyType(
    dict.fromkeys(("propertyNames", "contains", "if", "then", "else"), _one)
)
