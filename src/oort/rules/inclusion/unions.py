"""Schemas as unions of disjuncts: the keywords that refer and combine are multiplied out, so that what is left of each
schema constrains values by itself. Read by `shapes`, which says what the disjuncts mean for one JSON type.

What is not understood is kept as a token. A disjunct with tokens may admit too much; on the right, where it would have to
admit too little, it counts only for what has the same tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from oort.rules.inclusion import complements, dependents, distinct, membership
from oort.rules.inclusion.documents import Place, literal

Node: TypeAlias = frozenset[Place]  # what satisfies all of them
ANYTHING: Node = frozenset()
NOTHING: Node = frozenset({literal({"enum": []})})
_WIDEST = 200  # disjuncts of one schema; a table of cases in the wild has tens
_ELSEWHERE = frozenset(
    {
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "$defs",
        "definitions",
        "$schema",
    }
)
_PIECES = 8  # of one complement; one with more is kept as it is


@dataclass(frozen=True, slots=True)
class Disjunct:
    """Keywords that must all hold, schemas that must not, and tokens for what is not understood."""

    flats: Node = ANYTHING
    nots: frozenset[Node] = frozenset()
    tokens: frozenset[object] = frozenset()

    def both(self, other: "Disjunct") -> "Disjunct":
        """What satisfies the two."""
        return Disjunct(
            self.flats | other.flats, self.nots | other.nots, self.tokens | other.tokens
        )

    @property
    def excluded(self) -> list[Node]:
        """The schemas that must not hold, in an order that is always the same."""
        if len(self.nots) < 2:
            return list(self.nots)
        return sorted(self.nots, key=lambda node: [place.order for place in ordered(node)])


def ordered(node: Node) -> list[Place]:
    """The places of a node, in an order that is always the same."""
    return sorted(node, key=lambda place: place.order) if len(node) > 1 else list(node)


@dataclass(frozen=True, slots=True)
class Reading:
    """How schemas are read. `wanted`: on the right of a comparison, where too much must not be admitted."""

    wanted: bool = False

    def disjuncts(self, node: Node) -> list[Disjunct]:
        """The schema as a union."""
        found = [Disjunct()]
        for place in ordered(node):
            found = _product(found, self._of_place(place, frozenset()))
        return found

    def _of_place(self, place: Place, seen: frozenset[Place]) -> list[Disjunct]:
        if place.flat:
            return [Disjunct(frozenset({place}))]
        if place in seen:
            return [Disjunct(tokens=frozenset({object()}))]
        inside = seen | {place}
        own = (
            frozenset({replace(place, flat=True)}) if place.known.keys() - _ELSEWHERE else ANYTHING
        )
        found = [Disjunct(own, tokens=frozenset(object() for _ in place.opaque))]
        for union in self._combined(place, inside):
            found = _product(found, union)
        if place.doubtful_null:
            found.append(Disjunct(frozenset({_NULL}), tokens=frozenset({object()})))
        return found

    def _combined(self, place: Place, seen: frozenset[Place]) -> Iterator[list[Disjunct]]:
        """A union for each of the keywords that refer or combine."""
        words = place.known
        if "$ref" in words and (target := place.target()) is not None:
            yield self._of_place(target, seen)
        for arm in membership.arms(place, "allOf"):
            yield self._of_place(arm, seen)
        for word in ("anyOf", "oneOf"):
            if word in words:
                yield self._union(place, word, seen)
        if "not" in words:
            yield self._complement(place.child("not"), seen)
        if "if" in words and words.keys() & {"then", "else"}:
            yield self._cases(place, seen)
        yield from self._dependent(place, seen)

    def _union(self, place: Place, word: str, seen: frozenset[Place]) -> list[Disjunct]:
        arms = membership.arms(place, word)
        overlapping = distinct.overlapping(arms) if word == "oneOf" else [[] for _ in arms]
        found: list[Disjunct] = []
        for arm, others in zip(arms, overlapping, strict=True):
            one = self._of_place(arm, seen)
            for other in others:
                one = _product(one, [_excluding(other)])
            found += one
        return found

    def _complement(self, place: Place, seen: frozenset[Place]) -> list[Disjunct]:
        pieces = complements.pieces(place)
        if pieces is None or len(pieces) > _PIECES:
            return [_excluding(place)]
        found: list[Disjunct] = []
        for piece in pieces:
            one = [Disjunct(nots=frozenset(frozenset({other}) for other in piece.nots))]
            for must in piece.musts:
                one = _product(one, self._of_place(must, seen))
            found += one
        return found

    def _cases(self, place: Place, seen: frozenset[Place]) -> list[Disjunct]:
        condition = place.child("if")
        then, other = (
            self._of_place(place.child(word), seen) if word in place.known else [Disjunct()]
            for word in ("then", "else")
        )
        yes, no = self._of_place(condition, seen), self._complement(condition, seen)
        if not self.wanted:
            return _product(yes, then) + _product(no, other)
        return _product(
            no + then if "then" in place.known else then,
            yes + other if "else" in place.known else other,
        )

    def _dependent(self, place: Place, seen: frozenset[Place]) -> Iterator[list[Disjunct]]:
        found = dependents.needs(place)
        for need in found:
            marked = Disjunct(tokens=frozenset({need.token}))
            if len(found) > dependents.MOST or (need.doubtful and not self.wanted):
                yield [marked]
                continue
            arms = [one for arm in need.arms for one in self._of_place(arm, seen)]
            yield [*arms, marked] if self.wanted else [one.both(marked) for one in arms]


_NULL = replace(literal({"type": "null"}), flat=True)


def _product(left: list[Disjunct], right: list[Disjunct]) -> list[Disjunct]:
    if len(left) * len(right) > _WIDEST:
        return [replace(one, tokens=one.tokens | {object()}) for one in left]
    return list(dict.fromkeys(one.both(other) for one in left for other in right))


def _excluding(place: Place) -> Disjunct:
    return Disjunct(nots=frozenset({frozenset({place})}))
