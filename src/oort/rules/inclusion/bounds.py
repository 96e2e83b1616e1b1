"""Compare the limits of two branches: sizes, numbers, lengths and patterns. Used by `include`."""

from fractions import Fraction
from itertools import combinations

from oort.rules.inclusion import strings
from oort.rules.inclusion.shapes import Branch


def sizes_within(least: int, most: int | None, outer: Branch) -> bool:
    """True if sizes from `least` to `most` are within the limits of `outer`."""
    return outer.least <= least and (
        outer.most is None or (most is not None and most <= outer.most)
    )


def strings_within(inner: Branch, outer: Branch) -> bool:
    """True if the strings of `inner` fit `outer` by length, format and pattern."""
    if not sizes_within(*_lengths(inner), outer) or not outer.formats <= inner.formats:
        return False
    return all(
        any(strings.implies(mine, pattern) for mine in (*inner.patterns, ""))
        for pattern in outer.patterns
    )


def _lengths(branch: Branch) -> tuple[int, int | None]:
    spans = [strings.lengths(pattern) for pattern in branch.patterns]
    least = max([branch.least, *(span[0] for span in spans)])
    mosts = [most for most in (branch.most, *(span[1] for span in spans)) if most is not None]
    return least, min(mosts, default=None)


def no_text(branch: Branch) -> bool:
    """True if no string can have the lengths and the patterns."""
    if not branch.patterns:
        return False
    least, most = _lengths(branch)
    apart = any(strings.apart(left, right) for left, right in combinations(branch.patterns, 2))
    return apart or (most is not None and least > most)


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
