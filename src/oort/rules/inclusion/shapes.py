"""Schemas as unions of branches. A branch is one JSON type with all its constraints.

Two branches of a type can be compared keyword by keyword. A constraint that a branch cannot express
becomes a token; the branch may then admit too much.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

from oort.rules.inclusion import membership, strings
from oort.rules.inclusion.documents import (
    KINDS,
    Json,
    Subschema,
    Work,
    exact,
    identity,
    is_number,
    kind_of,
    literal,
)
from oort.rules.inclusion.unions import ANYTHING, Conjunction, Disjunct, Reading, ordered

_LISTED = 32  # integers between two bounds that are written out
_STEPS = 10  # of work to read a subschema for each type
SPELT_WHOLE = "an integer of draft 4"
EMPTY: dict[str, Json] = {"string": "", "array": [], "object": {}}


@dataclass(frozen=True, slots=True)
class Content:
    """The number of array elements that fit a conjunction. Equal tokens have equal meaning, even if
    unknown."""

    conjunction: Conjunction
    least: int
    most: int | None
    token: object


@dataclass(frozen=True, slots=True)
class Branch:
    """Values of one type. Sizes apply to strings, arrays and objects; the step 1 means integers."""

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
    first: tuple[Conjunction, ...] = ()
    rest: Conjunction = ANYTHING
    members: dict[str, Conjunction] = field(default_factory=dict)
    matching: tuple[tuple[str, Conjunction], ...] = ()
    required: frozenset[str] = frozenset()
    names: Conjunction = ANYTHING

    def at(self, number: int) -> Conjunction:
        """Return the schema of an array position."""
        return self.first[number] if number < len(self.first) else self.rest

    def member(self, name: str) -> Conjunction:
        """Return the schema of an object's member."""
        if name in self.members:
            return self.members[name]
        hits = [
            (conjunction, strings.matches(pattern, name)) for pattern, conjunction in self.matching
        ]
        sure = [conjunction for conjunction, hit in hits if hit]
        return (
            frozenset().union(*sure)
            if sure
            else self.rest
            if all(hit is False for _, hit in hits)
            else ANYTHING
        )

    def unclear(self, name: str) -> bool:
        """True if `member` may lack a schema, since a pattern cannot be read."""
        return name not in self.members and any(
            strings.matches(pattern, name) is None for pattern, _ in self.matching
        )

    def with_member(self, name: str, conjunction: Conjunction, *, present: bool) -> "Branch":
        """Return the branch with a narrower member, which is then required or not."""
        required = self.required | {name} if present else self.required
        return replace(self, members={**self.members, name: conjunction}, required=required)


def branches(conjunction: Conjunction, *, wanted: bool = False) -> list[Branch]:
    """Return the schema as a union of branches, without clearly empty ones.

    On the right of a comparison, set `wanted`.
    """
    work = min((subschema.document.work for subschema in conjunction), key=_left, default=Work())
    read: list[Branch] = []
    for disjunct in Reading(wanted).disjuncts(conjunction):
        work.spend(_STEPS * len(disjunct.flats))  # many are made here, and count nothing themselves
        read += of_disjunct(disjunct)
    return read


def _left(work: Work) -> int:
    return work.left


def of_disjunct(disjunct: Disjunct) -> list[Branch]:
    """Return one branch for each allowed type, or for each value if values are listed."""
    flats = ordered(disjunct.flats)
    listed = next(
        (
            _listed(subschema.known)
            for subschema in flats
            if subschema.known.keys() & {"enum", "const"}
        ),
        None,
    )
    if listed is not None:
        return list(_finite(disjunct, listed))
    spelt = next((words for subschema in flats if (words := _spelt_out(subschema))), [])
    kinds = [
        kind for kind in KINDS if _lets_in(disjunct, kind) and not (spelt and kind == "string")
    ]
    settled = (
        branch
        for branch in map(_settled, (_built(disjunct, kind) for kind in kinds))
        if branch is not None
    )
    bounded = [branch for branch in map(_settled, map(_trimmed, settled)) if branch is not None]
    return [*bounded, *_finite(disjunct, spelt)]


def _listed(words: dict[str, Json]) -> list[Json]:
    return cast(list[Json], words["enum"]) if "enum" in words else [words["const"]]


def _spelt_out(subschema: Subschema) -> list[Json]:
    return (
        list(strings.spelt_out(cast(str, subschema.known["pattern"])))
        if "pattern" in subschema.known
        else []
    )


def _finite(disjunct: Disjunct, listed: list[Json]) -> Iterator[Branch]:
    for value in listed:
        truth = membership.every(
            [membership.admits(subschema, value) for subschema in disjunct.flats]
        )
        if truth is not False:
            doubt: frozenset[object] = frozenset() if truth else frozenset({object()})
            doubt |= {SPELT_WHOLE} if any(map(_spelt_whole, disjunct.flats)) else set()
            yield Branch(kind_of(value), disjunct, disjunct.tokens | doubt, (value,))


def _spelt_whole(subschema: Subschema) -> bool:
    """True if 1.0 is not an integer here."""
    declared = subschema.known.get("type", [])
    names = declared if isinstance(declared, list) else [declared]
    return subschema.document.draft == 4 and "integer" in names and "number" not in names


def _lets_in(disjunct: Disjunct, kind: str) -> bool:
    return all(kind in membership.kinds(subschema) for subschema in disjunct.flats)


def _built(disjunct: Disjunct, kind: str) -> Branch:
    branch = Branch(kind, disjunct, disjunct.tokens)
    if kind in ("null", "boolean"):
        return replace(branch, values=(None,) if kind == "null" else (False, True))
    for subschema in ordered(disjunct.flats):
        branch = _BUILDERS[kind](branch, subschema, subschema.known)
    return branch


def _sized(branch: Branch, words: dict[str, Json], noun: str) -> Branch:
    least = max(branch.least, int(cast(float, words.get(f"min{noun}", 0))))
    declared = words.get(f"max{noun}")
    mosts = [
        limit
        for limit in (branch.most, None if declared is None else int(cast(float, declared)))
        if limit is not None
    ]
    return replace(branch, least=least, most=min(mosts, default=None))


def _number(branch: Branch, subschema: Subschema, words: dict[str, Json]) -> Branch:
    for word, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if word in words:
            branch = _bounded(
                branch, word, exact(cast(float, words[word])), out=words.get(exclusive) is True
            )
        if is_number(words.get(exclusive)):
            branch = _bounded(branch, word, exact(cast(float, words[exclusive])), out=True)
    declared = words.get("type", [])
    names = declared if isinstance(declared, list) else [declared]
    steps = [exact(cast(float, words["multipleOf"]))] if "multipleOf" in words else []
    if "integer" in names and "number" not in names:
        steps.append(Fraction(1))
        if _spelt_whole(subschema):
            branch = replace(branch, tokens=branch.tokens | {SPELT_WHOLE})
    for step in steps:
        branch = replace(branch, step=step if branch.step is None else _common(branch.step, step))
    return branch


def _common(left: Fraction, right: Fraction) -> Fraction:
    """Return the smallest number that both divide."""
    return Fraction(
        math.lcm(left.numerator * right.denominator, right.numerator * left.denominator)
    ) / (left.denominator * right.denominator)


def _bounded(branch: Branch, word: str, bound: Fraction, *, out: bool) -> Branch:
    if word == "minimum":
        tighter = branch.low is None or (bound, out) > (branch.low, branch.low_open)
        return replace(branch, low=bound, low_open=out) if tighter else branch
    tighter = branch.high is None or (-bound, out) > (-branch.high, branch.high_open)
    return replace(branch, high=bound, high_open=out) if tighter else branch


def _string(branch: Branch, _: Subschema, words: dict[str, Json]) -> Branch:
    patterns = {cast(str, words["pattern"])} if "pattern" in words else set()
    formats = {cast(str, words["format"])} if "format" in words else set()
    branch = replace(branch, patterns=branch.patterns | patterns, formats=branch.formats | formats)
    return _sized(branch, words, "Length")


def _array(branch: Branch, subschema: Subschema, words: dict[str, Json]) -> Branch:
    listed, beyond = membership.positions(subschema)
    barred: Conjunction = ANYTHING
    if words.get("maxContains") == 0:
        barred = frozenset({literal({"not": {"$ref": 0}}, subschema.child("contains"))})
    further = barred if beyond is None else barred | {beyond}
    positions = [barred | {content} for content in listed]
    count = max(len(positions), len(branch.first))
    first = [
        branch.at(number) | (positions[number] if number < len(positions) else further)
        for number in range(count)
    ]
    counted = "contains" in words and (words.get("minContains") != 0 or "maxContains" in words)
    holds = (*branch.holds, _content(subschema, words)) if counted else branch.holds
    least = max([branch.least, *(content.least for content in holds)])
    unique = branch.unique or words.get("uniqueItems") is True
    branch = replace(
        branch,
        first=tuple(first),
        rest=branch.rest | further,
        unique=unique,
        holds=holds,
        least=least,
    )
    return _sized(branch, words, "Items")


def _content(subschema: Subschema, words: dict[str, Json]) -> Content:
    content = identity(
        {name: words[name] for name in ("contains", "minContains", "maxContains") if name in words}
    )
    token = (
        object()
        if "Ref" in str(content) or "$ref" in str(content)
        else (content, subschema.document.draft)
    )
    least, most = words.get("minContains", 1), words.get("maxContains")
    return Content(
        frozenset({subschema.child("contains")}),
        int(cast(float, least)),
        None if most is None else int(cast(float, most)),
        token,
    )


def _object(branch: Branch, subschema: Subschema, words: dict[str, Json]) -> Branch:
    keywords = _own_members(subschema, words)
    # What says nothing of other names leaves them as they are.
    is_short = not keywords.rest and not keywords.matching
    names = list(keywords.members) if is_short else [*branch.members, *keywords.members]
    subschema.document.work.spend(1 + len(names) // 2)
    members = {name: branch.member(name) | keywords.member(name) for name in names}
    members = {**branch.members, **members}
    ours, theirs = dict(branch.matching), dict(keywords.matching)
    tokens = (
        branch.tokens
        | keywords.tokens
        | {object() for name in names if branch.unclear(name) or keywords.unclear(name)}
    )
    matching = {pattern: ours[pattern] | theirs[pattern] for pattern in ours.keys() & theirs.keys()}
    for mine, counterpart, fallback in ((ours, theirs, keywords.rest), (theirs, ours, branch.rest)):
        for pattern in mine.keys() - counterpart.keys():
            clear = all(strings.apart(pattern, other_pattern) for other_pattern in counterpart)
            matching[pattern] = mine[pattern] | (fallback if clear else ANYTHING)
            tokens |= {object()} if fallback and not clear else set()
    result = replace(
        branch,
        members=members,
        matching=tuple(sorted(matching.items())),
        tokens=tokens,
    )
    result = replace(result, rest=branch.rest | keywords.rest, names=branch.names | keywords.names)
    return _sized(
        replace(result, required=branch.required | keywords.required), words, "Properties"
    )


def _own_members(subschema: Subschema, words: dict[str, Json]) -> Branch:
    """Return the object's own keywords. With an unreadable pattern, a member may have more
    constraints."""
    patterns = list(cast(dict[str, Json], words.get("patternProperties", {})))
    conjunctions = {
        pattern: frozenset({subschema.child("patternProperties", pattern)}) for pattern in patterns
    }
    members: dict[str, Conjunction] = {}
    tokens: set[object] = set()
    listed = cast(dict[str, Json], words.get("properties", {}))
    spelt = {pattern: strings.spelt_out(pattern) for pattern in patterns}
    for name in dict.fromkeys([*listed, *(name for names in spelt.values() for name in names)]):
        hits = [(pattern, strings.matches(pattern, name)) for pattern in patterns]
        schemas = frozenset({subschema.child("properties", name)}) if name in listed else ANYTHING
        members[name] = schemas.union(*(conjunctions[pattern] for pattern, hit in hits if hit))
        tokens |= {object() for _, hit in hits if hit is None}
    beyond = subschema.beyond("additionalProperties")
    return Branch(
        "object",
        Disjunct(),
        frozenset(tokens),
        members=members,
        matching=tuple(
            (pattern, conjunction)
            for pattern, conjunction in conjunctions.items()
            if not spelt[pattern]
        ),
        rest=ANYTHING if beyond is None else frozenset({beyond}),
        required=frozenset(cast(list[str], words.get("required", []))),
        names=frozenset({subschema.child("propertyNames")})
        if "propertyNames" in words
        else ANYTHING,
    )


_BUILDERS = {"number": _number, "string": _string, "array": _array, "object": _object}


def _settled(branch: Branch) -> Branch | None:
    """Tighten limits to reachable numbers, and list short ranges of integers. None if empty."""
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
    """Return the identities of the excluded values."""
    lists = (
        subschema.known["enum"]
        for conjunction in branch.origin.nots
        for subschema in conjunction
        if subschema.known.keys() == {"enum"} and len(conjunction) == 1
    )
    return frozenset(identity(value) for listed in lists for value in cast(list[Json], listed))


def _trimmed(branch: Branch) -> Branch:
    """Move the limits past excluded values."""
    out = excluded(branch) if branch.origin.nots else frozenset()
    if branch.kind in EMPTY and branch.least == 0 and identity(EMPTY[branch.kind]) in out:
        return replace(branch, least=1)
    if branch.kind != "number" or not out:
        return branch
    numbers = {
        exact(value[1]) for value in out if isinstance(value, tuple) and value[0] == "number"
    }
    while branch.low is not None and branch.low in numbers and not branch.low_open:
        branch = replace(branch, low=branch.low + (branch.step or 0), low_open=branch.step is None)
    while branch.high is not None and branch.high in numbers and not branch.high_open:
        branch = replace(
            branch, high=branch.high - (branch.step or 0), high_open=branch.step is None
        )
    return branch
