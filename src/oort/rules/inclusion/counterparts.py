"""Reduce the inclusion of two schemas with the same keywords to inclusions of their parts.

Used by `include` before schemas are multiplied out, since wide choices make that slow. The
reduction is sound but incomplete: the whole may be included even if a part is not.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from oort.rules.inclusion import dependents, distinct, membership
from oort.rules.inclusion.documents import Subschema, literal
from oort.rules.inclusion.unions import COMBINED, NOTHING, Conjunction

_Part: TypeAlias = list[tuple[Conjunction, Conjunction]]  # one of the pairs is enough
_Parts: TypeAlias = Iterator[_Part]
_Arms: TypeAlias = list[Subschema]


def parts(left: Subschema, right: Subschema) -> _Parts:
    """Return alternatives for each part, as pairs of schemas.

    The left is within the right if each part has a pair with the first schema within the second.
    """
    return _by_word(left, right) if comparable(left, right) else iter(([],))


def comparable(left: Subschema, right: Subschema) -> bool:
    """True if a keyword of the schemas has parts to compare, and each keyword has one meaning."""
    doubtful = right.opaque or left.doubtful_null or right.doubtful_null
    combined = (left.known.keys() | right.known.keys()) & _COMBINING
    return bool(combined) and not right.flat and not doubtful


def _by_word(left: Subschema, right: Subschema) -> _Parts:
    for word in ("$ref", "allOf", "anyOf", "oneOf", "not", "if"):
        if word in right.known:
            yield from _BY_WORD[word](left, right) if word in left.known else ([],)
    yield from _needs(left, right)
    if right.known.keys() - COMBINED:
        yield _pair(replace(left, flat=True), replace(right, flat=True))


def _pair(left: Subschema, right: Subschema) -> _Part:
    return [(frozenset({left}), frozenset({right}))]


def _references(left: Subschema, right: Subschema) -> _Parts:
    mine, theirs = left.target(), right.target()
    yield [] if mine is None or theirs is None else _pair(mine, theirs)


def _all(left: Subschema, right: Subschema) -> _Parts:
    pairs, _, unmet = _matched(membership.arms(left, "allOf"), membership.arms(right, "allOf"))
    yield from ([] for _ in unmet)
    yield from (_pair(mine, theirs) for mine, theirs in pairs)


def _any(left: Subschema, right: Subschema) -> _Parts:
    pairs, unmet, _ = _matched(membership.arms(left, "anyOf"), membership.arms(right, "anyOf"))
    yield from ([] for _ in unmet)
    yield from (_pair(mine, theirs) for mine, theirs in pairs)


def _one(left: Subschema, right: Subschema) -> _Parts:
    """Yield parts that keep a value in a single arm.

    Each arm must be within its counterpart, except for values that another arm admits too. No arm
    may share values with the growth of another arm.
    """
    arms = membership.arms(left, "oneOf")
    pairs, unmet, more = _matched(arms, membership.arms(right, "oneOf"))
    changed = [(mine, theirs) for mine, theirs in pairs if mine.meaning != theirs.meaning]
    yield from ([] for _ in unmet)
    outlines = {arm: distinct.outline(arm) for arm in arms if changed or more}
    for mine, theirs in changed:
        near = [arm for arm in arms if arm != mine and not outlines[arm].apart(outlines[mine])]
        alone = {mine, *(literal({"not": {"$ref": 0}}, arm) for arm in near)}
        yield [*_pair(mine, theirs), (frozenset(alone), frozenset({theirs}))]
    grown = [(frozenset({mine}), theirs) for mine, theirs in changed]
    grown += [(NOTHING, added) for added in more]
    for before, after in grown:
        wider = distinct.outline(after)
        for arm, outline in outlines.items():
            if arm not in before and not wider.apart(outline):
                both = frozenset({arm, after})
                yield [(both, NOTHING), (both, before)]


def _not(left: Subschema, right: Subschema) -> _Parts:
    yield _pair(right.child("not"), left.child("not"))


def _cases(left: Subschema, right: Subschema) -> _Parts:
    before, after = left.child("if"), right.child("if")
    for word, condition in (("then", _pair(after, before)), ("else", _pair(before, after))):
        if word in right.known:
            yield condition
            yield _pair(left.child(word), right.child(word)) if word in left.known else []


def _needs(left: Subschema, right: Subschema) -> _Parts:
    mine = dependents.needs(left)
    for need in dependents.needs(right):
        if any(other.token == need.token for other in mine):
            continue
        same = [other for other in mine if other.name == need.name]
        certain = same and not need.doubtful and not same[0].doubtful
        yield _pair(same[0].asked, need.asked) if certain else []


def _matched(left: _Arms, right: _Arms) -> tuple[list[tuple[Subschema, Subschema]], _Arms, _Arms]:
    """Pair arms of equal meaning, then the others in their order; return also the rest."""
    free = list(right)
    pairs: list[tuple[Subschema, Subschema]] = []
    changed: _Arms = []
    for arm in left:
        same = next((other for other in free if other.meaning == arm.meaning), None)
        if same is None:
            changed.append(arm)
        else:
            pairs.append((arm, same))
            free.remove(same)
    pairs += zip(changed, free, strict=False)
    return pairs, changed[len(free) :], free[len(changed) :]


_COMBINING = COMBINED | {"dependentRequired", "dependentSchemas", "dependencies"}
_BY_WORD = {
    "$ref": _references,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
    "if": _cases,
}
