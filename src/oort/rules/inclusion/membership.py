"""Whether one JSON value is valid under a schema: yes, no, or not certain. It judges every witness before it is shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, cast

from oort.rules.inclusion import strings
from oort.rules.inclusion.documents import KINDS, Json, Place, exact, identity, is_number, kind_of

Truth: TypeAlias = bool | None
_DEEPEST = 40
_COMBINING = {
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
}
_Map: TypeAlias = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Check:
    """What one keyword says of a value, and the schema inside that says so."""

    word: str
    truth: Truth
    inner: "tuple[Place, Json] | None" = None


def every(truths: Iterable[Truth]) -> Truth:
    """No if one is no, else uncertain if one is."""
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        found = found and truth
    return found


def negated(truth: Truth) -> Truth:
    """The opposite; what is uncertain stays so."""
    return None if truth is None else not truth


def admits(
    place: Place, value: Json, depth: int = 0, seen: frozenset[Place] = frozenset()
) -> Truth:
    """Whether the value is valid under the schema. `seen` are the schemas that are being asked about the same value."""
    if depth > _DEEPEST or place in seen:
        return None
    found = every(check.truth for check in checks(place, value, depth, seen))
    return None if found is False and value is None and place.doubtful_null else found


def blamed(place: Place, value: Json) -> str:
    """The pointer of the innermost keyword that refuses the value."""
    for check in checks(place, value, 0):
        if check.truth is False:
            return (
                blamed(*check.inner)
                if check.inner
                else f"{place.pointer}/{check.word}"
                if check.word
                else place.pointer
            )
    return place.pointer


def checks(
    place: Place, value: Json, depth: int, seen: frozenset[Place] = frozenset()
) -> Iterator[Check]:
    """Every keyword's say."""
    words = place.known
    yield from (Check(word, None) for word in place.opaque)
    if not place.flat and words.keys() & _COMBINING:
        yield from _combined(place, value, depth + 1, seen | {place})
    yield from _any_kind(place, words, value)
    if is_number(value):
        yield from _number(words, value)
    elif isinstance(value, str):
        yield from _string(words, value)
    elif isinstance(value, list):
        yield from _array(place, words, value, depth + 1)
    elif isinstance(value, dict):
        yield from _object(place, words, value, depth + 1)
    elif isinstance(value, float):  # infinite, or too large for JSON
        yield Check("", None)


def _inside(
    word: str, place: Place, value: Json, depth: int, seen: frozenset[Place] = frozenset()
) -> Check:
    return Check(word, admits(place, value, depth, seen), (place, value))


def _combined(place: Place, value: Json, depth: int, seen: frozenset[Place]) -> Iterator[Check]:
    words = place.known
    if "$ref" in words and (target := place.target()) is not None:
        yield _inside("$ref", target, value, depth, seen)
    for word in ("allOf", "anyOf", "oneOf"):
        if word in words:
            held = arms(place, word)
            truths = [admits(arm, value, depth, seen) for arm in held]
            if word == "allOf":
                yield from (
                    Check(word, truth, (arm, value))
                    for arm, truth in zip(held, truths, strict=True)
                )
            else:
                yield Check(word, _some(truths) if word == "anyOf" else _one(truths))
    if "not" in words:
        yield Check("not", negated(admits(place.child("not"), value, depth, seen)))
    if "if" in words:
        yield Check("if", _conditional(place, value, depth, seen))
    if isinstance(value, dict):
        yield from _needs(place, value, depth, seen)


def arms(place: Place, word: str) -> list[Place]:
    """The schemas that a keyword lists."""
    return [
        place.child(word, str(number))
        for number in range(len(cast(list[Json], place.known.get(word, []))))
    ]


def _some(truths: list[Truth]) -> Truth:
    return negated(every(map(negated, truths)))


def _one(truths: list[Truth]) -> Truth:
    sure = truths.count(True)
    if sure > 1:
        return False
    return None if None in truths else sure == 1


def _conditional(place: Place, value: Json, depth: int, seen: frozenset[Place]) -> Truth:
    truths = {
        word: admits(place.child(word), value, depth, seen) if word in place.known else True
        for word in ("if", "then", "else")
    }
    condition, then, other = truths["if"], truths["then"], truths["else"]
    if condition is None:
        return then if then == other else None
    return then if condition else other


def _any_kind(place: Place, words: _Map, value: Json) -> Iterator[Check]:
    if "type" in words:
        yield Check("type", _typed(place, words, value))
    if "enum" in words:
        allowed = cast(list[Json], words["enum"])
        yield Check("enum" if allowed else "", identity(value) in map(identity, allowed))
    if "const" in words:
        yield Check("const", identity(value) == identity(words["const"]))


def nullable(place: Place) -> bool:
    """Whether OpenAPI 3.0's word lets null in; in a document that names its draft it means nothing."""
    return place.words.get("nullable") is True and not place.document.declared


def kinds(place: Place) -> frozenset[str]:
    """The types that `type` lets in."""
    said = place.known.get("type", list(KINDS))
    names = cast(list[str], said if isinstance(said, list) else [said])
    found = frozenset("number" if one == "integer" else one for one in names)
    return found | {"null"} if nullable(place) else found


def _typed(place: Place, words: _Map, value: Json) -> Truth:
    said = words["type"]
    names = said if isinstance(said, list) else [said]
    kind = kind_of(value)
    if kind in names or (value is None and nullable(place)):
        return True
    if "integer" in names and is_number(value) and value == int(value):
        return None if isinstance(value, float) and place.document.draft == 4 else True
    return False


def _number(words: _Map, value: float) -> Iterator[Check]:
    number = exact(value)
    for word, exclusive, sign in (
        ("minimum", "exclusiveMinimum", 1),
        ("maximum", "exclusiveMaximum", -1),
    ):
        if word in words:
            distance = (number - exact(cast(float, words[word]))) * sign
            yield Check(word, distance > 0 if words.get(exclusive) is True else distance >= 0)
        if exclusive in words and is_number(words[exclusive]):
            yield Check(exclusive, (number - exact(cast(float, words[exclusive]))) * sign > 0)
    if "multipleOf" in words:
        yield Check("multipleOf", number % exact(cast(float, words["multipleOf"])) == 0)


def _sized(words: _Map, size: int, noun: str) -> Iterator[Check]:
    if f"min{noun}" in words:
        yield Check(f"min{noun}", size >= cast(float, words[f"min{noun}"]))
    if f"max{noun}" in words:
        yield Check(f"max{noun}", size <= cast(float, words[f"max{noun}"]))


def _string(words: _Map, value: str) -> Iterator[Check]:
    yield from _sized(words, len(value), "Length")
    if "pattern" in words:
        yield Check("pattern", strings.matches(cast(str, words["pattern"]), value))
    if "format" in words:
        yield Check("format", strings.conforms(cast(str, words["format"]), value))


def positions(place: Place) -> tuple[list[Place], Place | None]:
    """The schemas of an array's first elements, and that of the others."""
    words = place.known
    items = words.get("items")
    word = "prefixItems" if "prefixItems" in words else "items" if isinstance(items, list) else ""
    first = cast(list[Json], words[word]) if word else []
    rest = "additionalItems" if isinstance(items, list) else "items"
    return [place.child(word, str(number)) for number in range(len(first))], place.beyond(rest)


def _array(place: Place, words: _Map, value: list[Json], depth: int) -> Iterator[Check]:
    yield from _sized(words, len(value), "Items")
    if words.get("uniqueItems"):
        yield Check(
            "uniqueItems", all(one != other for one, other in combinations(map(identity, value), 2))
        )
    first, rest = positions(place)
    if first or rest is not None:
        for number, one in enumerate(value):
            schema = first[number] if number < len(first) else rest
            if schema is not None:
                yield _inside("items", schema, one, depth)
    if "contains" in words:
        yield Check(
            "contains",
            _contains(words, [admits(place.child("contains"), one, depth) for one in value]),
        )


def _contains(words: _Map, truths: list[Truth]) -> Truth:
    least, most = (
        cast(float, words.get(word, other))
        for word, other in (("minContains", 1), ("maxContains", len(truths)))
    )
    sure, possible = truths.count(True), len(truths) - truths.count(False)
    if sure > most or possible < least:
        return False
    return True if sure >= least and possible <= most else None


def _object(place: Place, words: _Map, value: _Map, depth: int) -> Iterator[Check]:
    yield from _sized(words, len(value), "Properties")
    if "required" in words:
        yield Check("required", all(name in value for name in cast(list[str], words["required"])))
    for name, one in value.items():
        yield from _member(place, words, name, one, depth)
    if "propertyNames" in words:
        yield from (
            _inside("propertyNames", place.child("propertyNames"), name, depth) for name in value
        )


def _needs(place: Place, value: _Map, depth: int, seen: frozenset[Place]) -> Iterator[Check]:
    for word in ("dependentRequired", "dependentSchemas", "dependencies"):
        for name, needed in cast(_Map, place.known.get(word, {})).items():
            if name in value:
                found = _depends(place.child(word, name), needed, value, depth, seen)
                unsure = word == "dependencies" and place.doubtful_dependencies and not found.truth
                yield Check(word, None) if unsure else found


def _depends(place: Place, needed: Json, value: _Map, depth: int, seen: frozenset[Place]) -> Check:
    word = place.steps[-2]
    if isinstance(needed, list):
        return Check(word, all(other in value for other in needed))
    return _inside(word, place, value, depth, seen)


def _member(place: Place, words: _Map, name: str, value: Json, depth: int) -> Iterator[Check]:
    known = name in cast(_Map, words.get("properties", {}))
    if known:
        yield _inside("properties", place.child("properties", name), value, depth)
    hits = [
        (pattern, strings.matches(pattern, name))
        for pattern in cast(_Map, words.get("patternProperties", {}))
    ]
    for pattern, hit in hits:
        if hit is not False:
            truth = admits(place.child("patternProperties", pattern), value, depth)
            yield Check("patternProperties", truth if hit or truth else None)
    rest = place.beyond("additionalProperties")
    if not known and rest is not None and not any(hit for _, hit in hits):
        truth = admits(rest, value, depth)
        uncertain = any(hit is None for _, hit in hits) and not truth
        yield Check(rest.steps[-1], None if uncertain else truth)
