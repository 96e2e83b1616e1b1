"""Schemas as unions of branches. A branch is one JSON type with everything that constrains it, so that two branches of a
type can be compared keyword by keyword. What a branch cannot express is kept in it as a token; it may then admit too much.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

from oort.rules.inclusion import membership, strings
from oort.rules.inclusion.documents import (
    KINDS,
    Json,
    Place,
    exact,
    identity,
    is_number,
    kind_of,
    literal,
)
from oort.rules.inclusion.unions import ANYTHING, Disjunct, Node, Reading, ordered

_LISTED = 32  # integers between two bounds that are written out
SPELT_WHOLE = "an integer of draft 4"
EMPTY: dict[str, Json] = {"string": "", "array": [], "object": {}}


@dataclass(frozen=True, slots=True)
class Content:
    """How many elements of an array are so, at least and at most. Equal tokens stand for the same, whatever it means."""

    node: Node
    least: int
    most: int | None
    token: object


@dataclass(frozen=True, slots=True)
class Branch:
    """Values of one type. Sizes are those of texts, arrays and objects; a step that is 1 means integers."""

    kind: str
    origin: Disjunct
    tokens: frozenset[object] = frozenset()
    values: tuple[Json, ...] | None = None
    least: int = 0
    most: int | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False
    step: Fraction | None = None
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    unique: bool = False
    holds: tuple[Content, ...] = ()
    first: tuple[Node, ...] = ()
    rest: Node = ANYTHING
    members: tuple[tuple[str, Node], ...] = ()
    matching: tuple[tuple[str, Node], ...] = ()
    required: frozenset[str] = frozenset()
    names: Node = ANYTHING

    def at(self, number: int) -> Node:
        """What an array holds in a position."""
        return self.first[number] if number < len(self.first) else self.rest

    def member(self, name: str) -> Node:
        """What an object holds under a name."""
        known = dict(self.members)
        if name in known:
            return known[name]
        hits = [(node, strings.matches(pattern, name)) for pattern, node in self.matching]
        sure = [node for node, hit in hits if hit]
        return (
            frozenset().union(*sure)
            if sure
            else self.rest
            if all(hit is False for _, hit in hits)
            else ANYTHING
        )

    def unclear(self, name: str) -> bool:
        """Whether `member` may have left something out, since a pattern cannot be read."""
        return name not in dict(self.members) and any(
            strings.matches(one, name) is None for one, _ in self.matching
        )

    def with_member(self, name: str, node: Node, *, present: bool) -> "Branch":
        """The branch with a member narrowed, which is there for certain or not."""
        members = {**dict(self.members), name: node}
        required = self.required | {name} if present else self.required
        return replace(self, members=tuple(members.items()), required=required)


def branches(node: Node, *, wanted: bool = False) -> list[Branch]:
    """The schema as a union of branches, without those that are clearly empty. On the right of a comparison it is wanted."""
    return [one for found in Reading(wanted).disjuncts(node) for one in of_disjunct(found)]


def of_disjunct(found: Disjunct) -> list[Branch]:
    """One branch for each type that the disjunct lets in, or one for each value if they are listed."""
    flats = ordered(found.flats)
    listed = next(
        (_listed(place.known) for place in flats if place.known.keys() & {"enum", "const"}), None
    )
    if listed is not None:
        return list(_finite(found, listed))
    spelt = next((words for place in flats if (words := _spelt_out(place))), [])
    kinds = [kind for kind in KINDS if _lets_in(found, kind) and not (spelt and kind == "string")]
    settled = (
        one for one in map(_settled, (_built(found, kind) for kind in kinds)) if one is not None
    )
    bounded = [one for one in map(_settled, map(_trimmed, settled)) if one is not None]
    return [*bounded, *_finite(found, spelt)]


def _listed(words: dict[str, Json]) -> list[Json]:
    return cast(list[Json], words["enum"]) if "enum" in words else [words["const"]]


def _spelt_out(place: Place) -> list[Json]:
    return (
        list(strings.spelt_out(cast(str, place.known["pattern"])))
        if "pattern" in place.known
        else []
    )


def _finite(found: Disjunct, listed: list[Json]) -> Iterator[Branch]:
    for value in listed:
        truth = membership.every([membership.admits(one, value) for one in found.flats])
        if truth is not False:
            doubt: frozenset[object] = frozenset() if truth else frozenset({object()})
            doubt |= {SPELT_WHOLE} if any(map(_spelt_whole, found.flats)) else set()
            yield Branch(kind_of(value), found, found.tokens | doubt, (value,))


def _spelt_whole(place: Place) -> bool:
    """Whether 1.0 is no integer there."""
    said = place.known.get("type", [])
    names = said if isinstance(said, list) else [said]
    return place.document.draft == 4 and "integer" in names and "number" not in names


def _lets_in(found: Disjunct, kind: str) -> bool:
    return all(kind in membership.kinds(place) for place in found.flats)


def _built(found: Disjunct, kind: str) -> Branch:
    branch = Branch(kind, found, found.tokens)
    if kind in ("null", "boolean"):
        return replace(branch, values=(None,) if kind == "null" else (False, True))
    for place in ordered(found.flats):
        branch = _BUILDERS[kind](branch, place, place.known)
    return branch


def _sized(branch: Branch, words: dict[str, Json], noun: str) -> Branch:
    least = max(branch.least, int(cast(float, words.get(f"min{noun}", 0))))
    said = words.get(f"max{noun}")
    mosts = [
        one
        for one in (branch.most, None if said is None else int(cast(float, said)))
        if one is not None
    ]
    return replace(branch, least=least, most=min(mosts, default=None))


def _number(branch: Branch, place: Place, words: dict[str, Json]) -> Branch:
    for word, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if word in words:
            branch = _bounded(
                branch, word, exact(cast(float, words[word])), out=words.get(exclusive) is True
            )
        if is_number(words.get(exclusive)):
            branch = _bounded(branch, word, exact(cast(float, words[exclusive])), out=True)
    said = words.get("type", [])
    names = said if isinstance(said, list) else [said]
    steps = [exact(cast(float, words["multipleOf"]))] if "multipleOf" in words else []
    if "integer" in names and "number" not in names:
        steps.append(Fraction(1))
        if _spelt_whole(place):
            branch = replace(branch, tokens=branch.tokens | {SPELT_WHOLE})
    for step in steps:
        branch = replace(branch, step=step if branch.step is None else _common(branch.step, step))
    return branch


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The smallest number that both divide."""
    return Fraction(
        math.lcm(one.numerator * other.denominator, other.numerator * one.denominator)
    ) / (one.denominator * other.denominator)


def _bounded(branch: Branch, word: str, bound: Fraction, *, out: bool) -> Branch:
    if word == "minimum":
        tighter = branch.low is None or (bound, out) > (branch.low, branch.low_open)
        return replace(branch, low=bound, low_open=out) if tighter else branch
    tighter = branch.high is None or (-bound, out) > (-branch.high, branch.high_open)
    return replace(branch, high=bound, high_open=out) if tighter else branch


def _string(branch: Branch, _: Place, words: dict[str, Json]) -> Branch:
    patterns = {cast(str, words["pattern"])} if "pattern" in words else set()
    formats = {cast(str, words["format"])} if "format" in words else set()
    branch = replace(branch, patterns=branch.patterns | patterns, formats=branch.formats | formats)
    return _sized(branch, words, "Length")


def _array(branch: Branch, place: Place, words: dict[str, Json]) -> Branch:
    listed, beyond = membership.positions(place)
    barred: Node = ANYTHING
    if words.get("maxContains") == 0:
        barred = frozenset({literal({"not": {"$ref": 0}}, place.child("contains"))})
    rest = barred if beyond is None else barred | {beyond}
    own = [barred | {one} for one in listed]
    count = max(len(own), len(branch.first))
    first = [
        branch.at(number) | (own[number] if number < len(own) else rest) for number in range(count)
    ]
    counted = "contains" in words and (words.get("minContains") != 0 or "maxContains" in words)
    holds = (*branch.holds, _content(place, words)) if counted else branch.holds
    least = max([branch.least, *(one.least for one in holds)])
    unique = branch.unique or words.get("uniqueItems") is True
    branch = replace(
        branch, first=tuple(first), rest=branch.rest | rest, unique=unique, holds=holds, least=least
    )
    return _sized(branch, words, "Items")


def _content(place: Place, words: dict[str, Json]) -> Content:
    said = identity(
        {name: words[name] for name in ("contains", "minContains", "maxContains") if name in words}
    )
    token = object() if "Ref" in str(said) or "$ref" in str(said) else (said, place.document.draft)
    least, most = words.get("minContains", 1), words.get("maxContains")
    return Content(
        frozenset({place.child("contains")}),
        int(cast(float, least)),
        None if most is None else int(cast(float, most)),
        token,
    )


def _object(branch: Branch, place: Place, words: dict[str, Json]) -> Branch:
    own = _own_members(place, words)
    names = [name for name, _ in (*branch.members, *own.members)]
    members = {name: branch.member(name) | own.member(name) for name in names}
    ours, theirs = dict(branch.matching), dict(own.matching)
    tokens = (
        branch.tokens
        | own.tokens
        | {object() for name in names if branch.unclear(name) or own.unclear(name)}
    )
    matching = {one: ours[one] | theirs[one] for one in ours.keys() & theirs.keys()}
    for mine, others, rest in ((ours, theirs, own.rest), (theirs, ours, branch.rest)):
        for pattern in mine.keys() - others.keys():
            clear = all(strings.apart(pattern, other) for other in others)
            matching[pattern] = mine[pattern] | (rest if clear else ANYTHING)
            tokens |= {object()} if rest and not clear else set()
    found = replace(
        branch,
        members=tuple(members.items()),
        matching=tuple(sorted(matching.items())),
        tokens=tokens,
    )
    found = replace(found, rest=branch.rest | own.rest, names=branch.names | own.names)
    return _sized(replace(found, required=branch.required | own.required), words, "Properties")


def _own_members(place: Place, words: dict[str, Json]) -> Branch:
    """An object's own keywords. A name whose pattern cannot be read may hold more than is said here."""
    patterns = list(cast(dict[str, Json], words.get("patternProperties", {})))
    nodes = {one: frozenset({place.child("patternProperties", one)}) for one in patterns}
    members: dict[str, Node] = {}
    tokens: set[object] = set()
    listed = cast(dict[str, Json], words.get("properties", {}))
    spelt = {one: strings.spelt_out(one) for one in patterns}
    for name in dict.fromkeys([*listed, *(name for names in spelt.values() for name in names)]):
        hits = [(one, strings.matches(one, name)) for one in patterns]
        own = frozenset({place.child("properties", name)}) if name in listed else ANYTHING
        members[name] = own.union(*(nodes[one] for one, hit in hits if hit))
        tokens |= {object() for _, hit in hits if hit is None}
    beyond = place.beyond("additionalProperties")
    return Branch(
        "object",
        Disjunct(),
        frozenset(tokens),
        members=tuple(members.items()),
        matching=tuple((one, node) for one, node in nodes.items() if not spelt[one]),
        rest=ANYTHING if beyond is None else frozenset({beyond}),
        required=frozenset(cast(list[str], words.get("required", []))),
        names=frozenset({place.child("propertyNames")}) if "propertyNames" in words else ANYTHING,
    )


_BUILDERS = {"number": _number, "string": _string, "array": _array, "object": _object}


def _settled(branch: Branch) -> Branch | None:
    """Bounds moved to the numbers that can be reached; a short range of integers listed; None if nothing is left."""
    if branch.most is not None and branch.least > branch.most:
        return None
    if branch.step is not None:
        branch = _stepped(branch, branch.step)
    low, high = branch.low, branch.high
    if low is None or high is None:
        return branch
    if low > high or (low == high and (branch.low_open or branch.high_open)):
        return None
    if low == high:
        only = float(low) if low.denominator != 1 else int(low)
        return replace(branch, values=(only,)) if exact(only) == low else branch
    step = branch.step
    if step is None or (high - low) / step > _LISTED or step.denominator != 1:
        return branch
    return replace(branch, values=tuple(range(int(low), int(high) + 1, int(step))))


def _stepped(branch: Branch, step: Fraction) -> Branch:
    low, high = branch.low, branch.high
    if low is not None:
        up = math.ceil(low / step) * step
        low = up + step if up == low and branch.low_open else up
    if high is not None:
        down = math.floor(high / step) * step
        high = down - step if down == high and branch.high_open else down
    return replace(branch, low=low, high=high, low_open=False, high_open=False)


def excluded(branch: Branch) -> frozenset[object]:
    """The values that are listed as not in the branch, by identity."""
    lists = (
        place.known["enum"]
        for node in branch.origin.nots
        for place in node
        if place.known.keys() == {"enum"} and len(node) == 1
    )
    return frozenset(identity(value) for listed in lists for value in cast(list[Json], listed))


def _trimmed(branch: Branch) -> Branch:
    """Bounds moved past the values that are excluded."""
    out = excluded(branch) if branch.origin.nots else frozenset()
    if branch.kind in EMPTY and branch.least == 0 and identity(EMPTY[branch.kind]) in out:
        return replace(branch, least=1)
    if branch.kind != "number" or not out:
        return branch
    numbers = {exact(one[1]) for one in out if isinstance(one, tuple) and one[0] == "number"}
    while branch.low is not None and branch.low in numbers and not branch.low_open:
        branch = replace(branch, low=branch.low + (branch.step or 0), low_open=branch.step is None)
    while branch.high is not None and branch.high in numbers and not branch.high_open:
        branch = replace(
            branch, high=branch.high - (branch.step or 0), high_open=branch.step is None
        )
    return branch
