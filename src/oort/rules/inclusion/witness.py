"""Find candidates for a document that is valid under one schema and not under another.

Candidates are values at limits, with members present and absent, with lengths near the limits.
`membership` checks each candidate before it becomes a witness.
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
from oort.rules.inclusion.unions import ANYTHING, Conjunction, ordered

_KEPT = 24  # candidates of one schema
_TRIED = 300
_DEEPEST = 5
_LONGEST = 5000  # characters or elements of a candidate
_SIMPLE: tuple[Json, ...] = ("a", 0, None, True, [], {}, 0.5)
_NAMED = 6
_BARRED = 2
_PATIENCE = 10_000  # candidates of one search; ordinary events need hundreds
_STRING: Conjunction = frozenset({literal({"type": "string"})})
_NEW_NAMES = ("extra", "a", "x1", "")


@dataclass(frozen=True, slots=True)
class Seeker:
    """One search, with a memory for inner schemas. It skips pairs that the prover has proven."""

    _prover: Prover
    _found: dict[tuple[Conjunction, Conjunction, int], list[Json]] = field(default_factory=dict)
    _looked: list[None] = field(default_factory=list)

    def witness(self, left: Conjunction, right: Conjunction) -> tuple[Json] | None:
        """Return a value that is certainly valid on the left and certainly not on the right."""
        for value in self._patiently(self._raw(left, right, 0)):
            if _in(left, value) is True and _in(right, value) is False:
                return (value,)
        return None

    def candidates(self, left: Conjunction, right: Conjunction, depth: int) -> list[Json]:
        """Return values of the left, those that the right refuses first."""
        key = (left, right, depth)
        if key not in self._found:
            self._found[key] = []
            self._found[key] = _ranked(left, right, self._patiently(self._raw(left, right, depth)))
        return self._found[key]

    def _raw(self, left: Conjunction, right: Conjunction, depth: int) -> Iterator[Json]:
        hints = _hints(left, right)
        for branch in branches(left)[:_KEPT]:
            if branch.values is not None:
                yield from branch.values
                continue
            same = [hint for hint in hints if hint.kind == branch.kind]
            if branch.kind == "number":
                yield from numbers(branch, same)
            elif branch.kind == "string":
                yield from islice(texts(branch, same), _TRIED)
            elif depth < _DEEPEST:
                make = self._arrays if branch.kind == "array" else self._objects
                yield from islice(make(branch, same, depth + 1), _TRIED)
            else:
                yield cast(Json, [] if branch.kind == "array" else {})
        yield from (value for hint in hints for value in hint.values or ())
        if depth < _BARRED:
            yield from self._barred(left, right, depth + 1)

    def _barred(self, left: Conjunction, right: Conjunction, depth: int) -> Iterator[Json]:
        """Yield values of the left that the right excludes."""
        options = branches(right, wanted=True)
        conjunctions = dict.fromkeys(
            frozenset({option.child("not")}) for option in ordered(right) if "not" in option.known
        )
        conjunctions |= dict.fromkeys(
            option.origin.flats | conjunction
            for option in options
            for conjunction in option.origin.excluded
        )
        for conjunction in list(conjunctions)[:_NAMED]:
            yield from self._plain(left | conjunction, depth)

    def _patiently(self, values: Iterator[Json]) -> Iterator[Json]:
        """Yield values until the limit of the whole search."""
        for value in values:
            self._looked.append(None)
            if len(self._looked) > _PATIENCE:
                return
            yield value

    def _against(self, left: Conjunction, right: Conjunction, depth: int) -> list[Json]:
        return self.candidates(
            left, ANYTHING if self._prover.includes(left, right) else right, depth
        )

    def _plain(self, conjunction: Conjunction, depth: int) -> list[Json]:
        return self.candidates(conjunction, ANYTHING, depth)

    def _arrays(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        sizes = (
            _lengths(branch, hints)
            | {len(branch.first) + 1}
            | {len(hint.first) + 1 for hint in hints}
        )
        for size in sorted(hint for hint in sizes if hint <= _LONGEST):
            base = self._filled(branch, size, depth)
            if len(base) < size:
                continue
            yield cast(Json, base)
            if size > 1:
                yield [*base[:-2], base[0], base[0]]
            yield from self._contents(branch, hints, base, depth)
            for number in range(min(size, len(branch.first) + 2)):
                targets = [hint.at(number) for hint in hints] or [ANYTHING]
                for value in chain.from_iterable(
                    self._against(branch.at(number), hint, depth)[:6] for hint in targets
                ):
                    yield [*base[:number], value, *base[number + 1 :]]

    def _filled(self, branch: Branch, size: int, depth: int) -> list[Json]:
        """Return an array of the size, with distinct elements if required."""
        elements: list[Json] = []
        for number in range(size):
            options = self._plain(branch.at(number), depth)
            if branch.unique:
                taken = set(map(identity, elements))
                options = [value for value in options if identity(value) not in taken]
            if not options:
                break
            elements.append(options[0])
        return elements

    def _contents(
        self, branch: Branch, hints: list[Branch], base: list[Json], depth: int
    ) -> Iterator[Json]:
        """Yield arrays with fewer and with more elements that `contains` counts."""
        first, free = base[: len(branch.first)], len(base) - len(branch.first)
        counted = dict.fromkeys(content_hint for hint in hints for content_hint in hint.holds)
        for content in dict.fromkeys((*branch.holds, *counted)):
            inside = self._plain(branch.rest | content.conjunction, depth)
            outside = self._outside(branch.rest, content.conjunction, depth)
            most = content.least if content.most is None else content.most
            for count in dict.fromkeys((0, content.least - 1, content.least, most, most + 1, free)):
                if 0 <= count <= free:
                    mixed = [*_taken(inside, count), *_taken(outside, free - count)]
                    yield from ([*first, *mixed], [*first, *reversed(mixed)])
        for mine in branch.holds:
            for target in counted:
                yield [
                    *first,
                    *_taken(
                        self._outside(branch.rest | mine.conjunction, target.conjunction, depth),
                        free,
                    ),
                ]

    def _outside(self, left: Conjunction, right: Conjunction, depth: int) -> list[Json]:
        return [
            value for value in self.candidates(left, right, depth) if _in(right, value) is False
        ]

    def _objects(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        listed = dict.fromkeys([name for near in (branch, *hints) for name in near.members])
        unlisted = dict.fromkeys(chain(self._names(branch, hints, depth), _NEW_NAMES))
        names = [*listed, *(name for name in unlisted if name not in listed)]
        plain = {
            name: values[0]
            for name in (*names, *sorted(branch.required))
            if (values := self._plain(branch.member(name), depth))
        }
        least = {name: plain[name] for name in sorted(branch.required) if name in plain}
        full = {name: plain[name] for name in branch.members if name in plain} | least
        yield from (cast(Json, least), cast(Json, full))
        bad: dict[str, tuple[list[Json], list[Json]]] = {}
        for name in names:
            bad[name] = self._refused(branch, hints, name, depth)
            yield from ({**least, name: value} for value in bad[name][0][:8])
        yield from (
            {key: first_name for key, first_name in full.items() if key != name} for name in full
        )
        yield from ({**full, name: value} for name, (sure, _) in bad.items() for value in sure[:8])
        yield {
            **full,
            **{name: sure[0] for name, (sure, _) in bad.items() if sure and name in listed},
        }
        yield from self._larger(branch, hints, full, unlisted, depth)
        for base in (least, full):
            yield from (
                {**base, name: value}
                for name, (_, uncertain) in bad.items()
                for value in uncertain[:8]
            )
        for first_name in list(listed)[:4]:
            for second_name in [name for name in names if name != first_name][:6]:
                pairs = product(
                    *((*bad[name][0], *bad[name][1])[:5] for name in (first_name, second_name))
                )
                yield from (
                    {**least, first_name: mine, second_name: theirs} for mine, theirs in pairs
                )

    def _refused(
        self, branch: Branch, hints: list[Branch], name: str, depth: int
    ) -> tuple[list[Json], list[Json]]:
        """Return values of a member: those that a hint refuses for certain, and the rest."""
        sure: list[Json] = []
        uncertain: list[Json] = []
        for conjunction in sorted(
            {hint.member(name): None for hint in hints} or [ANYTHING],
            key=lambda conjunction: not conjunction,
        ):
            for value in self._against(branch.member(name), conjunction, depth)[:5]:
                (sure if _in(conjunction, value) is False else uncertain).append(value)
        return sure, uncertain

    def _larger(
        self,
        branch: Branch,
        hints: list[Branch],
        full: dict[str, Json],
        unlisted: Iterable[str],
        depth: int,
    ) -> Iterator[Json]:
        fillers = self._plain(branch.rest, depth)
        for size in sorted(
            size_limit
            for size_limit in _lengths(branch, hints)
            if size_limit <= _LONGEST and fillers
        ):
            letters = [name for name in (*unlisted, *"abcdefgh") if _admitted(branch, name)]
            numbered = [name for number in range(size) if _admitted(branch, name := f"k{number}")]
            names = list(dict.fromkeys([*full, *letters, *numbered]))[:size]
            yield {name: full.get(name, fillers[0]) for name in names}

    def _names(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[str]:
        """Yield names that no schema lists among its members."""
        both = (branch, *hints)
        yield from named_by(branch, hints)
        for names in dict.fromkeys(near.names for near in both if near.names):
            texts = self.candidates(branch.names | _STRING, names, depth)
            yield from (cast(str, name) for name in texts[:_NAMED])


def new_names(branch: Branch, hints: list[Branch]) -> Iterator[str]:
    """Yield names that no schema lists among its members."""
    yield from named_by(branch, hints)
    yield from _NEW_NAMES


def named_by(branch: Branch, hints: list[Branch]) -> Iterator[str]:
    """Yield names for the patterns of names, listed names, and names that others depend on."""
    both = (branch, *hints)
    yield from (
        text for near in both for pattern, _ in near.matching for text in strings.examples(pattern)
    )
    for names in dict.fromkeys(near.names for near in both if near.names):
        listed = (option.values or () for option in branches(names | _STRING))
        yield from (cast(str, name) for values in listed for name in values)
    for subschema in dict.fromkeys(
        subschema for near in both for subschema in ordered(near.origin.flats)
    ):
        yield from (need.name for need in dependents.needs(subschema))


def _in(conjunction: Conjunction, value: Json) -> membership.Truth:
    return membership.every([membership.admits(subschema, value) for subschema in conjunction])


def _ranked(left: Conjunction, right: Conjunction, values: Iterable[Json]) -> list[Json]:
    ranks = {
        (True, False): 0,
        (True, None): 1,
        (None, False): 2,
        (None, None): 3,
        (True, True): 4,
        (None, True): 5,
    }
    ranked: dict[object, tuple[int, Json]] = {}
    best = 0
    for value in values:
        key = identity(value)
        inside = None if key in ranked else _in(left, value)
        if key not in ranked and inside is not False:
            ranked[key] = ranks[inside, _in(right, value)], value
            best += ranked[key][0] == (0 if right else 4)
        if best >= _KEPT:
            break
    return [value for _, value in sorted(ranked.values(), key=lambda entry: entry[0])][:_KEPT]


def _hints(left: Conjunction, right: Conjunction) -> list[Branch]:
    """Return branches to stay near to: the right, and the exclusions of both sides."""
    targets = branches(right, wanted=True)
    nots = dict.fromkeys(
        conjunction
        for branch in (*targets, *branches(left))
        for conjunction in branch.origin.excluded
    )
    return [
        *targets,
        *(branch for conjunction in list(nots)[:_KEPT] for branch in branches(conjunction)),
    ]


def _taken(values: list[Json], count: int) -> list[Json]:
    """Return `count` of the values, repeated if there are too few."""
    return [values[number % len(values)] for number in range(count)] if values else []


def _lengths(branch: Branch, hints: list[Branch]) -> set[int]:
    sizes = {0, 1, 2, branch.least, branch.least + 1}
    for near in (branch, *hints):
        sizes |= {near.least - 1, near.least}
        sizes |= {near.most, near.most + 1} if near.most is not None else set()
        sizes |= {size for content in near.holds for size in (content.least, content.least + 1)}
        sizes |= {content.most + 1 for content in near.holds if content.most is not None}
    return {
        size
        for size in sizes
        if branch.least <= size and (branch.most is None or size <= branch.most)
    }


def numbers(branch: Branch, hints: list[Branch]) -> Iterator[Json]:
    """Yield numbers at and near the limits of a branch and of the hints."""
    points = {Fraction(0), Fraction(1)}
    for hint in (branch, *hints):
        points |= {bound for bound in (hint.low, hint.high) if bound is not None}
        points |= {Fraction(str(value)) for value in hint.values or ()}
        points |= {hint.step} if hint.step is not None else set()
    near = (
        [branch.step] if branch.step is not None else [Fraction(1), Fraction(1, 2), Fraction(1, 8)]
    )
    steps = [(near[0], point // near[0] * near[0]) for point in points if branch.step is not None]
    for point in sorted(points, key=lambda number: (abs(number), number < 0)):
        yield from _written(point)
        for step in near:
            yield from (number for far in (-2, -1, 1, 2) for number in _written(point + far * step))
    for step, floor in steps:
        yield from (number for far in (-1, 0, 1, 2) for number in _written(floor + far * step))


def _written(number: Fraction) -> Iterator[Json]:
    """Yield the number as JSON, if JSON can express it exactly."""
    if number.denominator == 1:
        yield int(number)
    elif abs(number) < 10**300 and Fraction(repr(float(number))) == number:
        yield float(number)


def texts(branch: Branch, hints: list[Branch]) -> Iterator[Json]:
    """Yield texts for the patterns, formats and lengths of a branch and of the hints."""
    mine = sorted(branch.patterns)
    theirs = [pattern for hint in hints for pattern in sorted(hint.patterns)]
    yield from (strings.SAMPLES[name] for name in sorted(branch.formats) if name in strings.SAMPLES)
    goals: list[tuple[list[str], list[str]]] = [(mine, theirs)]
    goals += [(mine, [pattern]) for pattern in theirs]
    goals += [([*mine, pattern], []) for pattern in theirs]
    written = [
        strings.text(wanted, unwanted, least=branch.least, most=branch.most)
        for wanted, unwanted in goals
    ]
    lengths = [length for length in sorted(_lengths(branch, hints)) if length <= _LONGEST]
    written += [strings.text(mine, least=length, most=length) for length in lengths]
    yield from (text for text in written if text is not None)
    yield from (sign * length for length in lengths for sign in ("a", "?", "0", "A", "é", "\n"))
    listed = [value for hint in hints for value in hint.values or () if isinstance(value, str)]
    yield from (text for value in listed for text in (value, value + "x"))


def _admitted(branch: Branch, name: str) -> bool:
    return branch.member(name) == branch.rest and all(
        membership.admits(subschema, name) for subschema in branch.names
    )
