"""Schemas as unions of branches. A branch is one JSON type with everything that constrains it, so that two branches of a
type can be compared keyword by keyword. What a branch cannot express is kept in it as a token; it may then admit too much.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias, cast

from oort.rules.inclusion import membership, texts
from oort.rules.inclusion.documents import KINDS, Json, Place, exact, identity, is_number, kind_of, literal

Node: TypeAlias = frozenset[Place]  # what satisfies all of them
ANYTHING: Node = frozenset()
NOTHING: Node = frozenset({literal({"enum": []})})
_WIDEST = 200  # disjuncts of one schema; a table of cases in the wild has tens
_LISTED = 32  # integers between two bounds that are written out
_PARTS = ("contains", "dependentRequired", "dependentSchemas", "dependencies")


@dataclass(frozen=True, slots=True)
class Disjunct:
    """Keywords that must all hold, schemas that must not, and tokens for what is not understood."""

    flats: Node = ANYTHING
    nots: frozenset[Node] = frozenset()
    tokens: frozenset[object] = frozenset()

    def both(self, other: "Disjunct") -> "Disjunct":
        """What satisfies the two."""
        return Disjunct(self.flats | other.flats, self.nots | other.nots, self.tokens | other.tokens)


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
        hits = [(node, texts.matches(pattern, name)) for pattern, node in self.matching]
        sure = [node for node, hit in hits if hit]
        return frozenset().union(*sure) if sure else self.rest if all(hit is False for _, hit in hits) else ANYTHING

    def unclear(self, name: str) -> bool:
        """Whether `member` may have left something out, since a pattern cannot be read."""
        return name not in dict(self.members) and any(texts.matches(one, name) is None for one, _ in self.matching)

    def with_member(self, name: str, node: Node, *, present: bool) -> "Branch":
        """The branch with a member narrowed, which is there for certain or not."""
        members = {**dict(self.members), name: node}
        required = self.required | {name} if present else self.required
        return replace(self, members=tuple(members.items()), required=required)


def disjuncts(node: Node) -> list[Disjunct]:
    """The schema as a union."""
    found = [Disjunct()]
    for place in node:
        found = _product(found, _of_place(place, frozenset()))
    return found


def _product(left: list[Disjunct], right: list[Disjunct]) -> list[Disjunct]:
    if len(left) * len(right) > _WIDEST:
        return [replace(one, tokens=one.tokens | {object()}) for one in left]
    return list(dict.fromkeys(one.both(other) for one in left for other in right))


def _of_place(place: Place, seen: frozenset[Place]) -> list[Disjunct]:
    if place.flat:
        return [Disjunct(frozenset({place}))]
    if place in seen:
        return [Disjunct(tokens=frozenset({object()}))]
    words, inside = place.known, seen | {place}
    tokens = frozenset(object() for _ in place.opaque)
    found = [Disjunct(frozenset({replace(place, flat=True)}), tokens=tokens)]
    if "$ref" in words and (target := place.target()) is not None:
        found = _product(found, _of_place(target, inside))
    for number in range(len(cast(list[Json], words.get("allOf", [])))):
        found = _product(found, _of_place(place.child("allOf", str(number)), inside))
    for word in ("anyOf", "oneOf"):
        if word in words:
            found = _product(found, _union(place, word, inside))
    if "not" in words:
        found = _product(found, [_excluding(place.child("not"))])
    return _product(found, _cases(place, inside)) if "if" in words else found


def _union(place: Place, word: str, seen: frozenset[Place]) -> list[Disjunct]:
    arms = [place.child(word, str(number)) for number in range(len(cast(list[Json], place.known[word])))]
    found: list[Disjunct] = []
    for arm in arms:
        others = [_excluding(other) for other in arms if other != arm and word == "oneOf"]
        one = _of_place(arm, seen)
        for other in others:
            one = _product(one, [other])
        found += one
    return found


def _excluding(place: Place) -> Disjunct:
    return Disjunct(nots=frozenset({frozenset({place})}))


def _cases(place: Place, seen: frozenset[Place]) -> list[Disjunct]:
    condition = place.child("if")
    then, other = (
        _of_place(place.child(word), seen) if word in place.known else [Disjunct()] for word in ("then", "else")
    )
    return _product(_of_place(condition, seen), then) + _product([_excluding(condition)], other)


def _token(place: Place, word: str) -> object:
    """Equal for the same words in any document, unless something in them refers to its own document."""
    names = ("contains", "minContains", "maxContains") if word == "contains" else (word,)
    said = identity({name: one for name, one in place.known.items() if name in names})
    return object() if "Ref" in str(said) or "$ref" in str(said) else (word, said, place.document.draft)


def branches(node: Node) -> list[Branch]:
    """The schema as a union of branches, without those that are clearly empty."""
    return [one for found in disjuncts(node) for one in of_disjunct(found)]


def of_disjunct(found: Disjunct) -> list[Branch]:
    """One branch for each type that the disjunct lets in."""
    finite = [place for place in found.flats if place.known.keys() & {"enum", "const"}]
    if finite:
        return list(_finite(found, finite[0]))
    built = (_built(found, kind) for kind in KINDS if _lets_in(found, kind))
    return [one for one in map(_settled, built) if one is not None]


def _finite(found: Disjunct, place: Place) -> Iterator[Branch]:
    words = place.known
    listed = cast(list[Json], words["enum"]) if "enum" in words else [words["const"]]
    for value in listed:
        truth = membership.every([membership.admits(one, value) for one in found.flats])
        if truth is not False:
            doubt = frozenset() if truth else frozenset({object()})
            yield Branch(kind_of(value), found, found.tokens | doubt, (value,))


def _lets_in(found: Disjunct, kind: str) -> bool:
    return all(kind in _kinds(place) for place in found.flats)


def _kinds(place: Place) -> frozenset[str]:
    said = place.known.get("type", list(KINDS))
    names = cast(list[str], said if isinstance(said, list) else [said])
    return frozenset("number" if one == "integer" else one for one in names) | (
        {"null"} if membership.nullable(place) else frozenset()
    )


def _built(found: Disjunct, kind: str) -> Branch:
    branch = Branch(kind, found, found.tokens)
    if kind in ("null", "boolean"):
        return replace(branch, values=(None,) if kind == "null" else (False, True))
    for place in found.flats:
        branch = _BUILDERS[kind](branch, place, place.known)
    return branch


def _sized(branch: Branch, words: dict[str, Json], noun: str) -> Branch:
    least = max(branch.least, int(cast(float, words.get(f"min{noun}", 0))))
    said = words.get(f"max{noun}")
    mosts = [one for one in (branch.most, None if said is None else int(cast(float, said))) if one is not None]
    return replace(branch, least=least, most=min(mosts, default=None))


def _number(branch: Branch, place: Place, words: dict[str, Json]) -> Branch:
    for word, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if word in words:
            branch = _bounded(branch, word, exact(cast(float, words[word])), out=words.get(exclusive) is True)
        if is_number(words.get(exclusive)):
            branch = _bounded(branch, word, exact(cast(float, words[exclusive])), out=True)
    said = words.get("type", [])
    names = said if isinstance(said, list) else [said]
    steps = [exact(cast(float, words["multipleOf"]))] if "multipleOf" in words else []
    if "integer" in names and "number" not in names:
        steps.append(Fraction(1))
        if place.document.draft == 4:  # there 1.0 is no integer
            branch = replace(branch, tokens=branch.tokens | {"an integer of draft 4"})
    for step in steps:
        branch = replace(branch, step=step if branch.step is None else _common(branch.step, step))
    return branch


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The smallest number that both divide."""
    return Fraction(math.lcm(one.numerator * other.denominator, other.numerator * one.denominator)) / (
        one.denominator * other.denominator
    )


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
    rest: Node = ANYTHING if beyond is None else frozenset({beyond})
    own = [frozenset({one}) for one in listed]
    count = max(len(own), len(branch.first))
    first = [branch.at(number) | (own[number] if number < len(own) else rest) for number in range(count)]
    tokens = branch.tokens | ({_token(place, "contains")} if "contains" in words else set())
    unique = branch.unique or words.get("uniqueItems") is True
    branch = replace(branch, first=tuple(first), rest=branch.rest | rest, unique=unique, tokens=tokens)
    return _sized(branch, words, "Items")


def _object(branch: Branch, place: Place, words: dict[str, Json]) -> Branch:
    own = _own_members(place, words)
    names = [name for name, _ in (*branch.members, *own.members)]
    members = {name: branch.member(name) | own.member(name) for name in names}
    matching: tuple[tuple[str, Node], ...] = ()
    rest, tokens = branch.rest | own.rest, branch.tokens | own.tokens
    tokens |= {object() for name in names if branch.unclear(name) or own.unclear(name)}
    ours, theirs = dict(branch.matching), dict(own.matching)
    if ours.keys() == theirs.keys() or not ours or not theirs:
        patterns = {**ours, **theirs}
        matching = tuple((one, ours.get(one, branch.rest) | theirs.get(one, own.rest)) for one in patterns)
    else:
        rest, tokens = ANYTHING, tokens | {object()}
    required = branch.required | own.required
    found = replace(branch, members=tuple(members.items()), matching=matching, rest=rest, tokens=tokens)
    return _sized(replace(found, required=required, names=branch.names | own.names), words, "Properties")


def _own_members(place: Place, words: dict[str, Json]) -> Branch:
    """An object's own keywords. A name whose pattern cannot be read may hold more than is said here."""
    patterns = list(cast(dict[str, Json], words.get("patternProperties", {})))
    nodes = {one: frozenset({place.child("patternProperties", one)}) for one in patterns}
    members: dict[str, Node] = {}
    tokens = {_token(place, word) for word in _PARTS if word in words}
    for name in cast(dict[str, Json], words.get("properties", {})):
        hits = [(one, texts.matches(one, name)) for one in patterns]
        members[name] = frozenset({place.child("properties", name)}).union(*(nodes[one] for one, hit in hits if hit))
        tokens |= {object() for _, hit in hits if hit is None}
    rest: Node = frozenset({place.child("additionalProperties")}) if "additionalProperties" in words else ANYTHING
    return Branch(
        "object",
        Disjunct(),
        frozenset(tokens),
        members=tuple(members.items()),
        matching=tuple(nodes.items()),
        rest=rest,
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
