"""Prove that every document of one schema is valid under another.

The rules are sound, so a yes is certain. A no only means "not proven"; a witness must then be
found. Recursive schemas are proven by induction: the assumption counts only one step inside a
value.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from oort.rules.inclusion import counterparts, membership, strings
from oort.rules.inclusion.bounds import (
    certain,
    listed,
    no_text,
    numbers_within,
    remaining,
    sizes_within,
    strings_within,
)
from oort.rules.inclusion.case_splits import SPENT, ways_to_cut
from oort.rules.inclusion.documents import Subschema, literal
from oort.rules.inclusion.shapes import EMPTY, SPELT_WHOLE, Branch, Content, branches, of_disjunct
from oort.rules.inclusion.unions import Conjunction, Disjunct, Reading, meaning, ordered

_BUDGET = 12_000  # comparisons of two schemas, a second or so; then the answer is "not proven"
_DEEPEST = 30
_STRING: Conjunction = frozenset({literal({"type": "string"})})
_Pair = tuple[Conjunction, Conjunction]


@dataclass(slots=True)
class Prover:
    """One proof, with a memory of partial results. `stuck` is the pointer of the first failure on
    the right."""

    stuck: str | None = None
    hasty: bool = False  # True to refuse what the comparison of counterparts cannot prove
    _steps: int = 0
    _proven: dict[_Pair, int] = field(default_factory=dict)
    _trail: list[_Pair] = field(default_factory=list)
    _refused: set[_Pair] = field(default_factory=set)
    _active: dict[_Pair, int] = field(default_factory=dict)
    _meanings: dict[Conjunction, frozenset[object]] = field(default_factory=dict)
    _emptying: set[Conjunction] = field(default_factory=set)
    _read: dict[tuple[Conjunction, bool], list[Branch]] = field(default_factory=dict)

    def includes(self, left: Conjunction, right: Conjunction, level: int = 0) -> bool:
        """True if the left is a subset of the right. `level` counts the steps into values."""
        pair = (left, right)
        if right <= left or (pair in self._proven and self._proven[pair] <= level):
            return True
        if self._meaning(right) <= self._meaning(left):
            return True
        if pair in self._active:
            return self._active[pair] < level
        self._steps += 1
        if pair in self._refused or level > _DEEPEST or self._steps > _BUDGET:
            return False
        before, mark = self.stuck, len(self._trail)
        self._active[pair] = level
        proven = self._alike(left, right, level)
        if not proven and not (self.hasty and _comparable(left, right)):
            proven = self._covers(left, right, level)
        del self._active[pair]
        self._remember(pair, level, mark, proven=proven)
        self.stuck = before if proven else self.stuck if self.stuck is not None else _pointer(right)
        return proven

    def _alike(self, left: Conjunction, right: Conjunction, level: int) -> bool:
        """True if each schema on the right has a counterpart on the left, with included parts."""
        return all(
            any(
                all(
                    any(self.includes(*pair, level) for pair in part)
                    for part in counterparts.parts(mine, theirs)
                )
                for mine in _near(left, theirs)
            )
            for theirs in ordered(right)
        )

    def _covers(self, left: Conjunction, right: Conjunction, level: int) -> bool:
        options = self._branches(right, wanted=True)
        return all(
            self._covered(branch, right, options, level, SPENT) for branch in self._branches(left)
        )

    def interrupt(self) -> None:
        """Forget what rests on proofs that have not ended."""
        for pair in self._trail:
            self._proven.pop(pair, None)
        self._active.clear()
        self._emptying.clear()

    def _meaning(self, conjunction: Conjunction) -> frozenset[object]:
        if conjunction not in self._meanings:
            self._meanings[conjunction] = meaning(conjunction)
        return self._meanings[conjunction]

    def _branches(self, conjunction: Conjunction, *, wanted: bool = False) -> list[Branch]:
        if (conjunction, wanted) not in self._read:
            self._read[conjunction, wanted] = branches(conjunction, wanted=wanted)
        return self._read[conjunction, wanted]

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
        self, branch: Branch, right: Conjunction, options: list[Branch], level: int, splits: int
    ) -> bool:
        if self._empty(branch, level):
            return True
        if branch.values is not None:
            spelt = SPELT_WHOLE in branch.tokens
            return all(
                certain(right, value, spelt_whole=spelt) or listed(branch, value, options)
                for value in remaining(branch)
            )
        if (
            branch.most == 0
            and branch.kind in EMPTY
            and certain(right, EMPTY[branch.kind], spelt_whole=True)
        ):
            return True
        same = [option for option in options if option.kind == branch.kind]
        if any(self._within(branch, option, level) for option in same):
            return True
        if splits <= 0 or len(same) < 2 or self._steps > _BUDGET:
            return False
        return any(
            all(self._covered(piece, right, same, level, splits - cost) for piece in pieces)
            for pieces, cost in ways_to_cut(branch, same)
        )

    def _within(self, left: Branch, right: Branch, level: int) -> bool:
        self._steps += 1
        if right.values is not None or not right.tokens <= left.tokens:
            return False
        if not all(
            self._excluded(left, conjunction, level) for conjunction in right.origin.excluded
        ):
            return False
        if left.kind == "number":
            return numbers_within(left, right)
        if left.kind == "string":
            return strings_within(left, right)
        return (
            self._arrays(left, right, level)
            if left.kind == "array"
            else self._objects(left, right, level)
        )

    def _excluded(self, branch: Branch, conjunction: Conjunction, level: int) -> bool:
        """True if the branch and the conjunction share no value."""
        self._steps += 1
        if self._steps > _BUDGET:
            return False
        if any(
            self.includes(conjunction, candidate, level) for candidate in branch.origin.excluded
        ):
            return True
        shared = [
            candidate
            for disjunct in Reading().disjuncts(conjunction)
            for candidate in of_disjunct(branch.origin.both(disjunct))
        ]
        return all(
            self._empty(candidate, level) for candidate in shared if candidate.kind == branch.kind
        )

    def _empty(self, branch: Branch, level: int) -> bool:
        """True if the branch has no value for certain."""
        self._steps += 1
        if branch.values is not None:
            return not remaining(branch)
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
            self._covered(bare, conjunction, self._branches(conjunction, wanted=True), level, 0)
            for conjunction in branch.origin.excluded
        )

    def _no_array(self, branch: Branch, level: int) -> bool:
        if branch.unique and not branch.first:
            alternatives = self._branches(branch.rest)
            count = sum(len(content.values or ()) for content in alternatives)
            if all(content.values is not None for content in alternatives) and count < branch.least:
                return True
        if any(
            self._nothing(branch.at(number), level)
            for number in range(min(branch.least, len(branch.first) + 1))
        ):
            return True
        return any(
            (
                content.most is not None
                and self._enough(branch, content.conjunction, content.most + 1, level)
            )
            or (
                content.least > 0
                and self._few(branch, content.conjunction, content.least - 1, level)
            )
            for content in branch.holds
        )

    def _enough(self, branch: Branch, conjunction: Conjunction, least: int, level: int) -> bool:
        """True if at least `least` elements fit the conjunction for certain."""
        beside = frozenset() if branch.first else branch.rest
        if any(
            mine.least >= least and self.includes(mine.conjunction | beside, conjunction, level + 1)
            for mine in branch.holds
        ):
            return True
        within = [
            self.includes(branch.at(number), conjunction, level + 1)
            for number in range(min(branch.least, len(branch.first)))
        ]
        further = max(branch.least - len(branch.first), 0)
        count = sum(within) + (
            further if further and self.includes(branch.rest, conjunction, level + 1) else 0
        )
        return count >= least

    def _few(self, branch: Branch, conjunction: Conjunction, most: int, level: int) -> bool:
        """True if at most `most` elements can fit the conjunction."""
        if branch.most is not None and branch.most <= most:
            return True
        beside = frozenset() if branch.first else branch.rest
        for mine in branch.holds:
            if (
                mine.most is not None
                and mine.most <= most
                and self.includes(conjunction | beside, mine.conjunction, level + 1)
            ):
                return True
        possible = [
            number
            for number, position in enumerate(branch.first)
            if not self._nothing(position | conjunction, level)
        ]
        return len(possible) <= most and self._nothing(branch.rest | conjunction, level)

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

    def _nothing(self, conjunction: Conjunction, level: int) -> bool:
        if conjunction in self._emptying or level > _DEEPEST:
            return False
        self._emptying.add(conjunction)
        is_empty = all(self._empty(branch, level + 1) for branch in self._branches(conjunction))
        self._emptying.discard(conjunction)
        return is_empty

    def _closed(self, branch: Branch, level: int) -> bool:
        return self._nothing(branch.rest, level) and all(
            self._nothing(conjunction, level) for _, conjunction in branch.matching
        )

    def _possible(self, branch: Branch, level: int) -> list[str] | None:
        """Return all names that an object can have; None if they cannot be listed."""
        names = self._listed(branch, level)
        if names is None:
            return None
        return [
            name
            for name in names
            if not _forbidden(branch, name) and not self._nothing(branch.member(name), level)
        ]

    def _listed(self, branch: Branch, level: int) -> list[str] | None:
        """Return names of which an object can have no others; None without such a list."""
        lists = (
            [branch_of_name.values for branch_of_name in self._branches(branch.names | _STRING)]
            if branch.names
            else [None]
        )
        if all(values is not None for values in lists):
            return [cast(str, value) for values in lists for value in values or ()]
        return list(branch.members) if self._closed(branch, level) else None

    def _arrays(self, left: Branch, right: Branch, level: int) -> bool:
        count = max(len(left.first), len(right.first))
        most = left.most
        numbers = range(count + 1) if left.first or _asks_for_sizes(right) else ()
        ends = [number for number in numbers if self._nothing(left.at(number), level)]
        if ends and (most is None or ends[0] < most):
            most = ends[0]
        if not sizes_within(left.least, most, right) or (
            right.unique and not left.unique and (most is None or most > 1)
        ):
            return False
        if not all(
            self._contains(replace(left, most=most), content, level) for content in right.holds
        ):
            return False
        positions = range(count + 1 if most is None else min(count + 1, most))
        return all(
            self.includes(left.at(number), right.at(number), level + 1) for number in positions
        )

    def _contains(self, branch: Branch, content: Content, level: int) -> bool:
        if any(mine.token == content.token for mine in branch.holds):
            return True
        return (
            content.least == 0 or self._enough(branch, content.conjunction, content.least, level)
        ) and (content.most is None or self._few(branch, content.conjunction, content.most, level))

    def _objects(self, left: Branch, right: Branch, level: int) -> bool:
        if not right.required <= left.required:
            return False
        counted = right.most is not None or bool(right.names)
        possible = self._possible(left, level) if counted else self._listed(left, level)
        mosts = [
            most
            for most in (left.most, None if possible is None else len(possible))
            if most is not None
        ]
        if not sizes_within(max(left.least, len(left.required)), min(mosts, default=None), right):
            return False
        if not self._names(left, right, possible, level):
            return False
        names = possible if possible is not None else [*left.members, *right.members]
        for name in dict.fromkeys(names):
            unclear = right.unclear(name)
            if _forbidden(left, name) or (unclear and self._nothing(left.member(name), level)):
                continue
            if unclear or not self.includes(left.member(name), right.member(name), level + 1):
                return False
        return possible is not None or all(
            self.includes(mine, theirs, level + 1) for mine, theirs in _others(left, right)
        )

    def _names(self, left: Branch, right: Branch, possible: list[str] | None, level: int) -> bool:
        if not right.names or self.includes(left.names | _STRING, right.names, level + 1):
            return True
        return possible is not None and all(
            membership.every([membership.admits(subschema, name) for subschema in right.names])
            for name in possible
        )


def _near(left: Conjunction, theirs: Subschema) -> list[Subschema]:
    """Return the schemas of the left that stand where a schema of the right stands."""
    return [mine for mine in ordered(left) if len(left) == 1 or mine.steps == theirs.steps]


def _comparable(left: Conjunction, right: Conjunction) -> bool:
    return any(
        counterparts.comparable(mine, theirs) for theirs in right for mine in _near(left, theirs)
    )


def _pointer(conjunction: Conjunction) -> str:
    return min(
        (subschema.pointer for subschema in conjunction if not subschema.document.own),
        key=lambda pointer: (-len(pointer), pointer),
        default="",
    )


def _asks_for_sizes(branch: Branch) -> bool:
    """True if arrays with few elements may fit the branch and arrays with more may not."""
    return branch.most is not None or branch.unique or bool(branch.holds)


def _forbidden(branch: Branch, name: str) -> bool:
    return any(membership.admits(subschema, name) is False for subschema in branch.names)


def _others(left: Branch, right: Branch) -> Iterator[_Pair]:
    """Yield pairs that must be included for unlisted names: the left's schema and the right's."""
    theirs = dict(right.matching)
    for pattern, _ in left.matching:
        if not any(strings.implies(pattern, wanting) for wanting in theirs):
            yield _matched(left, pattern), right.rest
        for wanting, target in theirs.items():
            if not strings.apart(pattern, wanting):
                yield _matched(left, pattern, wanting), target
    if not any(strings.implies("", wanting) for wanting in theirs):
        yield left.rest, right.rest
    for wanting, target in theirs.items():
        if not any(strings.implies(wanting, pattern) for pattern, _ in left.matching):
            yield left.rest, target


def _matched(branch: Branch, *patterns: str) -> Conjunction:
    """Return the schema of a member whose name matches all `patterns`, and every pattern these
    imply."""
    implied = [
        conjunction
        for wide, conjunction in branch.matching
        if any(strings.implies(pattern, wide) for pattern in patterns)
    ]
    return frozenset().union(*implied)
