"""Compare the limits of two branches: sizes, numbers, lengths, patterns and listed values.

Used by `include`.
"""

from fractions import Fraction

from oort.rules.inclusion import membership, strings
from oort.rules.inclusion.documents import Json, identity
from oort.rules.inclusion.shapes import Branch
from oort.rules.inclusion.unions import Conjunction


def sizes_within(least: int, most: int | None, outer: Branch) -> bool:
    """True if sizes from `least` to `most` are within the limits of `outer`."""
    return outer.least <= least and (
        outer.most is None or (most is not None and most <= outer.most)
    )


def strings_within(inner: Branch, outer: Branch) -> bool:
    """True if the strings of `inner` fit `outer` by length, format and pattern."""
    if not outer.formats <= inner.formats:
        return False
    wanted = strings.required(inner.patterns, inner.formats)
    least, most = inner.least, inner.most
    is_short = least < outer.least and not strings.never(wanted, least=least, most=outer.least - 1)
    if is_short:
        return False
    if outer.most is not None and (most is None or most > outer.most):
        longer = max(least, outer.most + 1)
        if not strings.never(wanted, least=longer, most=most):
            return False
    return all(
        pattern in inner.patterns or strings.never(wanted, [pattern], least=least, most=most)
        for pattern in outer.patterns
    )


def no_text(branch: Branch) -> bool:
    """True if no string can have the lengths, the formats and the patterns."""
    wanted = strings.required(branch.patterns, branch.formats)
    return bool(wanted) and strings.never(wanted, least=branch.least, most=branch.most)


def numbers_within(inner: Branch, outer: Branch) -> bool:
    """True if the numbers of `inner` fit the limits and steps of `outer`."""
    if outer.step is not None and (
        inner.step is None or (inner.step / outer.step).denominator != 1
    ):
        return False
    return _bound(inner.low, outer.low, 1, out=(inner.low_open, outer.low_open)) and _bound(
        inner.high, outer.high, -1, out=(inner.high_open, outer.high_open)
    )


def _bound(
    mine: Fraction | None, theirs: Fraction | None, sign: int, *, out: tuple[bool, bool]
) -> bool:
    if theirs is None or mine is None:
        return theirs is None
    return (mine * sign, out[0]) >= (theirs * sign, out[1])


def remaining(branch: Branch) -> list[Json]:
    """Return the values that no exclusion removes for certain."""
    return [
        value
        for value in branch.values or ()
        if not any(
            certain(conjunction, value, spelt_whole=False) for conjunction in branch.origin.nots
        )
    ]


def certain(conjunction: Conjunction, value: Json, *, spelt_whole: bool) -> bool:
    """True if the value certainly fits the conjunction, written with integers or with floats."""
    old = not spelt_whole and any(subschema.document.draft == 4 for subschema in conjunction)
    forms = (value, _with_points(value)) if old else (value,)
    return all(membership.admits(subschema, form) for subschema in conjunction for form in forms)


def listed(branch: Branch, value: Json, options: list[Branch]) -> bool:
    """True if an option lists the value and has no token that the branch lacks."""
    return any(
        identity(value) in map(identity, option.values)
        for option in options
        if option.values is not None and option.tokens <= branch.tokens and not option.origin.nots
    )


def _with_points(value: Json) -> Json:
    if isinstance(value, list):
        return [_with_points(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _with_points(inner) for name, inner in value.items()}
    return (
        float(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
        else value
    )
