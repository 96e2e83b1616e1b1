"""Ways to cut a branch into pieces that together are the branch, for where no single branch of the other schema holds it all.

Read by `include`. A way has a price, since each piece is compared anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from oort.rules.inclusion.documents import literal
from oort.rules.inclusion.shapes import Branch, branches, of_disjunct
from oort.rules.inclusion.unions import NOTHING, Disjunct, Node, Reading

SPENT = 12  # the most that one branch may cost
_CHEAP, _DEAR = 1, 6
_PIECES = 24
_TRIED = 3
_Way = tuple[list[Branch], int]


def ways_to_cut(branch: Branch, options: list[Branch]) -> Iterator[_Way]:
    """By a bound, by what a member or an element is, or by what one of the options excludes."""
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
    cuts = {one.most for one in options if one.most is not None} | {
        one.least - 1 for one in options if one.least
    }
    for cut in sorted(cuts):
        if branch.least <= cut and (branch.most is None or cut < branch.most):
            yield [replace(branch, most=cut), replace(branch, least=cut + 1)]
            return


def _number_pieces(branch: Branch, options: Iterable[Branch]) -> Iterator[list[Branch]]:
    cuts = {(one.high, not one.high_open) for one in options if one.high is not None}
    cuts |= {(one.low, one.low_open) for one in options if one.low is not None}
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
    """The numbers up to the cut, and those after it; `below` says that the cut itself goes to the first."""
    step = branch.step
    if step is None:
        first = replace(branch, high=cut, high_open=not below)
        return [first, replace(branch, low=cut, low_open=below)]
    floor = cut // step * step
    last = floor - step if floor == cut and not below else floor
    return [replace(branch, high=last), replace(branch, low=last + step)]


def _by_member(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """The branch by what one member is: each value, each type, or absent."""
    named = dict.fromkeys(
        name for option in options for name in (*dict(option.members), *sorted(option.required))
    )
    found = []
    for name in list(named)[:_PIECES]:
        pieces = [
            branch.with_member(name, node, present=True) for node in _parts(branch.member(name))
        ]
        pieces += (
            [] if name in branch.required else [branch.with_member(name, NOTHING, present=False)]
        )
        found.append((name, pieces))
    useful = [(name, pieces) for name, pieces in found if 1 < len(pieces) <= _PIECES]
    useful.sort(key=lambda one: one[0] not in branch.required)
    yield from (pieces for _, pieces in useful[:_TRIED])


def _by_position(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """The branch by what stands in one position: each value, each type, or nothing."""
    for number in range(min(_TRIED, max(len(option.first) for option in options))):
        least = max(branch.least, number + 1)
        pieces = [] if branch.least > number else [replace(branch, most=number)]
        for node in _parts(branch.at(number)):
            first = [
                node if other == number else branch.at(other)
                for other in range(max(len(branch.first), number + 1))
            ]
            pieces.append(replace(branch, first=tuple(first), least=least))
        if 1 < len(pieces) <= _PIECES:
            yield pieces


def _parts(node: Node) -> list[Node]:
    """A schema by its values and types."""
    found: list[Node] = []
    for one in branches(node):
        if one.values is not None:
            found += [frozenset({literal({"enum": [value]})}) for value in one.values]
        else:
            found.append(one.origin.flats | {literal({"type": one.kind})})
    return found


def _by_exclusion(branch: Branch, options: list[Branch]) -> Iterator[list[Branch]]:
    """The branch by whether it is what an option excludes."""
    wanted = dict.fromkeys(node for option in options for node in option.origin.excluded)
    for node in [one for one in wanted if one not in branch.origin.nots][:_TRIED]:
        within = [
            one
            for found in Reading().disjuncts(node)
            for one in of_disjunct(branch.origin.both(found))
        ]
        origin = Disjunct(branch.origin.flats, branch.origin.nots | {node}, branch.origin.tokens)
        yield [*(one for one in within if one.kind == branch.kind), replace(branch, origin=origin)]
