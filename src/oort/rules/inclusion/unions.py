"""Schemas as unions of disjuncts: references and combinations are multiplied out.

After that, each keyword constrains values by itself. `shapes` interprets disjuncts for one JSON
type. A part that is not understood becomes a token, and a disjunct with tokens may admit too much.
On the right it must not, so it counts only for disjuncts with the same tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from oort.rules.inclusion import complements, dependents, distinct, membership
from oort.rules.inclusion.documents import Subschema, literal

Conjunction: TypeAlias = frozenset[Subschema]  # what satisfies all of them
ANYTHING: Conjunction = frozenset()
NOTHING: Conjunction = frozenset({literal({"enum": []})})
_WIDEST = 200  # disjuncts of one schema; a table of cases in the wild has tens
COMBINED = frozenset(
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
_PIECES = 16  # of one complement; one with more is kept as it is


@dataclass(frozen=True, slots=True)
class Disjunct:
    """Keywords that must all fit, schemas that must not fit, and tokens for unknown parts."""

    flats: Conjunction = ANYTHING
    nots: frozenset[Conjunction] = frozenset()
    tokens: frozenset[object] = frozenset()

    def both(self, other: "Disjunct") -> "Disjunct":
        """Return the intersection."""
        return Disjunct(
            self.flats | other.flats, self.nots | other.nots, self.tokens | other.tokens
        )

    @property
    def excluded(self) -> list[Conjunction]:
        """The schemas that must not fit, in a stable order."""
        if len(self.nots) < 2:
            return list(self.nots)
        return sorted(
            self.nots,
            key=lambda conjunction: [subschema.order for subschema in ordered(conjunction)],
        )


def meaning(conjunction: Conjunction) -> frozenset[object]:
    """Return the meanings of the subschemas. More of them admit fewer documents."""
    return frozenset(subschema.meaning for subschema in conjunction)


def ordered(conjunction: Conjunction) -> list[Subschema]:
    """Return the subschemas of a conjunction in a stable order."""
    return (
        sorted(conjunction, key=lambda subschema: subschema.order)
        if len(conjunction) > 1
        else list(conjunction)
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """Options for reading schemas.

    `wanted` is set on the right of a comparison, where a schema must not admit too much.
    """

    wanted: bool = False

    def disjuncts(self, conjunction: Conjunction) -> list[Disjunct]:
        """Return the schema as a union."""
        union = [Disjunct()]
        for subschema in ordered(conjunction):
            union = _product(union, self._of_subschema(subschema, frozenset()))
        return union

    def _of_subschema(self, subschema: Subschema, seen: frozenset[Subschema]) -> list[Disjunct]:
        if subschema.flat:
            return [Disjunct(frozenset({subschema}))]
        if subschema in seen:
            return [Disjunct(tokens=frozenset({subschema.meaning}))]
        inside = seen | {subschema}
        keywords = (
            frozenset({replace(subschema, flat=True)})
            if subschema.known.keys() - COMBINED
            else ANYTHING
        )
        union = [Disjunct(keywords, tokens=_unknown(subschema))]
        for choice in self._combined(subschema, inside):
            union = _product(union, choice)
        if subschema.doubtful_null:
            union.append(Disjunct(frozenset({_NULL}), tokens=frozenset({object()})))
        return union

    def _combined(
        self, subschema: Subschema, seen: frozenset[Subschema]
    ) -> Iterator[list[Disjunct]]:
        """Yield a union for each keyword that refers or combines."""
        words = subschema.known
        if "$ref" in words and (target := subschema.target()) is not None:
            yield self._of_subschema(target, seen)
        for arm in membership.arms(subschema, "allOf"):
            yield self._of_subschema(arm, seen)
        for word in ("anyOf", "oneOf"):
            if word in words:
                yield self._union(subschema, word, seen)
        if "not" in words:
            yield self._complement(subschema.child("not"), seen)
        if "if" in words and words.keys() & {"then", "else"}:
            yield self._cases(subschema, seen)
        yield from self._dependent(subschema, seen)

    def _union(self, subschema: Subschema, word: str, seen: frozenset[Subschema]) -> list[Disjunct]:
        arms = membership.arms(subschema, word)
        overlapping = distinct.overlapping(arms) if word == "oneOf" else [[] for _ in arms]
        union: list[Disjunct] = []
        for arm, overlaps in zip(arms, overlapping, strict=True):
            union += _product(self._of_subschema(arm, seen), [_excluding(*overlaps)])
        return union

    def _complement(self, subschema: Subschema, seen: frozenset[Subschema]) -> list[Disjunct]:
        pieces = complements.pieces(subschema)
        if pieces is None or len(pieces) > _PIECES:
            return [_excluding(subschema)]
        union: list[Disjunct] = []
        for piece in pieces:
            disjuncts = [Disjunct(nots=frozenset(frozenset({excluded}) for excluded in piece.nots))]
            for must in piece.musts:
                disjuncts = _product(disjuncts, self._of_subschema(must, seen))
            union += disjuncts
        return union

    def _cases(self, subschema: Subschema, seen: frozenset[Subschema]) -> list[Disjunct]:
        condition = subschema.child("if")
        then, otherwise = (
            self._of_subschema(subschema.child(word), seen)
            if word in subschema.known
            else [Disjunct()]
            for word in ("then", "else")
        )
        yes, no = self._of_subschema(condition, seen), self._complement(condition, seen)
        if not self.wanted:
            return _product(yes, then) + _product(no, otherwise)
        return _product(
            no + then if "then" in subschema.known else then,
            yes + otherwise if "else" in subschema.known else otherwise,
        )

    def _dependent(
        self, subschema: Subschema, seen: frozenset[Subschema]
    ) -> Iterator[list[Disjunct]]:
        needs = dependents.needs(subschema)
        for need in needs:
            marked = Disjunct(tokens=frozenset({need.token}))
            if len(needs) > dependents.MOST or (need.doubtful and not self.wanted):
                yield [marked]
                continue
            arms = [disjunct for arm in need.arms for disjunct in self._of_subschema(arm, seen)]
            yield [*arms, marked] if self.wanted else [disjunct.both(marked) for disjunct in arms]


def _unknown(subschema: Subschema) -> frozenset[object]:
    """Return a token for a schema with uncertain keywords: whatever it means, it admits the same
    documents as a schema of equal meaning."""
    return frozenset({subschema.meaning}) if subschema.opaque else frozenset()


_NULL = replace(literal({"type": "null"}), flat=True)


def _product(left: list[Disjunct], right: list[Disjunct]) -> list[Disjunct]:
    if len(left) * len(right) > _WIDEST:
        return [replace(first, tokens=first.tokens | {object()}) for first in left]
    return list(dict.fromkeys(first.both(second) for first in left for second in right))


def _excluding(*subschemas: Subschema) -> Disjunct:
    return Disjunct(nots=frozenset(frozenset({subschema}) for subschema in subschemas))
