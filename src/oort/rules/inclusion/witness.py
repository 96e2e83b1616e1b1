"""Candidates for a document that is valid under one schema and not under another: boundary values, members present and
absent, lengths beside the limits. Nothing here is trusted: `membership` judges each candidate before it is shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice, product
from typing import cast

from oort.rules.inclusion import dependents, membership, strings
from oort.rules.inclusion.documents import Json, identity, literal
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.shapes import Branch, branches
from oort.rules.inclusion.unions import ANYTHING, Node, ordered

_KEPT = 24  # candidates of one schema
_TRIED = 300
_DEEPEST = 5
_LONGEST = 5000  # characters or elements of a candidate
_SIMPLE: tuple[Json, ...] = ("a", 0, None, True, [], {}, 0.5)
_NAMED = 6
_BARRED = 2
_PATIENCE = 10_000  # candidates of one search; ordinary events need hundreds
_STRING: Node = frozenset({literal({"type": "string"})})
_NEW_NAMES = ("extra", "a", "x1", "")


@dataclass(frozen=True, slots=True)
class Seeker:
    """One search, which remembers what it has found for the schemas inside. Where the prover says yes it need not look."""

    _prover: Prover
    _found: dict[tuple[Node, Node, int], list[Json]] = field(default_factory=dict)
    _looked: list[None] = field(default_factory=list)

    def witness(self, left: Node, right: Node) -> tuple[Json] | None:
        """A value that is certainly valid under the left and certainly not under the right."""
        for value in self._patiently(self._raw(left, right, 0)):
            if _in(left, value) is True and _in(right, value) is False:
                return (value,)
        return None

    def candidates(self, left: Node, right: Node, depth: int) -> list[Json]:
        """Values of the left; those come first that the right refuses."""
        key = (left, right, depth)
        if key not in self._found:
            self._found[key] = []
            self._found[key] = _ranked(left, right, self._patiently(self._raw(left, right, depth)))
        return self._found[key]

    def _raw(self, left: Node, right: Node, depth: int) -> Iterator[Json]:
        hints = _hints(left, right)
        for branch in branches(left)[:_KEPT]:
            if branch.values is not None:
                yield from branch.values
                continue
            same = [one for one in hints if one.kind == branch.kind]
            if branch.kind == "number":
                yield from _numbers(branch, same)
            elif branch.kind == "string":
                yield from islice(_strings(branch, same), _TRIED)
            elif depth < _DEEPEST:
                make = self._arrays if branch.kind == "array" else self._objects
                yield from islice(make(branch, same, depth + 1), _TRIED)
            else:
                yield cast(Json, [] if branch.kind == "array" else {})
        yield from (value for one in hints for value in one.values or ())
        if depth < _BARRED:
            yield from self._barred(left, right, depth + 1)

    def _barred(self, left: Node, right: Node, depth: int) -> Iterator[Json]:
        """Values of the left that are in what the right excludes."""
        options = branches(right, wanted=True)
        nodes = dict.fromkeys(
            frozenset({one.child("not")}) for one in ordered(right) if "not" in one.known
        )
        nodes |= dict.fromkeys(
            one.origin.flats | node for one in options for node in one.origin.excluded
        )
        for node in list(nodes)[:_NAMED]:
            yield from self._plain(left | node, depth)

    def _patiently(self, values: Iterator[Json]) -> Iterator[Json]:
        """The values, as long as not too many were looked at in the whole search."""
        for value in values:
            self._looked.append(None)
            if len(self._looked) > _PATIENCE:
                return
            yield value

    def _against(self, left: Node, right: Node, depth: int) -> list[Json]:
        return self.candidates(
            left, ANYTHING if self._prover.includes(left, right) else right, depth
        )

    def _plain(self, node: Node, depth: int) -> list[Json]:
        return self.candidates(node, ANYTHING, depth)

    def _arrays(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        sizes = (
            _lengths(branch, hints)
            | {len(branch.first) + 1}
            | {len(one.first) + 1 for one in hints}
        )
        for size in sorted(one for one in sizes if one <= _LONGEST):
            base = self._filled(branch, size, depth)
            if len(base) < size:
                continue
            yield cast(Json, base)
            if size > 1:
                yield [*base[:-2], base[0], base[0]]
            yield from self._contents(branch, hints, base, depth)
            for number in range(min(size, len(branch.first) + 2)):
                wanted = [one.at(number) for one in hints] or [ANYTHING]
                for value in chain.from_iterable(
                    self._against(branch.at(number), one, depth)[:6] for one in wanted
                ):
                    yield [*base[:number], value, *base[number + 1 :]]

    def _filled(self, branch: Branch, size: int, depth: int) -> list[Json]:
        """An array of the size, of different elements if it must be."""
        found: list[Json] = []
        for number in range(size):
            options = self._plain(branch.at(number), depth)
            if branch.unique:
                taken = set(map(identity, found))
                options = [one for one in options if identity(one) not in taken]
            if not options:
                break
            found.append(options[0])
        return found

    def _contents(
        self, branch: Branch, hints: list[Branch], base: list[Json], depth: int
    ) -> Iterator[Json]:
        """Arrays with fewer and more elements of what `contains` counts."""
        first, free = base[: len(branch.first)], len(base) - len(branch.first)
        wanted = dict.fromkeys(one for hint in hints for one in hint.holds)
        for content in dict.fromkeys((*branch.holds, *wanted)):
            inside = self._plain(branch.rest | content.node, depth)
            outside = self._outside(branch.rest, content.node, depth)
            most = content.least if content.most is None else content.most
            for count in dict.fromkeys((0, content.least - 1, content.least, most, most + 1, free)):
                if 0 <= count <= free:
                    mixed = [*_taken(inside, count), *_taken(outside, free - count)]
                    yield from ([*first, *mixed], [*first, *reversed(mixed)])
        for mine in branch.holds:
            for other in wanted:
                yield [
                    *first,
                    *_taken(self._outside(branch.rest | mine.node, other.node, depth), free),
                ]

    def _outside(self, left: Node, right: Node, depth: int) -> list[Json]:
        return [
            value for value in self.candidates(left, right, depth) if _in(right, value) is False
        ]

    def _objects(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        listed = dict.fromkeys([name for one in (branch, *hints) for name, _ in one.members])
        others = dict.fromkeys(chain(self._names(branch, hints, depth), _NEW_NAMES))
        names = [*listed, *(name for name in others if name not in listed)]
        plain = {
            name: found[0]
            for name in (*names, *sorted(branch.required))
            if (found := self._plain(branch.member(name), depth))
        }
        least = {name: plain[name] for name in sorted(branch.required) if name in plain}
        full = {name: plain[name] for name, _ in branch.members if name in plain} | least
        yield from (cast(Json, least), cast(Json, full))
        bad: dict[str, tuple[list[Json], list[Json]]] = {}
        for name in names:
            bad[name] = self._refused(branch, hints, name, depth)
            yield from ({**least, name: value} for value in bad[name][0][:8])
        yield from ({key: one for key, one in full.items() if key != name} for name in full)
        yield from ({**full, name: value} for name, (sure, _) in bad.items() for value in sure[:8])
        yield {
            **full,
            **{name: sure[0] for name, (sure, _) in bad.items() if sure and name in listed},
        }
        yield from self._larger(branch, hints, full, others, depth)
        for base in (least, full):
            yield from (
                {**base, name: value} for name, (_, rest) in bad.items() for value in rest[:8]
            )
        for one in list(listed)[:4]:
            for other in [name for name in names if name != one][:6]:
                pairs = product(*((*bad[name][0], *bad[name][1])[:5] for name in (one, other)))
                yield from ({**least, one: mine, other: theirs} for mine, theirs in pairs)

    def _refused(
        self, branch: Branch, hints: list[Branch], name: str, depth: int
    ) -> tuple[list[Json], list[Json]]:
        """Values of a member: those that one of the hints refuses for certain, and others."""
        sure: list[Json] = []
        rest: list[Json] = []
        for node in sorted(
            {one.member(name): None for one in hints} or [ANYTHING], key=lambda node: not node
        ):
            for value in self._against(branch.member(name), node, depth)[:5]:
                (sure if _in(node, value) is False else rest).append(value)
        return sure, rest

    def _larger(
        self,
        branch: Branch,
        hints: list[Branch],
        full: dict[str, Json],
        others: Iterable[str],
        depth: int,
    ) -> Iterator[Json]:
        rest = self._plain(branch.rest, depth)
        for size in sorted(one for one in _lengths(branch, hints) if one <= _LONGEST and rest):
            letters = [name for name in (*others, *"abcdefgh") if _admitted(branch, name)]
            numbered = [name for number in range(size) if _admitted(branch, name := f"k{number}")]
            names = list(dict.fromkeys([*full, *letters, *numbered]))[:size]
            yield {name: full.get(name, rest[0]) for name in names}

    def _names(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[str]:
        """Names that no schema lists among its members."""
        both = (branch, *hints)
        yield from (
            text
            for one in both
            for pattern, _ in one.matching
            for text in strings.examples(pattern)
        )
        for place in dict.fromkeys(place for one in both for place in ordered(one.origin.flats)):
            yield from (need.name for need in dependents.needs(place))
        for names in dict.fromkeys(one.names for one in both if one.names):
            found = self.candidates(branch.names | _STRING, names, depth)
            yield from (cast(str, name) for name in found[:_NAMED])


def _in(node: Node, value: Json) -> membership.Truth:
    return membership.every([membership.admits(place, value) for place in node])


def _ranked(left: Node, right: Node, values: Iterable[Json]) -> list[Json]:
    ranks = {
        (True, False): 0,
        (True, None): 1,
        (None, False): 2,
        (None, None): 3,
        (True, True): 4,
        (None, True): 5,
    }
    found: dict[object, tuple[int, Json]] = {}
    best = 0
    for value in values:
        key = identity(value)
        inside = None if key in found else _in(left, value)
        if key not in found and inside is not False:
            found[key] = ranks[inside, _in(right, value)], value
            best += found[key][0] == (0 if right else 4)
        if best >= _KEPT:
            break
    return [value for _, value in sorted(found.values(), key=lambda one: one[0])][:_KEPT]


def _hints(left: Node, right: Node) -> list[Branch]:
    """What the candidates are to be near to: the right, and what either side excludes."""
    found = branches(right, wanted=True)
    nots = dict.fromkeys(node for one in (*found, *branches(left)) for node in one.origin.excluded)
    return [*found, *(one for node in list(nots)[:_KEPT] for one in branches(node))]


def _taken(values: list[Json], count: int) -> list[Json]:
    """So many of the values, the first ones again if there are too few."""
    return [values[number % len(values)] for number in range(count)] if values else []


def _lengths(branch: Branch, hints: list[Branch]) -> set[int]:
    found = {0, 1, 2, branch.least, branch.least + 1}
    for one in (branch, *hints):
        found |= {one.least - 1, one.least}
        found |= {one.most, one.most + 1} if one.most is not None else set()
        found |= {size for content in one.holds for size in (content.least, content.least + 1)}
        found |= {content.most + 1 for content in one.holds if content.most is not None}
    return {
        one for one in found if branch.least <= one and (branch.most is None or one <= branch.most)
    }


def _numbers(branch: Branch, hints: list[Branch]) -> Iterator[Json]:
    points = {Fraction(0), Fraction(1)}
    for one in (branch, *hints):
        points |= {bound for bound in (one.low, one.high) if bound is not None}
        points |= {Fraction(str(value)) for value in one.values or ()}
        points |= {one.step} if one.step is not None else set()
    near = (
        [branch.step] if branch.step is not None else [Fraction(1), Fraction(1, 2), Fraction(1, 8)]
    )
    steps = [(near[0], point // near[0] * near[0]) for point in points if branch.step is not None]
    for point in sorted(points, key=lambda one: (abs(one), one < 0)):
        yield from _written(point)
        for step in near:
            yield from (number for far in (-2, -1, 1, 2) for number in _written(point + far * step))
    for step, floor in steps:
        yield from (number for far in (-1, 0, 1, 2) for number in _written(floor + far * step))


def _written(number: Fraction) -> Iterator[Json]:
    """The number in JSON, if it has a form there that means exactly it."""
    if number.denominator == 1:
        yield int(number)
    elif abs(number) < 10**300 and Fraction(repr(float(number))) == number:
        yield float(number)


def _strings(branch: Branch, hints: list[Branch]) -> Iterator[Json]:
    patterns = [
        *sorted(branch.patterns),
        *(pattern for one in hints for pattern in sorted(one.patterns)),
    ]
    yield from (strings.SAMPLES[name] for name in sorted(branch.formats) if name in strings.SAMPLES)
    lengths = [one for one in sorted(_lengths(branch, hints)) if one <= _LONGEST]
    for text in (text for pattern in patterns for text in strings.examples(pattern)):
        yield text
        for length in lengths:
            if length > len(text):
                yield from (
                    text.ljust(length, text[-1:] or "a"),
                    text.ljust(length, "a"),
                    text.rjust(length, "a"),
                )
    yield from (sign * length for length in lengths for sign in ("a", "?", "0", "A", "é", "\n"))
    known = [value for one in hints for value in one.values or () if isinstance(value, str)]
    yield from (text for value in known for text in (value, value + "x"))


def _admitted(branch: Branch, name: str) -> bool:
    return branch.member(name) == branch.rest and all(
        membership.admits(one, name) for one in branch.names
    )
