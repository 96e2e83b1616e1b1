"""Whether the bounds of one branch lie within those of another: sizes, numbers, lengths and patterns. Read by `include`."""

from fractions import Fraction
from itertools import combinations

from oort.rules.inclusion import strings
from oort.rules.inclusion.shapes import Branch


def sizes_within(least: int, most: int | None, other: Branch) -> bool:
    """Whether sizes from `least` to `most` are within those of the branch."""
    return other.least <= least and (
        other.most is None or (most is not None and most <= other.most)
    )


def strings_within(one: Branch, other: Branch) -> bool:
    """Whether the one's texts are the other's by length, format and pattern."""
    if not sizes_within(*_lengths(one), other) or not other.formats <= one.formats:
        return False
    return all(
        any(strings.implies(mine, wanted) for mine in (*one.patterns, ""))
        for wanted in other.patterns
    )


def _lengths(branch: Branch) -> tuple[int, int | None]:
    spans = [strings.lengths(pattern) for pattern in branch.patterns]
    least = max([branch.least, *(span[0] for span in spans)])
    mosts = [most for most in (branch.most, *(span[1] for span in spans)) if most is not None]
    return least, min(mosts, default=None)


def no_text(branch: Branch) -> bool:
    """Whether certainly no text has the lengths and the patterns."""
    if not branch.patterns:
        return False
    least, most = _lengths(branch)
    apart = any(strings.apart(one, other) for one, other in combinations(branch.patterns, 2))
    return apart or (most is not None and least > most)


def numbers_within(one: Branch, other: Branch) -> bool:
    """Whether the one's numbers are the other's by bounds and steps."""
    if other.step is not None and (one.step is None or (one.step / other.step).denominator != 1):
        return False
    return _bound(one.low, other.low, 1, out=(one.low_open, other.low_open)) and _bound(
        one.high, other.high, -1, out=(one.high_open, other.high_open)
    )


def _bound(
    mine: Fraction | None, theirs: Fraction | None, sign: int, *, out: tuple[bool, bool]
) -> bool:
    if theirs is None or mine is None:
        return theirs is None
    return (mine * sign, out[0]) >= (theirs * sign, out[1])
