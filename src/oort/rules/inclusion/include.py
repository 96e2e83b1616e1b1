"""Whether everything valid under one schema is certainly valid under another. It says yes by sound rules only; its no
means "not proven", and a witness has to be looked for.

Recursive schemas are proven by assuming what is being proven, for smaller values: an assumption counts only after a step
into a member or an element.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from oort.rules.inclusion import membership, texts
from oort.rules.inclusion.documents import Json, literal
from oort.rules.inclusion.shapes import NOTHING, Branch, Disjunct, Node, branches, disjuncts, of_disjunct

_BUDGET = 6000  # comparisons of two schemas, a second or so; then the answer is "not proven"
_DEEPEST = 30
_SPLITS = 6
_PIECES = 24
_STRING: Node = frozenset({literal({"type": "string"})})
_Pair = tuple[Node, Node]


@dataclass(slots=True)
class Prover:
    """One proof and what was found out on the way. `stuck` points to the schema on the right where it failed first."""

    stuck: str | None = None
    _steps: int = 0
    _proven: dict[_Pair, int] = field(default_factory=dict)
    _trail: list[_Pair] = field(default_factory=list)
    _refused: set[_Pair] = field(default_factory=set)
    _active: dict[_Pair, int] = field(default_factory=dict)
    _emptying: set[Node] = field(default_factory=set)

    def includes(self, left: Node, right: Node, level: int = 0) -> bool:
        """Whether the left is a part of the right. `level` counts the steps into values."""
        pair = (left, right)
        if right <= left or (pair in self._proven and self._proven[pair] <= level):
            return True
        if pair in self._active:
            return self._active[pair] < level
        self._steps += 1
        if pair in self._refused or level > _DEEPEST or self._steps > _BUDGET:
            return False
        before, mark = self.stuck, len(self._trail)
        self._active[pair] = level
        options = branches(right)
        proven = all(self._covered(one, right, options, level, _SPLITS) for one in branches(left))
        del self._active[pair]
        self._remember(pair, level, mark, proven=proven)
        self.stuck = before if proven else self.stuck if self.stuck is not None else _pointer(right)
        return proven

    def _remember(self, pair: _Pair, level: int, mark: int, *, proven: bool) -> None:
        if proven:
            self._proven[pair] = level
            self._trail.append(pair)
            return
        self._refused.add(pair)
        for late in self._trail[mark:]:  # they may rest on the assumption that has just failed
            self._proven.pop(late, None)
        del self._trail[mark:]

    def _covered(self, branch: Branch, right: Node, options: list[Branch], level: int, splits: int) -> bool:
        if self._empty(branch, level):
            return True
        if branch.values is not None:
            left = _remaining(branch)
            return all(membership.every([membership.admits(one, value) for one in right]) for value in left)
        same = [one for one in options if one.kind == branch.kind]
        if any(self._within(branch, one, level) for one in same):
            return True
        if splits <= 0 or len(same) < 2 or self._steps > _BUDGET:
            return False
        return any(
            all(self._covered(piece, right, same, level, splits - cost) for piece in pieces)
            for pieces, cost in _splits(branch, same)
        )

    def _within(self, one: Branch, other: Branch, level: int) -> bool:
        self._steps += 1
        if other.values is not None or not other.tokens <= one.tokens:
            return False
        if not all(self._excluded(one, node, level) for node in other.origin.nots):
            return False
        if one.kind == "number":
            return _numbers(one, other)
        if one.kind == "string":
            return _strings(one, other)
        return self._arrays(one, other, level) if one.kind == "array" else self._objects(one, other, level)

    def _excluded(self, branch: Branch, node: Node, level: int) -> bool:
        """Whether nothing of the branch is in the node."""
        if any(self.includes(node, one, level) for one in branch.origin.nots):
            return True
        shared = [one for found in disjuncts(node) for one in of_disjunct(branch.origin.both(found))]
        return all(self._empty(one, level) for one in shared if one.kind == branch.kind)

    def _empty(self, branch: Branch, level: int) -> bool:
        """Whether certainly no value is in the branch."""
        if branch.values is not None:
            return not _remaining(branch)
        if branch.kind == "array" and self._no_array(branch, level):
            return True
        if branch.kind == "object" and self._no_object(branch, level):
            return True
        bare = replace(branch, origin=Disjunct(branch.origin.flats))
        return any(self._covered(bare, node, branches(node), level, 0) for node in branch.origin.nots)

    def _no_array(self, branch: Branch, level: int) -> bool:
        if branch.unique and not branch.first:
            kept = branches(branch.rest)
            if (
                all(one.values is not None for one in kept)
                and sum(len(one.values or ()) for one in kept) < branch.least
            ):
                return True
        return any(self._nothing(branch.at(number), level) for number in range(min(branch.least, 64)))

    def _no_object(self, branch: Branch, level: int) -> bool:
        if any(_forbidden(branch, name) or self._nothing(branch.member(name), level) for name in branch.required):
            return True
        if branch.most is not None and len(branch.required) > branch.most:
            return True
        return branch.least > len(branch.members) and self._closed(branch, level)

    def _nothing(self, node: Node, level: int) -> bool:
        if node in self._emptying or level > _DEEPEST:
            return False
        self._emptying.add(node)
        found = all(self._empty(one, level + 1) for one in branches(node))
        self._emptying.discard(node)
        return found

    def _closed(self, branch: Branch, level: int) -> bool:
        return self._nothing(branch.rest, level) and all(self._nothing(node, level) for _, node in branch.matching)

    def _arrays(self, one: Branch, other: Branch, level: int) -> bool:
        count = max(len(one.first), len(other.first))
        most = one.most
        ends = [number for number in range(count + 1) if self._nothing(one.at(number), level)]
        if ends and (most is None or ends[0] < most):
            most = ends[0]
        if not _sizes(one.least, most, other) or (other.unique and not one.unique and (most is None or most > 1)):
            return False
        held = range(count + 1 if most is None else min(count + 1, most))
        return all(self.includes(one.at(number), other.at(number), level + 1) for number in held)

    def _objects(self, one: Branch, other: Branch, level: int) -> bool:
        closed = self._closed(one, level)
        names = [name for name, _ in (*one.members, *other.members)]
        most = len(one.members) if closed and one.most is None else one.most
        if not other.required <= one.required or not _sizes(max(one.least, len(one.required)), most, other):
            return False
        if not self._names(one, other, level, closed=closed):
            return False
        for name in dict.fromkeys(names):
            if _forbidden(one, name):
                continue
            if other.unclear(name) or not self.includes(one.member(name), other.member(name), level + 1):
                return False
        return closed or all(self.includes(mine, theirs, level + 1) for mine, theirs in _others(one, other))

    def _names(self, one: Branch, other: Branch, level: int, *, closed: bool) -> bool:
        if not other.names or self.includes(one.names | _STRING, other.names, level + 1):
            return True
        return closed and all(
            membership.every([membership.admits(place, name) for place in other.names]) for name, _ in one.members
        )


def _pointer(node: Node) -> str:
    return min((place.pointer for place in node), key=lambda pointer: (-len(pointer), pointer), default="")


def _remaining(branch: Branch) -> list[Json]:
    """The values that no `not` takes away for certain."""
    return [
        value
        for value in branch.values or ()
        if not any(membership.every([membership.admits(one, value) for one in node]) for node in branch.origin.nots)
    ]


def _forbidden(branch: Branch, name: str) -> bool:
    return any(membership.admits(place, name) is False for place in branch.names)


def _others(one: Branch, other: Branch) -> Iterator[_Pair]:
    """What must be included in what, for the names that neither lists."""
    ours, theirs = dict(one.matching), dict(other.matching)
    for pattern, node in ours.items():
        yield node, theirs.get(pattern, other.rest)
        yield from ((node, wanted) for wanting, wanted in theirs.items() if wanting != pattern)
    yield one.rest, other.rest
    yield from ((one.rest, wanted) for pattern, wanted in theirs.items() if pattern not in ours)


def _sizes(least: int, most: int | None, other: Branch) -> bool:
    return other.least <= least and (other.most is None or (most is not None and most <= other.most))


def _strings(one: Branch, other: Branch) -> bool:
    spans = [texts.lengths(pattern) for pattern in one.patterns]
    least = max([one.least, *(span[0] for span in spans)])
    mosts = [most for most in (one.most, *(span[1] for span in spans)) if most is not None]
    if not _sizes(least, min(mosts, default=None), other) or not other.formats <= one.formats:
        return False
    return all(any(texts.implies(mine, wanted) for mine in (*one.patterns, "")) for wanted in other.patterns)


def _numbers(one: Branch, other: Branch) -> bool:
    if other.step is not None and (one.step is None or (one.step / other.step).denominator != 1):
        return False
    return _bound(one.low, other.low, 1, out=(one.low_open, other.low_open)) and _bound(
        one.high, other.high, -1, out=(one.high_open, other.high_open)
    )


def _bound(mine: Fraction | None, theirs: Fraction | None, sign: int, *, out: tuple[bool, bool]) -> bool:
    if theirs is None or mine is None:
        return theirs is None
    return (mine * sign, out[0]) >= (theirs * sign, out[1])


def _splits(branch: Branch, options: list[Branch]) -> Iterator[tuple[list[Branch], int]]:
    """Ways to cut a branch into pieces that together are the branch, each with its price."""
    if branch.kind == "number":
        yield from ((pieces, 1) for pieces in _number_pieces(branch, options))
        return
    if branch.kind == "object":
        named = dict.fromkeys(name for option in options for name, _ in option.members)
        found = ((name, _member_pieces(branch, name)) for name in list(named)[:_PIECES])
        useful = [(name, pieces) for name, pieces in found if 1 < len(pieces) <= _PIECES]
        useful.sort(key=lambda one: one[0] not in branch.required)
        yield from ((pieces, 3) for _, pieces in useful[:3])
        return
    cuts = {one.most for one in options if one.most is not None} | {one.least - 1 for one in options if one.least}
    for cut in sorted(cuts):
        if branch.least <= cut and (branch.most is None or cut < branch.most):
            yield [replace(branch, most=cut), replace(branch, least=cut + 1)], 1
            return


def _number_pieces(branch: Branch, options: Iterable[Branch]) -> Iterator[list[Branch]]:
    cuts = {(one.high, not one.high_open) for one in options if one.high is not None}
    cuts |= {(one.low, one.low_open) for one in options if one.low is not None}
    for cut, below in sorted(cuts):
        inside = (branch.low is None or branch.low <= cut) and (branch.high is None or cut <= branch.high)
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


def _member_pieces(branch: Branch, name: str) -> list[Branch]:
    """The branch by what one member is: each value, each type, or absent."""
    pieces = []
    for one in branches(branch.member(name)):
        if one.values is not None:
            nodes = [frozenset({literal({"enum": [value]})}) for value in one.values]
        else:
            nodes = [one.origin.flats | {literal({"type": one.kind})}]
        pieces += [branch.with_member(name, node, present=True) for node in nodes]
    absent = [] if name in branch.required else [branch.with_member(name, NOTHING, present=False)]
    return [*pieces, *absent]
