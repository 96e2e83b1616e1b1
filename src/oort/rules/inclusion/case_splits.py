"""Split a branch into pieces, for when no single branch of the other schema includes it.

Used by `include`. Each split has a cost, since every piece needs a comparison.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from oort.rules.inclusion.documents import literal
from oort.rules.inclusion.shapes import Branch, branches, of_disjunct
from oort.rules.inclusion.unions import NOTHING, Conjunction, Disjunct, Reading

SPENT = 12  # the most that one branch may cost
_CHEAP, _DEAR = 1, 6
_PIECES = 24
_TRIED = 3
_Way = tuple[list[Branch], int]


def ways_to_cut(branch: Branch, options: list[Branch]) -> Iterator[_Way]:
    """Yield splits by a limit, by a member or an element, or by an exclusion of an option."""
    if branch.kind == "number":
        yield from ((pieces, _CHEAP) for pieces in _number_pieces(branch, options))
    else:
        yield from ((pieces, _CHEAP) for pieces in _size_pieces(branch, options))
    if branch.kind == "object":
        yield from ((pieces, _DEAR) for pieces in _by_member(branch, options))
    elif branch.kind == "array":
        yield from ((pieces, _DEAR) for pieces in _by_position(branch, options))
    yield from ((pieces, _DEAR) for pieces in _by_exclusion(branch, options))


def _size_pieces(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    cuts = {option.most for option in options if option.most is not None} | {
        option.least - 1 for option in options if option.least
    }
    for cut in sorted(cuts):
        if branch.least <= cut and (branch.most is None or cut < branch.most):
            yield [replace(branch, most=cut), replace(branch, least=cut + 1)]
            return


def _number_pieces(branch: Branch, options: Iterable[Branch]) -> Iterator[list[Branch]]:
    cuts = {(option.high, not option.high_open) for option in options if option.high is not None}
    cuts |= {(option.low, option.low_open) for option in options if option.low is not None}
    for cut, below in sorted(cuts):
        inside = (branch.low is None or branch.low <= cut) and (
            branch.high is None or cut <= branch.high
        )
        if (
            inside
            and (branch.low, branch.low_open) != (cut, below)
            and (branch.high, not branch.high_open) != (cut, below)
        ):
            yield _cut(branch, cut, below=below)
            return


def _cut(branch: Branch, cut: Fraction, *, below: bool) -> list[Branch]:
    """Split numbers at `cut`. With `below`, the cut itself belongs to the first piece."""
    step = branch.step
    if step is None:
        first = replace(branch, high=cut, high_open=not below)
        return [first, replace(branch, low=cut, low_open=below)]
    floor = cut // step * step
    last = floor - step if floor == cut and not below else floor
    return [replace(branch, high=last), replace(branch, low=last + step)]


def _by_member(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """Split by one member: each value, each type, or absent."""
    named = dict.fromkeys(
        name for option in options for name in (*option.members, *sorted(option.required))
    )
    candidates = []
    for name in list(named)[:_PIECES]:
        pieces = [
            branch.with_member(name, conjunction, present=True)
            for conjunction in _parts(branch.member(name))
        ]
        pieces += (
            [] if name in branch.required else [branch.with_member(name, NOTHING, present=False)]
        )
        candidates.append((name, pieces))
    useful = [(name, pieces) for name, pieces in candidates if 1 < len(pieces) <= _PIECES]
    useful.sort(key=lambda entry: entry[0] not in branch.required)
    yield from (pieces for _, pieces in useful[:_TRIED])


def _by_position(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """Split by one array position: each value, each type, or absent."""
    for number in range(min(_TRIED, max(len(option.first) for option in options))):
        least = max(branch.least, number + 1)
        pieces = [] if branch.least > number else [replace(branch, most=number)]
        for conjunction in _parts(branch.at(number)):
            first = [
                conjunction if index == number else branch.at(index)
                for index in range(max(len(branch.first), number + 1))
            ]
            pieces.append(replace(branch, first=tuple(first), least=least))
        if 1 < len(pieces) <= _PIECES:
            yield pieces


def _parts(conjunction: Conjunction) -> list[Conjunction]:
    """Split a schema by its values and types."""
    parts: list[Conjunction] = []
    for branch in branches(conjunction):
        if branch.values is not None:
            parts += [frozenset({literal({"enum": [value]})}) for value in branch.values]
        else:
            parts.append(branch.origin.flats | {literal({"type": branch.kind})})
    return parts


def _by_exclusion(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """Split by a schema that an option excludes."""
    exclusions = dict.fromkeys(
        conjunction for option in options for conjunction in option.origin.excluded
    )
    for conjunction in [piece for piece in exclusions if piece not in branch.origin.nots][:_TRIED]:
        within = [
            piece
            for disjunct in Reading().disjuncts(conjunction)
            for piece in of_disjunct(branch.origin.both(disjunct))
        ]
        origin = Disjunct(
            branch.origin.flats, branch.origin.nots | {conjunction}, branch.origin.tokens
        )
        yield [
            *(piece for piece in within if piece.kind == branch.kind),
            replace(branch, origin=origin),
        ]
