"""JSON Schemas as given, and places in them. Read by every module of this package; decides nothing.

A place keeps the pointer into the document as the user wrote it, so that a verdict can name it. Keywords that are not
understood, or not in the document's draft, are told by `opaque_words`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, TypeGuard
from urllib.parse import unquote

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
KINDS = ("null", "boolean", "number", "string", "array", "object")

_DRAFT = re.compile(r"json-schema\.org/draft(?:-0?|/)(\d{1,4})")
_LATEST = 2020


def _is_bool(value: Json) -> bool:
    return isinstance(value, bool)


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether the value is a number that can be compared exactly; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) != float("inf")


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
    return all(one in (*KINDS, "integer") for one in (value if isinstance(value, list) else [value]))


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
    "dependentRequired": lambda value: isinstance(value, dict) and all(map(_is_names, value.values())),
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
    "unevaluatedProperties": _never,
    "unevaluatedItems": _never,
    "$dynamicRef": _never,
    "$recursiveRef": _never,
}
_SINCE = {
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

_APART = {"unevaluatedProperties", "unevaluatedItems"}  # they only refuse more


@dataclass(frozen=True, eq=False)
class Document:
    """A whole schema, from which pointers lead."""

    root: Json
    draft: int = field(init=False)
    declared: bool = field(init=False)
    read: "dict[tuple[str, ...], tuple[frozenset[str], dict[str, Json]]]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        said = self.root.get("$schema") if isinstance(self.root, dict) else None
        found = _DRAFT.search(said) if isinstance(said, str) else None
        object.__setattr__(self, "declared", found is not None)
        object.__setattr__(self, "draft", int(found[1]) if found else _LATEST)


@dataclass(frozen=True, slots=True)
class Place:
    """A schema in a document. A flat one stands for its own keywords only, without those that refer or combine."""

    document: Document
    steps: tuple[str, ...] = ()
    flat: bool = False

    @property
    def pointer(self) -> str:
        """The JSON pointer from the root."""
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps)

    @property
    def value(self) -> Json:
        """What stands here; None if nothing does."""
        found = self.document.root
        for step in self.steps:
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                return None
        return found

    @property
    def words(self) -> dict[str, Json]:
        """The keywords that count here. A schema that is true has none, and one that is false excludes everything."""
        value = self.value
        if isinstance(value, bool):
            return {} if value else {"enum": []}
        if not isinstance(value, dict):
            return {"$opaque": value}
        old_reference = "$ref" in value and self.document.draft <= 7
        return {"$ref": value["$ref"]} if old_reference else value  # until draft 7 a reference stood alone

    def child(self, *steps: str) -> "Place":
        """A schema further inside."""
        return Place(self.document, (*self.steps, *steps))

    def target(self) -> "Place | None":
        """Where `$ref` leads; None outside of the document."""
        reference = self.words["$ref"]
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            return None
        steps = tuple(one.replace("~1", "/").replace("~0", "~") for one in unquote(reference[1:]).split("/")[1:])
        found = Place(self.document, steps)
        return found if _is_schema(found.value) else None

    @property
    def opaque(self) -> frozenset[str]:
        """The keywords here whose meaning is not known for certain."""
        return self._read()[0]

    @property
    def known(self) -> dict[str, Json]:
        """The keywords that can be judged: none if an opaque one may change what the others mean."""
        return self._read()[1]

    def _read(self) -> tuple[frozenset[str], dict[str, Json]]:
        found = self.document.read.get(self.steps)
        if found is None:
            words = self.words
            opaque = frozenset(word for word, value in words.items() if self._is_opaque(word, value))
            known = {} if opaque - _APART else {word: said for word, said in words.items() if word not in opaque}
            found = self.document.read[self.steps] = opaque, known
        return found

    def _is_opaque(self, word: str, value: Json) -> bool:
        draft, declared = self.document.draft, self.document.declared
        if word in _FORMS:
            late = draft > _UNTIL.get(word, _LATEST) and (declared or word == "dependencies")
            listed = word == "items" and isinstance(value, list) and declared and draft >= _LATEST
            return late or listed or draft < _SINCE.get(word, 0) or not _FORMS[word](value)
        if word == "$ref":
            return self.target() is None
        return word == "$opaque" or (word in ("$id", "id") and bool(self.steps) and isinstance(value, str))


def literal(schema: dict[str, Json]) -> Place:
    """A schema of our own."""
    return Place(Document(schema))


def exact(value: float) -> Fraction:
    """The number as it is written, 0.1 being a tenth."""
    return Fraction(repr(value))


def identity(value: Json) -> object:
    """What is equal for equal JSON values, and hashable: 1 is 1.0, and true is not 1."""
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(one)) for name, one in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(identity, value)))
    return (kind_of(value), value)


def kind_of(value: Json) -> str:
    """The JSON type of a value, one of KINDS."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
