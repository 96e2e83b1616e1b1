"""JSON Schemas of users, and positions in them. Every module of this package uses it.

A subschema keeps its JSON pointer into the user's document, so that a verdict can name it. Keywords
that are unknown, or not in the document's draft, are opaque. Schemas made by this package refer to
other subschemas by number.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, cast
from urllib.parse import unquote

from oort.rules.inclusion.keywords import KINDS, LATEST, Json, is_number, is_opaque, only_refuses

__all__ = [
    "ENDLESS",
    "KINDS",
    "Document",
    "Json",
    "Spent",
    "Steps",
    "Subschema",
    "Work",
    "declared_draft",
    "exact",
    "identity",
    "is_number",
    "kind_of",
    "literal",
    "pointed",
]

_DRAFT = re.compile(r"json-schema\.org/draft(?:-0?|/)(\d{1,4})")
_FAR = 1000
Steps: TypeAlias = tuple[str, ...]
_COMBINING = ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "enum", "const")


ENDLESS = 10**18


class Spent(Exception):
    """No steps are left."""


@dataclass(slots=True)
class Work:
    """A count of the work for a verdict, so that each ends in time, and at the same place on each
    machine. About 100,000 steps take a second."""

    left: int = ENDLESS

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises Spent when none is left."""
        self.left -= steps
        if self.left < 0:
            raise Spent


@dataclass(frozen=True, eq=False)
class Document:
    """A complete schema, the root of JSON pointers.

    A document made by this package has a name; equal names mean equal documents.
    """

    root: Json
    links: "tuple[Subschema, ...]" = ()
    name: object = field(default_factory=object)
    number: int = 0
    draft: int = field(init=False)
    declared: bool = field(init=False)
    _hash: int = field(init=False)
    # numbers of schemas: schemas with equal numbers in two documents have the same meaning
    meanings: "dict[Steps, int]" = field(default_factory=dict)
    # the number of schemas up to the nearest one that differs from the other document
    distances: "dict[Steps, int]" = field(default_factory=dict)
    work: Work = field(default_factory=Work)
    alone: bool = False  # True if what stands beside a `$ref` has no meaning
    read: "dict[tuple[str, ...], tuple[frozenset[str], dict[str, Json]]]" = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        draft = declared_draft(self.root)
        object.__setattr__(self, "_hash", hash(self.name))
        object.__setattr__(self, "declared", draft is not None)
        object.__setattr__(self, "draft", LATEST if draft is None else draft)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self is other or self.name == other.name)

    def __hash__(self) -> int:
        return self._hash

    @property
    def own(self) -> bool:
        """True if this package made the document."""
        return isinstance(self.name, tuple)


@dataclass(frozen=True, slots=True)
class Subschema:
    """A subschema in a document. A flat subschema has only its own keywords, without references and
    combinations."""

    document: Document
    steps: tuple[str, ...] = ()
    flat: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """A sort key for subschemas, so that results do not depend on the order of sets."""
        literal_root = repr(self.document.root) if self.document.own else ""
        links = tuple(link.order for link in self.document.links)
        return self.document.number, self.steps, self.flat, literal_root, links

    @property
    def meaning(self) -> object:
        """A value that is equal for two schemas only if they admit the same documents."""
        if self.document.own:
            content, links = cast(tuple[object, tuple["Subschema", ...]], self.document.name)
            return content, self.steps, self.flat, tuple(link.meaning for link in links)
        number = self.document.meanings.get(self.steps)
        return self if number is None else (number, self.flat)

    @property
    def distance(self) -> int:
        """The distance to the nearest change between the documents of a comparison."""
        if self.document.own:
            return min((link.distance for link in self.document.links), default=_FAR)
        return self.document.distances.get(self.steps, _FAR)

    @property
    def pointer(self) -> str:
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps)

    @property
    def value(self) -> Json:
        """The value here; None if missing."""
        value = self.document.root
        for step in self.steps:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    @property
    def words(self) -> dict[str, Json]:
        """The effective keywords. The schema true has none; false excludes everything."""
        value = self.value
        if isinstance(value, bool):
            return {} if value else {"enum": []}
        if not isinstance(value, dict):
            return {"$opaque": value}
        # Until draft 7 a reference stood alone, and so in OpenAPI 3.0.
        old_reference = "$ref" in value and (self.document.draft <= 7 or self.document.alone)
        return {"$ref": value["$ref"]} if old_reference else value

    def child(self, *steps: str) -> "Subschema":
        """Return a subschema further inside."""
        return Subschema(self.document, (*self.steps, *steps))

    def target(self) -> "Subschema | None":
        """Return the target of `$ref`; None outside of the document."""
        reference = self.words["$ref"]
        if isinstance(reference, int) and self.document.own:
            return self.document.links[reference]
        steps = pointed(reference) if isinstance(reference, str) else None
        if steps is None:
            return None
        target = Subschema(self.document, steps)
        return target if isinstance(target.value, bool | dict) else None

    @property
    def opaque(self) -> frozenset[str]:
        """The keywords here with an uncertain meaning."""
        return self._read()[0]

    @property
    def known(self) -> dict[str, Json]:
        """The understood keywords. Empty if an opaque keyword may change their meaning."""
        return self._read()[1]

    def _read(self) -> tuple[frozenset[str], dict[str, Json]]:
        self.document.work.spend()
        keywords = self.document.read.get(self.steps)
        if keywords is None:
            words = self.words
            opaque = frozenset(word for word in words if self._is_opaque(word, words))
            known = (
                {}
                if not all(map(only_refuses, opaque))
                else {word: value for word, value in words.items() if word not in opaque}
            )
            keywords = self.document.read[self.steps] = opaque, known
        return keywords

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
        """True if OpenAPI gives `nullable` no meaning here: without `type`, or if other keywords
        refuse null."""
        words = self.words
        if self.flat or words.get("nullable") is not True or self.document.declared:
            return False
        return "type" not in words or any(word in words for word in _COMBINING)

    @property
    def doubtful_dependencies(self) -> bool:
        """True if no draft is declared: the latest draft has no keyword `dependencies`."""
        return not self.document.declared

    def beyond(self, word: str) -> "Subschema | None":
        """Return the schema for unlisted members or elements: from `word`, or from the
        `unevaluated…` keyword."""
        left_over = (
            "unevaluatedProperties" if word == "additionalProperties" else "unevaluatedItems"
        )
        return next(
            (self.child(keyword) for keyword in (word, left_over) if keyword in self.known), None
        )


def declared_draft(root: Json) -> int | None:
    """Return the draft that a document names in `$schema`; None without a known draft."""
    name = root.get("$schema") if isinstance(root, dict) else None
    match = _DRAFT.search(name) if isinstance(name, str) else None
    return int(match[1]) if match else None


def pointed(reference: str) -> Steps | None:
    """Return the steps of a JSON pointer into the same document; None for other references."""
    if reference != "#" and not reference.startswith("#/"):
        return None
    return tuple(
        step.replace("~1", "/").replace("~0", "~") for step in unquote(reference[1:]).split("/")[1:]
    )


def literal(schema: dict[str, Json], *links: Subschema) -> Subschema:
    """Make a schema. `{"$ref": 0}` in it means the first of the links, whose work it counts."""
    work = links[0].document.work if links else Work()
    return Subschema(Document(schema, links, (identity(schema), links), work=work))


def exact(value: float) -> Fraction:
    """Return the number as written: 0.1 is a tenth."""
    return Fraction(repr(value))


def identity(value: Json) -> object:
    """Return a hashable value that is equal for equal JSON values: 1 equals 1.0, but not true."""
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(inner)) for name, inner in value.items()))
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
