"""Whether everything valid under one schema is certainly valid under another. It says yes by sound rules only; its no
means "not proven", and a witness has to be looked for.

Recursive schemas are proven by assuming what is being proven, for smaller values: an assumption counts only after a step
into a member or an element.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from oort.rules.inclusion import membership, strings
from oort.rules.inclusion.bounds import no_text, numbers_within, sizes_within, strings_within
from oort.rules.inclusion.case_splits import SPENT, ways_to_cut
from oort.rules.inclusion.documents import Json, literal
from oort.rules.inclusion.shapes import EMPTY, SPELT_WHOLE, Branch, Content, branches, of_disjunct
from oort.rules.inclusion.unions import Disjunct, Node, Reading

_BUDGET = 12_000  # comparisons of two schemas, a second or so; then the answer is "not proven"
_DEEPEST = 30
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
    _read: dict[tuple[Node, bool], list[Branch]] = field(default_factory=dict)

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
        options = self._branches(right, wanted=True)
        proven = all(
            self._covered(one, right, options, level, SPENT) for one in self._branches(left)
        )
        del self._active[pair]
        self._remember(pair, level, mark, proven=proven)
        self.stuck = before if proven else self.stuck if self.stuck is not None else _pointer(right)
        return proven

    def _branches(self, node: Node, *, wanted: bool = False) -> list[Branch]:
        if (node, wanted) not in self._read:
            self._read[node, wanted] = branches(node, wanted=wanted)
        return self._read[node, wanted]

    def _remember(self, pair: _Pair, level: int, mark: int, *, proven: bool) -> None:
        if proven:
            self._proven[pair] = level
            self._trail.append(pair)
            return
        self._refused.add(pair)
        for late in self._trail[mark:]:  # they may rest on the assumption that has just failed
            self._proven.pop(late, None)
        del self._trail[mark:]

    def _covered(
        self, branch: Branch, right: Node, options: list[Branch], level: int, splits: int
    ) -> bool:
        if self._empty(branch, level):
            return True
        if branch.values is not None:
            spelt = SPELT_WHOLE in branch.tokens
            return all(_certain(right, value, spelt_whole=spelt) for value in _remaining(branch))
        if (
            branch.most == 0
            and branch.kind in EMPTY
            and _certain(right, EMPTY[branch.kind], spelt_whole=True)
        ):
            return True
        same = [one for one in options if one.kind == branch.kind]
        if any(self._within(branch, one, level) for one in same):
            return True
        if splits <= 0 or len(same) < 2 or self._steps > _BUDGET:
            return False
        return any(
            all(self._covered(piece, right, same, level, splits - cost) for piece in pieces)
            for pieces, cost in ways_to_cut(branch, same)
        )

    def _within(self, one: Branch, other: Branch, level: int) -> bool:
        self._steps += 1
        if other.values is not None or not other.tokens <= one.tokens:
            return False
        if not all(self._excluded(one, node, level) for node in other.origin.excluded):
            return False
        if one.kind == "number":
            return numbers_within(one, other)
        if one.kind == "string":
            return strings_within(one, other)
        return (
            self._arrays(one, other, level)
            if one.kind == "array"
            else self._objects(one, other, level)
        )

    def _excluded(self, branch: Branch, node: Node, level: int) -> bool:
        """Whether nothing of the branch is in the node."""
        self._steps += 1
        if self._steps > _BUDGET:
            return False
        if any(self.includes(node, one, level) for one in branch.origin.excluded):
            return True
        shared = [
            one
            for found in Reading().disjuncts(node)
            for one in of_disjunct(branch.origin.both(found))
        ]
        return all(self._empty(one, level) for one in shared if one.kind == branch.kind)

    def _empty(self, branch: Branch, level: int) -> bool:
        """Whether certainly no value is in the branch."""
        self._steps += 1
        if branch.values is not None:
            return not _remaining(branch)
        if branch.kind == "string" and no_text(branch):
            return True
        if branch.kind == "array" and self._no_array(branch, level):
            return True
        if branch.kind == "object" and self._no_object(branch, level):
            return True
        if self._steps > _BUDGET:
            return False
        bare = replace(branch, origin=Disjunct(branch.origin.flats))
        return any(
            self._covered(bare, node, self._branches(node, wanted=True), level, 0)
            for node in branch.origin.excluded
        )

    def _no_array(self, branch: Branch, level: int) -> bool:
        if branch.unique and not branch.first:
            kept = self._branches(branch.rest)
            count = sum(len(one.values or ()) for one in kept)
            if all(one.values is not None for one in kept) and count < branch.least:
                return True
        if any(
            self._nothing(branch.at(number), level)
            for number in range(min(branch.least, len(branch.first) + 1))
        ):
            return True
        return any(
            (one.most is not None and self._enough(branch, one.node, one.most + 1, level))
            or (one.least > 0 and self._few(branch, one.node, one.least - 1, level))
            for one in branch.holds
        )

    def _enough(self, one: Branch, node: Node, least: int, level: int) -> bool:
        """Whether so many elements are certainly of the node."""
        beside = frozenset() if one.first else one.rest
        if any(
            mine.least >= least and self.includes(mine.node | beside, node, level + 1)
            for mine in one.holds
        ):
            return True
        within = [
            self.includes(one.at(number), node, level + 1)
            for number in range(min(one.least, len(one.first)))
        ]
        others = max(one.least - len(one.first), 0)
        count = sum(within) + (others if others and self.includes(one.rest, node, level + 1) else 0)
        return count >= least

    def _few(self, one: Branch, node: Node, most: int, level: int) -> bool:
        """Whether no more elements than that can be of the node."""
        if one.most is not None and one.most <= most:
            return True
        beside = frozenset() if one.first else one.rest
        for mine in one.holds:
            if (
                mine.most is not None
                and mine.most <= most
                and self.includes(node | beside, mine.node, level + 1)
            ):
                return True
        possible = [
            number for number, own in enumerate(one.first) if not self._nothing(own | node, level)
        ]
        return len(possible) <= most and self._nothing(one.rest | node, level)

    def _no_object(self, branch: Branch, level: int) -> bool:
        if any(
            _forbidden(branch, name) or self._nothing(branch.member(name), level)
            for name in branch.required
        ):
            return True
        if branch.most is not None and len(branch.required) > branch.most:
            return True
        if branch.least == 0:
            return False
        possible = self._possible(branch, level)
        return possible is not None and branch.least > len(possible)

    def _nothing(self, node: Node, level: int) -> bool:
        if node in self._emptying or level > _DEEPEST:
            return False
        self._emptying.add(node)
        found = all(self._empty(one, level + 1) for one in self._branches(node))
        self._emptying.discard(node)
        return found

    def _closed(self, branch: Branch, level: int) -> bool:
        return self._nothing(branch.rest, level) and all(
            self._nothing(node, level) for _, node in branch.matching
        )

    def _possible(self, branch: Branch, level: int) -> list[str] | None:
        """The only names that an object may have, where there are not others without end."""
        listed = (
            [one.values for one in self._branches(branch.names | _STRING)]
            if branch.names
            else [None]
        )
        if all(values is not None for values in listed):
            found = [cast(str, value) for values in listed for value in values or ()]
        elif self._closed(branch, level):
            found = [name for name, _ in branch.members]
        else:
            return None
        return [
            name
            for name in found
            if not _forbidden(branch, name) and not self._nothing(branch.member(name), level)
        ]

    def _arrays(self, one: Branch, other: Branch, level: int) -> bool:
        count = max(len(one.first), len(other.first))
        most = one.most
        ends = [number for number in range(count + 1) if self._nothing(one.at(number), level)]
        if ends and (most is None or ends[0] < most):
            most = ends[0]
        if not sizes_within(one.least, most, other) or (
            other.unique and not one.unique and (most is None or most > 1)
        ):
            return False
        if not all(
            self._contains(replace(one, most=most), wanted, level) for wanted in other.holds
        ):
            return False
        held = range(count + 1 if most is None else min(count + 1, most))
        return all(self.includes(one.at(number), other.at(number), level + 1) for number in held)

    def _contains(self, one: Branch, wanted: Content, level: int) -> bool:
        if any(mine.token == wanted.token for mine in one.holds):
            return True
        return (wanted.least == 0 or self._enough(one, wanted.node, wanted.least, level)) and (
            wanted.most is None or self._few(one, wanted.node, wanted.most, level)
        )

    def _objects(self, one: Branch, other: Branch, level: int) -> bool:
        if not other.required <= one.required:
            return False
        possible = self._possible(one, level)
        mosts = [
            most
            for most in (one.most, None if possible is None else len(possible))
            if most is not None
        ]
        if not sizes_within(max(one.least, len(one.required)), min(mosts, default=None), other):
            return False
        if not self._names(one, other, possible, level):
            return False
        listed = (
            possible
            if possible is not None
            else [name for name, _ in (*one.members, *other.members)]
        )
        for name in dict.fromkeys(listed):
            if _forbidden(one, name):
                continue
            if other.unclear(name) or not self.includes(
                one.member(name), other.member(name), level + 1
            ):
                return False
        return possible is not None or all(
            self.includes(mine, theirs, level + 1) for mine, theirs in _others(one, other)
        )

    def _names(self, one: Branch, other: Branch, possible: list[str] | None, level: int) -> bool:
        if not other.names or self.includes(one.names | _STRING, other.names, level + 1):
            return True
        return possible is not None and all(
            membership.every([membership.admits(place, name) for place in other.names])
            for name in possible
        )


def _pointer(node: Node) -> str:
    return min(
        (place.pointer for place in node if not place.document.own),
        key=lambda pointer: (-len(pointer), pointer),
        default="",
    )


def _remaining(branch: Branch) -> list[Json]:
    """The values that no `not` takes away for certain."""
    return [
        value
        for value in branch.values or ()
        if not any(_certain(node, value, spelt_whole=False) for node in branch.origin.nots)
    ]


def _certain(node: Node, value: Json, *, spelt_whole: bool) -> bool:
    """Whether the value is certainly in the node, however its numbers are written."""
    old = not spelt_whole and any(place.document.draft == 4 for place in node)
    forms = (value, _with_points(value)) if old else (value,)
    return all(membership.admits(place, form) for place in node for form in forms)


def _with_points(value: Json) -> Json:
    if isinstance(value, list):
        return [_with_points(one) for one in value]
    if isinstance(value, dict):
        return {name: _with_points(one) for name, one in value.items()}
    return (
        float(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
        else value
    )


def _forbidden(branch: Branch, name: str) -> bool:
    return any(membership.admits(place, name) is False for place in branch.names)


def _others(one: Branch, other: Branch) -> Iterator[_Pair]:
    """What must be included in what, for the names that neither lists."""
    theirs = dict(other.matching)
    for pattern, _ in one.matching:
        if not any(strings.implies(pattern, wanting) for wanting in theirs):
            yield _matched(one, pattern), other.rest
        for wanting, wanted in theirs.items():
            if not strings.apart(pattern, wanting):
                yield _matched(one, pattern, wanting), wanted
    if not any(strings.implies("", wanting) for wanting in theirs):
        yield one.rest, other.rest
    for wanting, wanted in theirs.items():
        if not any(strings.implies(wanting, pattern) for pattern, _ in one.matching):
            yield one.rest, wanted


def _matched(branch: Branch, *patterns: str) -> Node:
    """What a member has to be whose name matches the patterns, and so those that they imply."""
    implied = [
        node
        for wide, node in branch.matching
        if any(strings.implies(pattern, wide) for pattern in patterns)
    ]
    return frozenset().union(*implied)
