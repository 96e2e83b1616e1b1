"""Find arms of a choice that cannot share a value, by types, values, limits and tag members.

Used by `unions` and `complements`. The check is cheap. If no two arms overlap, `oneOf` equals
`anyOf`.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, cast

from oort.rules.inclusion import membership
from oort.rules.inclusion.documents import (
    KINDS,
    Json,
    Subschema,
    exact,
    identity,
    is_number,
    kind_of,
)
from oort.rules.inclusion.keywords import holds_meaning

_DEEPEST = 6
_OPEN = ("properties", "patternProperties")  # maps of schemas
_Values: TypeAlias = dict[object, Json] | None  # by identity; None if they cannot be listed
# 1 is just above a bound, -1 below.
_Span: TypeAlias = tuple[tuple[Fraction, int] | None, tuple[Fraction, int] | None]
_SIZES = {"string": "Length", "array": "Items", "object": "Properties"}


@dataclass(frozen=True, slots=True)
class Names:
    """The names that every object must have, that none has, and all possible names if listed."""

    needed: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None

    def both(self, beside: "Names") -> "Names":
        """Return the names for objects of both."""
        allowed = self.allowed if beside.allowed is None else beside.allowed
        if self.allowed is not None and beside.allowed is not None:
            allowed = self.allowed & beside.allowed
        return Names(self.needed | beside.needed, self.barred | beside.barred, allowed)

    def either(self, beside: "Names") -> "Names":
        """Return the names for objects of one of the two."""
        open_ended = self.allowed is None or beside.allowed is None
        allowed = None if open_ended else frozenset(self.allowed or ()) | (beside.allowed or set())
        return Names(self.needed & beside.needed, self.barred & beside.barred, allowed)

    def refuses(self, beside: "Names") -> bool:
        """True if these objects cannot have a name that the others must have."""
        beyond = frozenset() if self.allowed is None else beside.needed - self.allowed
        return bool(beyond or beside.needed & self.barred)


@dataclass(frozen=True, slots=True)
class Outline:
    """A superset of a schema's values. `tags` are the values of members that every object must
    have."""

    kinds: frozenset[str] = frozenset(KINDS)
    values: _Values = None
    tags: dict[str, dict[object, Json]] = field(default_factory=dict)
    spans: dict[str, _Span] = field(default_factory=dict)
    names: Names = Names()

    def both(self, beside: "Outline") -> "Outline":
        """Return the intersection."""
        names = self.tags.keys() | beside.tags.keys()
        tags = {name: _shared(self.tags.get(name), beside.tags.get(name)) or {} for name in names}
        spans = {
            kind: _narrower(self.spans[kind], beside.spans[kind])
            for kind in self.spans.keys() & beside.spans.keys()
        }
        return Outline(
            self.kinds & beside.kinds,
            _shared(self.values, beside.values),
            tags,
            self.spans | beside.spans | spans,
            self.names.both(beside.names),
        )

    def either(self, beside: "Outline") -> "Outline":
        """Return the union."""
        values = (
            None if self.values is None or beside.values is None else self.values | beside.values
        )
        names = self.tags.keys() & beside.tags.keys()
        return Outline(
            self.kinds | beside.kinds,
            values,
            {name: self.tags[name] | beside.tags[name] for name in names},
            names=self._names_of_either(beside),
        )

    def _names_of_either(self, beside: "Outline") -> Names:
        if "object" not in self.kinds or "object" not in beside.kinds:
            return beside.names if "object" in beside.kinds else self.names
        return self.names.either(beside.names)

    def apart(self, beside: "Outline") -> bool:
        """True if no value can be in both."""
        shared = self.kinds & beside.kinds
        return _strangers(self.values, beside.values) or all(
            self._apart(beside, kind) for kind in shared
        )

    def _apart(self, beside: "Outline", kind: str) -> bool:
        if kind == "object" and any(
            _strangers(self.tags[name], beside.tags.get(name)) for name in self.tags
        ):
            return True
        if kind == "object" and (
            self.names.refuses(beside.names) or beside.names.refuses(self.names)
        ):
            return True
        mine, theirs = self.spans.get(kind, (None, None)), beside.spans.get(kind, (None, None))
        return any(
            low is not None and high is not None and low > high
            for low, high in ((mine[0], theirs[1]), (theirs[0], mine[1]))
        )


def overlapping(arms: list[Subschema]) -> list[list[Subschema]]:
    """Return for each arm the further arms that may share values with it."""
    outlines = [outline(arm) for arm in arms]
    return [
        [
            arm
            for index, arm in enumerate(arms)
            if index != number and not mine.apart(outlines[index])
        ]
        for number, mine in enumerate(outlines)
    ]


def outline(subschema: Subschema, depth: int = 0) -> Outline:
    """Return the outline of a schema."""
    if depth > _DEEPEST or subschema.doubtful_null:
        return Outline()
    words = subschema.known
    result = Outline(
        membership.kinds(subschema),
        _listed(words),
        _tags(subschema, words, depth),
        _spans(words),
        _names(subschema, words),
    )
    if result.values is not None:
        result = result.both(Outline(frozenset(map(kind_of, result.values.values()))))
    if "$ref" in words and (target := subschema.target()) is not None:
        result = result.both(outline(target, depth + 1))
    for arm in membership.arms(subschema, "allOf"):
        result = result.both(outline(arm, depth + 1))
    for word in ("anyOf", "oneOf"):
        if word in words:
            first, *more = (outline(arm, depth + 1) for arm in membership.arms(subschema, word))
            for alternative in more:
                first = first.either(alternative)
            result = result.both(first)
    return result


def _listed(words: dict[str, Json]) -> _Values:
    if "enum" not in words and "const" not in words:
        return None
    listed = cast(list[Json], words["enum"]) if "enum" in words else [words["const"]]
    return {identity(value): value for value in listed}


def _tags(
    subschema: Subschema, words: dict[str, Json], depth: int
) -> dict[str, dict[object, Json]]:
    members = cast(dict[str, Json], words.get("properties", {}))
    tags: dict[str, dict[object, Json]] = {}
    for name in cast(list[str], words.get("required", [])):
        values = (
            outline(subschema.child("properties", name), depth + 1).values
            if name in members
            else None
        )
        tags |= {} if values is None else {name: values}
    return tags


def _names(subschema: Subschema, words: dict[str, Json]) -> Names:
    members = cast(dict[str, Json], words.get("properties", {}))
    barred = frozenset(name for name, member in members.items() if member is False)
    beyond = subschema.beyond("additionalProperties")
    closed = beyond is not None and beyond.value is False and not words.get("patternProperties")
    needed = frozenset(cast(list[str], words.get("required", [])))
    barred |= _barred(subschema.child("not")) if "not" in words else frozenset()
    return Names(needed, barred, frozenset(members) if closed else None)


def _barred(excluded: Subschema) -> frozenset[str]:
    """Return names that every object lacks outside of the schema, if the schema only asks for names."""
    if excluded.opaque or "$ref" in excluded.known:
        return frozenset()
    asking = {
        word: value
        for word, value in excluded.known.items()
        if holds_meaning(word)
        and not (word in _OPEN and _asks_nothing(value))
        and not (word == "additionalProperties" and (value is True or value == {}))
    }
    if asking.keys() == {"anyOf"}:
        return frozenset().union(*map(_barred, membership.arms(excluded, "anyOf")))
    needed = cast(list[str], asking.get("required", []))
    only_objects = asking.keys() <= {"required", "type"} and "object" in membership.kinds(excluded)
    return frozenset(needed) if only_objects and len(needed) == 1 else frozenset()


def _asks_nothing(value: Json) -> bool:
    members = cast(dict[str, Json], value)
    return all(member is True or member == {} for member in members.values())


def _spans(words: dict[str, Json]) -> dict[str, _Span]:
    spans = {
        kind: (_bound(words, f"min{noun}", 0), _bound(words, f"max{noun}", 0))
        for kind, noun in _SIZES.items()
    }
    sides = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
    ends = []
    for word, exclusive, out in sides:
        inclusive, exclusive_bound = (
            _bound(words, word, out if words.get(exclusive) is True else 0),
            _bound(words, exclusive, out),
        )
        ends.append(_tighter(inclusive, exclusive_bound, sign=out))
    return spans | {"number": (ends[0], ends[1])}


def _bound(words: dict[str, Json], word: str, out: int) -> tuple[Fraction, int] | None:
    value = words.get(word)
    return (exact(value), out) if is_number(value) else None


def _tighter(
    left: tuple[Fraction, int] | None, right: tuple[Fraction, int] | None, *, sign: int
) -> tuple[Fraction, int] | None:
    if left is None or right is None:
        return left or right
    return max(left, right) if sign > 0 else min(left, right)


def _narrower(left: _Span, right: _Span) -> _Span:
    return _tighter(left[0], right[0], sign=1), _tighter(left[1], right[1], sign=-1)


def _shared(left: _Values, right: _Values) -> _Values:
    if left is None or right is None:
        return right if left is None else left
    return {key: value for key, value in left.items() if key in right}


def _strangers(left: _Values, right: _Values) -> bool:
    return left is not None and right is not None and not left.keys() & right.keys()
