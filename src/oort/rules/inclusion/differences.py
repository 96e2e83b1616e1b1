"""Follow the differences of two schemas down to a counter-example. Used by `verdicts`.

Where two objects differ in a member, a value that the member's new schema refuses is put into the
smallest object. So a change deep inside a large schema is shown without a search in all the rest;
`witness` searches what this cannot show.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import cast

from oort.rules.inclusion import membership
from oort.rules.inclusion.documents import Json, Subschema, identity
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.keywords import holds_meaning
from oort.rules.inclusion.shapes import Branch, branches
from oort.rules.inclusion.unions import Conjunction
from oort.rules.inclusion.witness import new_names, numbers, texts

_DEEPEST = 24
_KEPT = 3  # values of one pair
_TRIED = 40  # candidates of one pair
_LONGEST = 50  # elements and members that are added to reach a size
_Pair = tuple[Conjunction, Conjunction]


@dataclass(slots=True)
class _Values:
    """Values of a pair, searched for only when a reader needs more."""

    source: Iterator[Json]
    known: list[Json] = field(default_factory=list)
    searching: bool = False

    def __iter__(self) -> Iterator[Json]:
        position = 0
        while position < len(self.known) or self._search():
            yield self.known[position]
            position += 1

    def _search(self) -> bool:
        """True if there is another value; False also inside of the search for another."""
        if self.searching:
            return False
        self.searching = True
        more = list(islice(self.source, 1))
        self.searching = False
        self.known += more
        return bool(more)


@dataclass(slots=True)
class Follower:
    """A search, with a memory for inner schemas."""

    _prover: Prover
    _straight: bool = False  # True to follow only the shortest ways to a change
    _refused: dict[_Pair, _Values] = field(default_factory=dict)
    _smallest: dict[Conjunction, tuple[Json] | None] = field(default_factory=dict)

    def witness(self, left: Conjunction, right: Conjunction) -> tuple[Json] | None:
        """Return a value that is certainly valid on the left and certainly not on the right."""
        straight = min(_distance(left, right), _DEEPEST)
        for further, self._straight in ((1, True), (1, False), (4, False), (_DEEPEST, False)):
            depth = min(straight + further, _DEEPEST)
            self._refused.clear()
            for value in self.refused(left, right, depth):
                return (value,)
        return None

    def refused(self, left: Conjunction, right: Conjunction, depth: int) -> Iterable[Json]:
        """Return values of the left that the right refuses, for certain.

        `depth` counts the steps into values that are left.
        """
        if depth <= 0 or (self._straight and _distance(left, right) > depth):
            return []
        pair = (_followed(left), _followed(right))
        if pair not in self._refused:
            self._refused[pair] = _Values(islice(self._fitting(*pair, depth), _KEPT))
        return self._refused[pair]

    def _fitting(self, left: Conjunction, right: Conjunction, depth: int) -> Iterator[Json]:
        if self._prover.includes(left, right):
            return
        for value in self._candidates(left, right, depth):
            if _in(left, value) is True and _in(right, value) is False:
                yield value

    def smallest(self, conjunction: Conjunction) -> tuple[Json] | None:
        """Return a small value of the schema, in a tuple."""
        if conjunction not in self._smallest:
            self._smallest[conjunction] = None
            values = (
                value
                for branch in branches(conjunction)
                for value in islice(self._plain(branch), _TRIED)
            )
            self._smallest[conjunction] = next(
                ((value,) for value in values if _in(conjunction, value) is True), None
            )
        return self._smallest[conjunction]

    def _plain(self, branch: Branch) -> Iterator[Json]:
        if branch.values is not None:
            yield from branch.values
        elif branch.kind == "number":
            yield from numbers(branch, [])
        elif branch.kind == "string":
            yield from texts(branch, [])
        elif branch.kind == "array":
            yield from self._array(branch, branch.least)
        else:
            yield from self._object(branch)

    def _candidates(self, left: Conjunction, right: Conjunction, depth: int) -> Iterator[Json]:
        options = branches(right, wanted=True)
        kinds = {option.kind for option in options}
        alike = [
            (branch, _nearest(branch, [option for option in options if option.kind == branch.kind]))
            for branch in branches(left)
        ]
        alike.sort(key=lambda pair: (pair[0].kind in kinds, _nearness(pair[0], *pair[1][:1])))
        for count in (1, len(options)):  # an option of the same place shows most differences
            for branch, same in alike:
                yield from islice(self._near(branch, same[:count], depth), _TRIED)
            for branch, same in alike:
                excluded = [barred for option in same[:count] for barred in option.origin.excluded]
                for conjunction in sorted(excluded, key=_change)[:_KEPT]:
                    yield from self._barred(branch, conjunction, depth)

    def _near(self, branch: Branch, options: list[Branch], depth: int) -> Iterator[Json]:
        if branch.values is not None:
            yield from branch.values
        elif branch.kind == "number":
            yield from numbers(branch, options)
        elif branch.kind == "string":
            yield from texts(branch, options)
        elif branch.kind == "array":
            yield from self._arrays(branch, options, depth)
        else:
            yield from self._objects(branch, options, depth)

    def _barred(self, branch: Branch, conjunction: Conjunction, depth: int) -> Iterator[Json]:
        """Yield values of the branch that fit a schema which the right excludes."""
        inside = branch.origin.flats | conjunction
        value = self.smallest(inside)
        yield from value or ()
        for mine in branch.origin.excluded:
            yield from self.refused(inside, mine, depth - 1)

    def _objects(self, branch: Branch, options: list[Branch], depth: int) -> Iterator[Json]:
        for base in islice(self._object(branch), 2):
            yield base
            yield from self._differing(branch, options, base, depth)
        for option in options:
            if option.most is not None:
                yield from self._object(branch, least=option.most + 1)
        missing = {name for option in options for name in option.required}
        for name in [name for name in branch.members if name not in missing][:_KEPT]:
            yield from self._object(branch, name)

    def _differing(
        self, branch: Branch, options: list[Branch], base: dict[str, Json], depth: int
    ) -> Iterator[Json]:
        """Yield objects with a member that an option refuses, and with a member for each option."""
        every: dict[str, Json] = {}
        for option in options:
            first: dict[str, Json] = {}
            for name in self._names(branch, option):
                mine, theirs = branch.member(name), option.member(name)
                for value in self.refused(mine, theirs, depth - 1):
                    first = first or {name: value}
                    yield {**base, name: value}
            every |= first
        if len(every) > 1:
            yield {**base, **every}

    def _names(self, branch: Branch, option: Branch) -> list[str]:
        names = [*branch.members, *option.members, *islice(new_names(branch, [option]), _TRIED)]
        return sorted(
            dict.fromkeys(names),
            key=lambda name: _distance(branch.member(name), option.member(name)),
        )

    def _object(self, branch: Branch, *more: str, least: int = 0) -> Iterator[dict[str, Json]]:
        """Yield small objects: with the required members, and with as many as are needed."""
        least = max(least, branch.least)
        members: dict[str, Json] = {}
        for name in (*sorted(branch.required), *more):
            value = self.smallest(branch.member(name))
            if value is None:
                return
            members[name] = value[0]
        if len(members) >= least:
            yield members
        full = dict(members)
        numbered = (f"k{number}" for number in range(min(least, _LONGEST)))
        for name in chain(branch.members, new_names(branch, []), numbered):
            if len(full) >= max(least, len(members) + 1):
                break
            value = None if name in full else self.smallest(branch.member(name))
            full |= {} if value is None else {name: value[0]}
        yield full

    def _arrays(self, branch: Branch, options: list[Branch], depth: int) -> Iterator[Json]:
        first = max([len(branch.first), *(len(option.first) for option in options)])
        sizes = {branch.least, branch.least + 1, first, first + 1}
        sizes |= {size for option in options for size in (option.least - 1, (option.most or 0) + 1)}
        for size in sorted(sizes):
            most = _LONGEST if branch.most is None else min(branch.most, _LONGEST)
            if not branch.least <= size <= most:
                continue
            for base in self._array(branch, size):
                yield cast(Json, base)
                for number in range(min(size, first + 1)):
                    for option in options:
                        mine, theirs = branch.at(number), option.at(number)
                        for value in self.refused(mine, theirs, depth - 1):
                            yield [*base[:number], value, *base[number + 1 :]]

    def _array(self, branch: Branch, size: int) -> Iterator[list[Json]]:
        """Yield an array of the size: with equal elements, or with different elements if required."""
        elements: list[Json] = []
        taken: set[object] = set()
        for number in range(size):
            choice = self._different(branch.at(number)) if branch.unique else ()
            smallest = self.smallest(branch.at(number)) or ()
            free = (small for small in chain(smallest, choice) if identity(small) not in taken)
            picked = list(islice(free, 1))
            if not picked:
                return
            elements += picked
            taken |= set(map(identity, picked)) if branch.unique else set()
        yield elements

    def _different(self, conjunction: Conjunction) -> Iterator[Json]:
        """Yield small values of the schema, not only the first."""
        for branch in branches(conjunction):
            for value in islice(self._plain(branch), _TRIED):
                if _in(conjunction, value) is True:
                    yield value


def _followed(conjunction: Conjunction) -> Conjunction:
    """Return the schemas to which references lead, so that a schema inside itself is the same."""
    return frozenset(map(_target, conjunction))


def _target(subschema: Subschema) -> Subschema:
    for _ in range(_DEEPEST):
        words = subschema.known
        lonely = "$ref" in words and not any(map(holds_meaning, words))
        target = subschema.target() if lonely and not subschema.flat else None
        if target is None:
            break
        subschema = target
    return subschema


def _distance(left: Conjunction, right: Conjunction) -> int:
    return min(_change(left), _change(right))


def _nearness(*alike: Branch) -> int:
    """Return the distance from the branches to the nearest change, also in the schemas that they exclude."""
    conjunctions = (
        conjunction
        for branch in alike
        for conjunction in (branch.origin.flats, *branch.origin.nots)
    )
    return min(map(_change, conjunctions))


def _change(conjunction: Conjunction) -> int:
    """Return the distance to the nearest change."""
    return min((subschema.distance for subschema in conjunction), default=_DEEPEST)


def _nearest(branch: Branch, options: list[Branch]) -> list[Branch]:
    """Return the options, first those with the most places of the branch in its document."""
    places = {subschema.steps for subschema in branch.origin.flats}
    return sorted(
        options,
        key=lambda option: -len(places & {flat.steps for flat in option.origin.flats}),
    )


def _in(conjunction: Conjunction, value: Json) -> membership.Truth:
    return membership.every([membership.admits(subschema, value) for subschema in conjunction])
