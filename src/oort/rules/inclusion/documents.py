"""JSON Schemas as given, and places in them. Read by every module of this package; decides nothing.

A place keeps the pointer into the document as the user wrote it, so that a verdict can name it. Keywords that are not
understood, or not in the document's draft, are opaque. A schema of our own refers to places by their number.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from urllib.parse import unquote

from oort.rules.inclusion.keywords import KINDS, LATEST, Json, is_number, is_opaque, only_refuses

__all__ = [
    "KINDS",
    "Document",
    "Json",
    "Place",
    "exact",
    "identity",
    "is_number",
    "kind_of",
    "literal",
]

_DRAFT = re.compile(r"json-schema\.org/draft(?:-0?|/)(\d{1,4})")
_COMBINING = ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "enum", "const")


@dataclass(frozen=True, eq=False)
class Document:
    """A whole schema, from which pointers lead. One of our own has a name, and equals another with the same name."""

    root: Json
    links: "tuple[Place, ...]" = ()
    name: object = field(default_factory=object)
    number: int = 0
    draft: int = field(init=False)
    declared: bool = field(init=False)
    _hash: int = field(init=False)
    read: "dict[tuple[str, ...], tuple[frozenset[str], dict[str, Json]]]" = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        said = self.root.get("$schema") if isinstance(self.root, dict) else None
        found = _DRAFT.search(said) if isinstance(said, str) else None
        object.__setattr__(self, "_hash", hash(self.name))
        object.__setattr__(self, "declared", found is not None)
        object.__setattr__(self, "draft", int(found[1]) if found else LATEST)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self is other or self.name == other.name)

    def __hash__(self) -> int:
        return self._hash

    @property
    def own(self) -> bool:
        """Whether it was made here, and not by a user."""
        return isinstance(self.name, tuple)


@dataclass(frozen=True, slots=True)
class Place:
    """A schema in a document. A flat one stands for its own keywords only, without those that refer or combine."""

    document: Document
    steps: tuple[str, ...] = ()
    flat: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """What to sort places by, so that nothing depends on the order of a set."""
        own = repr(self.document.root) if self.document.own else ""
        links = tuple(link.order for link in self.document.links)
        return self.document.number, self.steps, self.flat, own, links

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
        return (
            {"$ref": value["$ref"]} if old_reference else value
        )  # until draft 7 a reference stood alone

    def child(self, *steps: str) -> "Place":
        """A schema further inside."""
        return Place(self.document, (*self.steps, *steps))

    def target(self) -> "Place | None":
        """Where `$ref` leads; None outside of the document."""
        reference = self.words["$ref"]
        if isinstance(reference, int) and self.document.own:
            return self.document.links[reference]
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            return None
        steps = tuple(
            one.replace("~1", "/").replace("~0", "~")
            for one in unquote(reference[1:]).split("/")[1:]
        )
        found = Place(self.document, steps)
        return found if isinstance(found.value, bool | dict) else None

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
            opaque = frozenset(word for word in words if self._is_opaque(word, words))
            known = (
                {}
                if not all(map(only_refuses, opaque))
                else {word: said for word, said in words.items() if word not in opaque}
            )
            found = self.document.read[self.steps] = opaque, known
        return found

    def _is_opaque(self, word: str, words: dict[str, Json]) -> bool:
        if word == "$ref":
            return self.target() is None
        if word in ("$id", "id"):
            return bool(self.steps) and isinstance(words[word], str)
        return word == "$opaque" or is_opaque(
            word, words, draft=self.document.draft, declared=self.document.declared
        )

    @property
    def doubtful_null(self) -> bool:
        """Whether `nullable` stands where OpenAPI gives it no meaning: not beside a type, or where other words refuse null."""
        words = self.words
        if self.flat or words.get("nullable") is not True or self.document.declared:
            return False
        return "type" not in words or any(word in words for word in _COMBINING)

    @property
    def doubtful_dependencies(self) -> bool:
        """Whether `dependencies` stands in a document without a draft: the latest one has no such word."""
        return not self.document.declared

    def beyond(self, word: str) -> "Place | None":
        """The schema of the members or elements that no word beside it names: `unevaluated…` if there is no other."""
        left_over = (
            "unevaluatedProperties" if word == "additionalProperties" else "unevaluatedItems"
        )
        return next((self.child(one) for one in (word, left_over) if one in self.known), None)


def literal(schema: dict[str, Json], *links: Place) -> Place:
    """A schema of our own; `{"$ref": 0}` in it means the first of the links."""
    return Place(Document(schema, links, (identity(schema), links)))


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
