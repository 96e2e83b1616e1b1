"""Compare the content of two documents without what cannot matter, and number equal schemas alike.

Used by `verdicts`. `shared` also measures the way from each schema to the nearest change, along which
a search for a counter-example goes first. Annotations and unknown keywords do not matter, nor does the order of `required`,
`enum` and a list of types. A part to which a reference leads always counts.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast
from urllib.parse import urljoin, urlsplit

from oort.rules.inclusion.documents import Json, Steps, declared_draft, identity, pointed
from oort.rules.inclusion.keywords import holds_meaning

_MAPS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions"}
    | {"dependentSchemas", "dependencies"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
_SINGLE = frozenset(
    {"items", "additionalItems", "contains", "unevaluatedItems", "not", "if", "then", "else"}
    | {"additionalProperties", "unevaluatedProperties", "propertyNames"}
)
_SETS = frozenset({"required", "enum", "type"})
_IDS = frozenset({"$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"})
_ELSEWHERE = frozenset({"$dynamicRef", "$recursiveRef"})
_KEPT = _IDS | _ELSEWHERE | {"$ref", "$schema", "$vocabulary", "$defs", "definitions"}
_NOTES = frozenset(
    {"title", "description", "default", "example", "examples", "$comment", "deprecated"}
    | {"readOnly", "writeOnly"}
)
_ASIDE = ("$defs", "definitions")  # no part of a value stands for what is below
_Numbers: TypeAlias = dict[object, int]


@dataclass(frozen=True, slots=True)
class Content:
    """The schemas of a document, by their steps.

    Schemas of equal meaning in two documents have equal numbers. A schema that refers to something
    different in the two documents has no number.
    """

    numbers: dict[Steps, int]
    distances: dict[Steps, int]
    doubtful: bool  # keywords stand beside a `$ref`, and no draft says if they count


def shared(left: Json, right: Json) -> tuple[Content, Content] | None:
    """Return the content of two documents; None if they have the same meaning."""
    numbers: _Numbers = {}
    first, second = _Walk(left, numbers), _Walk(right, numbers)
    if first.root == second.root:
        return None
    alike = _alike(first, second)
    return first.content(second, alike), second.content(first, alike)


def _alike(first: "_Walk", second: "_Walk") -> frozenset[str] | None:
    """Return the references that lead to equal schemas in both documents.

    None if equal keywords may have different meanings in the two documents.
    """
    if first.nested or second.nested or first.identifier != second.identifier:
        return None
    if declared_draft(first.document) != declared_draft(second.document):
        return None
    both = first.every & second.every
    outside = {reference for reference in both if _leads_outside(reference, first.identifier)}
    alike = {
        reference: number
        for reference in both
        if (number := first.target(reference)) is not None and number == second.target(reference)
    }
    while True:
        broken = [
            reference
            for reference, number in alike.items()
            if not first.references[number] <= alike.keys() | outside
        ]
        if not broken:
            return frozenset(alike.keys() | outside)
        for reference in broken:
            del alike[reference]


@dataclass(slots=True)
class _Walk:
    """One walk over a document. Equal content has equal numbers in all walks of a comparison."""

    document: Json
    numbers: _Numbers
    root: int = 0
    nested: bool = False
    identifier: str = ""
    schemas: dict[Steps, int] = field(default_factory=dict)
    references: dict[int, frozenset[str]] = field(default_factory=dict)
    every: frozenset[str] = frozenset()
    _on_the_way: set[Steps] = field(default_factory=set)
    _targets: set[Steps] = field(default_factory=set)
    _words: set[str] = field(default_factory=set)
    _leads: dict[Steps, str] = field(default_factory=dict)
    _beside: bool = False

    def __post_init__(self) -> None:
        self.every = frozenset(_references(self.document))
        self._targets = {steps for name in self.every if (steps := pointed(name)) is not None}
        self._on_the_way = {
            steps[:size] for steps in self._targets for size in range(1, len(steps) + 1)
        }
        self._words = {step for steps in self._on_the_way for step in steps}
        if isinstance(self.document, dict):
            name = self.document.get("$id", self.document.get("id"))
            self.identifier = name if isinstance(name, str) else ""
        self.root = self._schema(self.document, ())
        if self.nested:  # pointers may start elsewhere
            self.root = self._schema(self.document, ())

    def content(self, other: "_Walk", alike: frozenset[str] | None) -> Content:
        """Return the schemas with the numbers that count, for the references that are alike."""
        numbers = {
            steps: number
            for steps, number in self.schemas.items()
            if alike is not None and self.references[number] <= alike
        }
        leads = (
            (steps, target)
            for steps, reference in self._leads.items()
            if (target := pointed(reference)) is not None
        )
        doubtful = self._beside and declared_draft(self.document) is None
        return Content(numbers, _distances(self.schemas, other.schemas, leads), doubtful)

    def target(self, reference: str) -> int | None:
        """Return the number of the schema to which a reference leads; None if it leads outside."""
        steps = pointed(reference)
        return None if steps is None else self.schemas.get(steps)

    def _number(self, content: object, references: Iterable[str]) -> int:
        number = self.numbers.setdefault(content, len(self.numbers))
        self.references.setdefault(number, frozenset(references))
        return number

    def _schema(self, value: Json, steps: Steps) -> int:
        if not isinstance(value, dict):
            number = self._number(identity(value), ())
            self.schemas[steps] = number
            return number
        if steps and any(isinstance(value.get(word), str) for word in _IDS):
            self.nested = True
        parts: dict[str, int] = {}
        for word, inner in value.items():
            here = (*steps, word)
            if word in _KEPT or holds_meaning(word) or self._is_meant(word, inner, here):
                parts[word] = self._keyword(word, inner, here)
        inside = frozenset[str]().union(*(self.references[number] for number in parts.values()))
        if isinstance(value.get("$ref"), str):
            self._leads[steps] = cast(str, value["$ref"])
            self._beside |= any(map(holds_meaning, value))
            inside |= {self._leads[steps]}
        if value.keys() & _ELSEWHERE:
            inside |= _ELSEWHERE
        number = self._number(("schema", frozenset(parts.items())), inside)
        self.schemas[steps] = number
        return number

    def _is_meant(self, word: str, value: Json, steps: Steps) -> bool:
        """True if a reference may lead into an unknown keyword or an annotation."""
        if word not in _NOTES and _has_names(value):
            self.nested = True
        if steps in self._on_the_way:
            return True
        return self.nested and (word not in _NOTES or word in self._words)

    def _keyword(self, word: str, value: Json, steps: Steps) -> int:
        if isinstance(value, dict) and word in _MAPS:
            return self._map(value, steps, schemas=True)
        if isinstance(value, list) and word in _LISTS:
            return self._list(value, steps, schemas=True)
        if isinstance(value, dict | bool) and word in _SINGLE:
            return self._schema(value, steps)
        if isinstance(value, list) and word in _SETS:
            return self._number(("set", frozenset(map(identity, value))), ())
        return self._plain(value, steps)

    def _plain(self, value: Json, steps: Steps) -> int:
        """Number a value that is no schema, but for the places to which a reference leads."""
        if steps in self._on_the_way:
            if steps in self._targets:
                return self._schema(value, steps)
            if isinstance(value, dict):
                return self._map(value, steps, schemas=False)
            if isinstance(value, list):
                return self._list(value, steps, schemas=False)
        return self._number(identity(value), ())

    def _map(self, value: dict[str, Json], steps: Steps, *, schemas: bool) -> int:
        walk = self._schema if schemas else self._plain
        parts = {name: walk(inner, (*steps, name)) for name, inner in value.items()}
        return self._number(("map", frozenset(parts.items())), self._inside(parts.values()))

    def _list(self, value: list[Json], steps: Steps, *, schemas: bool) -> int:
        walk = self._schema if schemas else self._plain
        parts = [walk(inner, (*steps, str(place))) for place, inner in enumerate(value)]
        return self._number(("list", tuple(parts)), self._inside(parts))

    def _inside(self, parts: Iterable[int]) -> frozenset[str]:
        return frozenset[str]().union(*(self.references[number] for number in parts))


def _leads_outside(reference: str, identifier: str) -> bool:
    """True for a reference to another document: the same one, wherever the reference stands."""
    page = urljoin(identifier, reference).partition("#")[0]
    return bool(urlsplit(page).scheme) and page != identifier.partition("#")[0]


def _distances(
    numbers: Mapping[Steps, int], others: Mapping[Steps, int], leads: Iterable[tuple[Steps, Steps]]
) -> dict[Steps, int]:
    """Return the number of schemas between each schema and a change, if a way leads there.

    `numbers` are equal for equal schemas of the two documents. `leads` are references: from a
    schema to another.
    """
    changed = {steps for steps, number in numbers.items() if others.get(steps) != number}
    around = {steps[:size] for steps in changed for size in range(len(steps))}
    before: dict[Steps, list[Steps]] = {}
    for source, target in leads:
        before.setdefault(target, []).append(source)
    nearest: dict[Steps, int] = {}
    waiting = deque((steps, 0) for steps in sorted(changed - around))
    while waiting:
        steps, distance = waiting.popleft()
        if steps in nearest:
            continue
        nearest[steps] = distance
        outer = _outer(steps, numbers)
        nexts = before.get(steps, []) if outer is None else [outer, *before.get(steps, [])]
        waiting.extend((further, distance + 1) for further in nexts)
    return nearest


def _outer(steps: Steps, numbers: Mapping[Steps, int]) -> Steps | None:
    """Return the schema that has this schema as a part; None for the root and for definitions."""
    for size in range(len(steps) - 1, -1, -1):
        if steps[size] in _ASIDE and steps[:size] in numbers:
            return None
        if steps[:size] in numbers:
            return steps[:size]
    return None


def _references(value: Json) -> Iterator[str]:
    """Yield every text after `$ref`, also in places that are no schemas."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                yield reference
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _has_names(value: Json) -> bool:
    """True if a part of the value may be a schema with a name of its own, for references."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if any(isinstance(value.get(word), str) for word in _IDS):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
