"""Which arms of a choice certainly have no value in common: told by types, values, bounds and the members that tag them.

Cheap, and read by `unions` and `complements`: where no two arms overlap, one of them is as much as any of them.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, cast

from oort.rules.inclusion import membership
from oort.rules.inclusion.documents import KINDS, Json, Place, exact, identity, is_number, kind_of

_DEEPEST = 6
_Values: TypeAlias = dict[object, Json] | None  # by identity; None if they cannot be listed
_Span: TypeAlias = tuple[
    tuple[Fraction, int] | None, tuple[Fraction, int] | None
]  # 1 is just above a bound, -1 below
_SIZES = {"string": "Length", "array": "Items", "object": "Properties"}


@dataclass(frozen=True, slots=True)
class Outline:
    """No less than what a schema admits. The tags are values of members that every object in it has."""

    kinds: frozenset[str] = frozenset(KINDS)
    values: _Values = None
    tags: dict[str, dict[object, Json]] = field(default_factory=dict)
    spans: dict[str, _Span] = field(default_factory=dict)

    def both(self, other: "Outline") -> "Outline":
        """What is in the two."""
        names = self.tags.keys() | other.tags.keys()
        tags = {name: _shared(self.tags.get(name), other.tags.get(name)) or {} for name in names}
        spans = {
            kind: _narrower(self.spans[kind], other.spans[kind])
            for kind in self.spans.keys() & other.spans.keys()
        }
        return Outline(
            self.kinds & other.kinds,
            _shared(self.values, other.values),
            tags,
            self.spans | other.spans | spans,
        )

    def either(self, other: "Outline") -> "Outline":
        """What is in one of the two."""
        values = None if self.values is None or other.values is None else self.values | other.values
        names = self.tags.keys() & other.tags.keys()
        return Outline(
            self.kinds | other.kinds,
            values,
            {name: self.tags[name] | other.tags[name] for name in names},
        )

    def apart(self, other: "Outline") -> bool:
        """Whether certainly no value is in both."""
        shared = self.kinds & other.kinds
        return _strangers(self.values, other.values) or all(
            self._apart(other, kind) for kind in shared
        )

    def _apart(self, other: "Outline", kind: str) -> bool:
        if kind == "object" and any(
            _strangers(self.tags[name], other.tags.get(name)) for name in self.tags
        ):
            return True
        mine, theirs = self.spans.get(kind, (None, None)), other.spans.get(kind, (None, None))
        return any(
            low is not None and high is not None and low > high
            for low, high in ((mine[0], theirs[1]), (theirs[0], mine[1]))
        )


def overlapping(arms: list[Place]) -> list[list[Place]]:
    """For each arm, the others that it may share values with."""
    outlines = [outline(arm) for arm in arms]
    return [
        [
            arm
            for other, arm in enumerate(arms)
            if other != number and not mine.apart(outlines[other])
        ]
        for number, mine in enumerate(outlines)
    ]


def outline(place: Place, depth: int = 0) -> Outline:
    """The outline of a schema."""
    if depth > _DEEPEST or place.doubtful_null:
        return Outline()
    words = place.known
    found = Outline(
        membership.kinds(place), _listed(words), _tags(place, words, depth), _spans(words)
    )
    if found.values is not None:
        found = found.both(Outline(frozenset(map(kind_of, found.values.values()))))
    if "$ref" in words and (target := place.target()) is not None:
        found = found.both(outline(target, depth + 1))
    for arm in membership.arms(place, "allOf"):
        found = found.both(outline(arm, depth + 1))
    for word in ("anyOf", "oneOf"):
        if word in words:
            first, *others = (outline(arm, depth + 1) for arm in membership.arms(place, word))
            for other in others:
                first = first.either(other)
            found = found.both(first)
    return found


def _listed(words: dict[str, Json]) -> _Values:
    if "enum" not in words and "const" not in words:
        return None
    listed = cast(list[Json], words["enum"]) if "enum" in words else [words["const"]]
    return {identity(value): value for value in listed}


def _tags(place: Place, words: dict[str, Json], depth: int) -> dict[str, dict[object, Json]]:
    members = cast(dict[str, Json], words.get("properties", {}))
    found: dict[str, dict[object, Json]] = {}
    for name in cast(list[str], words.get("required", [])):
        values = (
            outline(place.child("properties", name), depth + 1).values if name in members else None
        )
        found |= {} if values is None else {name: values}
    return found


def _spans(words: dict[str, Json]) -> dict[str, _Span]:
    found = {
        kind: (_bound(words, f"min{noun}", 0), _bound(words, f"max{noun}", 0))
        for kind, noun in _SIZES.items()
    }
    sides = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
    ends = []
    for word, exclusive, out in sides:
        own, other = (
            _bound(words, word, out if words.get(exclusive) is True else 0),
            _bound(words, exclusive, out),
        )
        ends.append(_tighter(own, other, sign=out))
    return found | {"number": (ends[0], ends[1])}


def _bound(words: dict[str, Json], word: str, out: int) -> tuple[Fraction, int] | None:
    said = words.get(word)
    return (exact(said), out) if is_number(said) else None


def _tighter(
    one: tuple[Fraction, int] | None, other: tuple[Fraction, int] | None, *, sign: int
) -> tuple[Fraction, int] | None:
    if one is None or other is None:
        return one or other
    return max(one, other) if sign > 0 else min(one, other)


def _narrower(one: _Span, other: _Span) -> _Span:
    return _tighter(one[0], other[0], sign=1), _tighter(one[1], other[1], sign=-1)


def _shared(one: _Values, other: _Values) -> _Values:
    if one is None or other is None:
        return other if one is None else one
    return {key: value for key, value in one.items() if key in other}


def _strangers(one: _Values, other: _Values) -> bool:
    return one is not None and other is not None and not one.keys() & other.keys()
