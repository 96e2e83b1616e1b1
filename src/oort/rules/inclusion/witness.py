"""Candidates for a document that is valid under one schema and not under another: boundary values, members present and
absent, lengths beside the limits. Nothing here is trusted: `membership` judges each candidate before it is shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice
from typing import cast

from oort.rules.inclusion import membership, texts
from oort.rules.inclusion.documents import Json, identity
from oort.rules.inclusion.shapes import ANYTHING, Branch, Node, branches

_KEPT = 24  # candidates of one schema
_TRIED = 300
_DEEPEST = 5
_LONGEST = 5000  # characters or elements of a candidate
_SIMPLE: tuple[Json, ...] = ("a", 0, None, True, [], {}, 0.5)
_NEW_NAMES = ("extra", "a", "x1", "")


@dataclass(frozen=True, slots=True)
class Seeker:
    """One search, which remembers what it has found for the schemas inside."""

    _found: dict[tuple[Node, Node, int], list[Json]] = field(default_factory=dict)

    def witness(self, left: Node, right: Node) -> tuple[Json] | None:
        """A value that is certainly valid under the left and certainly not under the right."""
        for value in self.candidates(left, right, 0):
            if _in(left, value) is True and _in(right, value) is False:
                return (value,)
        return None

    def candidates(self, left: Node, right: Node, depth: int) -> list[Json]:
        """Values of the left; those come first that the right refuses."""
        key = (left, right, depth)
        if key not in self._found:
            self._found[key] = []
            self._found[key] = _ranked(left, right, self._raw(left, right, depth))
        return self._found[key]

    def _raw(self, left: Node, right: Node, depth: int) -> Iterator[Json]:
        hints = branches(right)
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

    def _plain(self, node: Node, depth: int) -> list[Json]:
        return self.candidates(node, ANYTHING, depth)

    def _arrays(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        sizes = _lengths(branch, hints) | {len(branch.first) + 1} | {len(one.first) + 1 for one in hints}
        for size in sorted(one for one in sizes if one <= _LONGEST):
            base = self._filled(branch, size, depth)
            if len(base) < size:
                continue
            yield cast(Json, base)
            if size > 1:
                yield [*base[:-2], base[0], base[0]]
            for number in range(min(size, len(branch.first) + 2)):
                wanted = [one.at(number) for one in hints] or [ANYTHING]
                for value in chain.from_iterable(self.candidates(branch.at(number), one, depth)[:6] for one in wanted):
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

    def _objects(self, branch: Branch, hints: list[Branch], depth: int) -> Iterator[Json]:
        listed = dict.fromkeys([name for one in (branch, *hints) for name, _ in one.members])
        names = [*listed, *(name for name in _names(branch, hints) if name not in listed)]
        plain = {
            name: found[0]
            for name in (*names, *sorted(branch.required))
            if (found := self._plain(branch.member(name), depth))
        }
        least = {name: plain[name] for name in sorted(branch.required) if name in plain}
        full = {name: plain[name] for name, _ in branch.members if name in plain} | least
        yield from (cast(Json, least), cast(Json, full))
        bad = {name: self._refused(branch, hints, name, depth) for name in names}
        for base in (least, full):
            yield from ({**base, name: value} for name, values in bad.items() for value in values[:8])
            yield from ({key: one for key, one in full.items() if key != name} for name in full)
        yield {**full, **{name: values[0] for name, values in bad.items() if values and name in listed}}
        yield from self._larger(branch, hints, full, depth)
        for one in list(listed)[:4]:
            for other in [name for name in names if name != one][:6]:
                yield from ({**least, one: mine, other: theirs} for mine in bad[one][:5] for theirs in bad[other][:5])

    def _refused(self, branch: Branch, hints: list[Branch], name: str, depth: int) -> list[Json]:
        wanted = [one.member(name) for one in hints] or [ANYTHING]
        return list(chain.from_iterable(self.candidates(branch.member(name), one, depth)[:5] for one in wanted))

    def _larger(self, branch: Branch, hints: list[Branch], full: dict[str, Json], depth: int) -> Iterator[Json]:
        others = self._plain(branch.rest, depth)
        for size in sorted(one for one in _lengths(branch, hints) if one <= _LONGEST and others):
            letters = [name for name in "abcdefgh" if _admitted(branch, name)]
            numbered = [name for number in range(size) if _admitted(branch, name := f"k{number}")]
            names = list(dict.fromkeys([*full, *letters, *numbered]))[:size]
            yield {name: full.get(name, others[0]) for name in names}


def _in(node: Node, value: Json) -> membership.Truth:
    return membership.every([membership.admits(place, value) for place in node])


def _ranked(left: Node, right: Node, values: Iterable[Json]) -> list[Json]:
    ranks = {(True, False): 0, (True, None): 1, (None, False): 2, (None, None): 3, (True, True): 4, (None, True): 5}
    found: dict[object, tuple[int, Json]] = {}
    for value in values:
        key = identity(value)
        inside = None if key in found else _in(left, value)
        if key not in found and inside is not False:
            found[key] = ranks[inside, _in(right, value)], value
    return [value for _, value in sorted(found.values(), key=lambda one: one[0])][:_KEPT]


def _lengths(branch: Branch, hints: list[Branch]) -> set[int]:
    found = {0, 1, 2, branch.least, branch.least + 1}
    for one in (branch, *hints):
        found |= {one.least - 1, one.least}
        found |= {one.most, one.most + 1} if one.most is not None else set()
    return {one for one in found if branch.least <= one and (branch.most is None or one <= branch.most)}


def _numbers(branch: Branch, hints: list[Branch]) -> Iterator[Json]:
    points = {Fraction(0), Fraction(1)}
    for one in (branch, *hints):
        points |= {bound for bound in (one.low, one.high) if bound is not None}
        points |= {Fraction(str(value)) for value in one.values or ()}
        points |= {one.step} if one.step is not None else set()
    near = [branch.step] if branch.step is not None else [Fraction(1), Fraction(1, 2), Fraction(1, 8)]
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
    patterns = [*sorted(branch.patterns), *(pattern for one in hints for pattern in sorted(one.patterns))]
    yield from (texts.SAMPLES[name] for name in sorted(branch.formats) if name in texts.SAMPLES)
    yield from (text for pattern in patterns for text in texts.examples(pattern))
    lengths = [one for one in sorted(_lengths(branch, hints)) if one <= _LONGEST]
    yield from (sign * length for length in lengths for sign in ("a", "?", "0", "A", "é"))
    known = [value for one in hints for value in one.values or () if isinstance(value, str)]
    yield from (text for value in known for text in (value, value + "x"))


def _names(branch: Branch, hints: list[Branch]) -> Iterator[str]:
    """Names that no schema lists."""
    patterns = [pattern for one in (branch, *hints) for pattern, _ in one.matching]
    wanted = [
        pattern for place in chain(branch.names, *(one.names for one in hints)) if (pattern := _pattern(place.known))
    ]
    yield from (text for pattern in (*patterns, *sorted(wanted)) for text in texts.examples(pattern))
    yield from _NEW_NAMES


def _admitted(branch: Branch, name: str) -> bool:
    return branch.member(name) == branch.rest and all(membership.admits(one, name) for one in branch.names)


def _pattern(words: dict[str, Json]) -> str:
    return cast(str, words.get("pattern", ""))
