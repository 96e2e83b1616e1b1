"""Whether one JSON value is valid under a schema: yes, no, or not certain. It judges every witness before it is shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, cast

from oort.rules.inclusion import texts
from oort.rules.inclusion.documents import Json, Place, exact, identity, is_number, kind_of

Truth: TypeAlias = bool | None
_DEEPEST = 40
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


def admits(place: Place, value: Json, depth: int = 0) -> Truth:
    """Whether the value is valid under the schema."""
    if depth > _DEEPEST:
        return None
    return every(check.truth for check in checks(place, value, depth))


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


def checks(place: Place, value: Json, depth: int) -> Iterator[Check]:
    """Every keyword's say."""
    words = place.known
    yield from (Check(word, None) for word in place.opaque)
    if not place.flat:
        yield from _combined(place, words, value, depth + 1)
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


def _inside(word: str, place: Place, value: Json, depth: int) -> Check:
    return Check(word, admits(place, value, depth), (place, value))


def _combined(place: Place, words: _Map, value: Json, depth: int) -> Iterator[Check]:
    if "$ref" in words and (target := place.target()) is not None:
        yield _inside("$ref", target, value, depth)
    for word in ("allOf", "anyOf", "oneOf"):
        if word in words:
            arms = [place.child(word, str(number)) for number in range(len(cast(list[Json], words[word])))]
            truths = [admits(arm, value, depth) for arm in arms]
            if word == "allOf":
                yield from (Check(word, truth, (arm, value)) for arm, truth in zip(arms, truths, strict=True))
            else:
                yield Check(word, _some(truths) if word == "anyOf" else _one(truths))
    if "not" in words:
        yield Check("not", negated(admits(place.child("not"), value, depth)))
    if "if" in words:
        yield Check("if", _conditional(place, words, value, depth))


def _some(truths: list[Truth]) -> Truth:
    return negated(every(map(negated, truths)))


def _one(truths: list[Truth]) -> Truth:
    sure = truths.count(True)
    if sure > 1:
        return False
    return None if None in truths else sure == 1


def _conditional(place: Place, words: _Map, value: Json, depth: int) -> Truth:
    condition = admits(place.child("if"), value, depth)
    then = admits(place.child("then"), value, depth) if "then" in words else True
    other = admits(place.child("else"), value, depth) if "else" in words else True
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
    for word, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
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
        yield Check("pattern", texts.matches(cast(str, words["pattern"]), value))
    if "format" in words:
        yield Check("format", texts.conforms(cast(str, words["format"]), value))


def positions(place: Place) -> tuple[list[Place], Place | None]:
    """The schemas of an array's first elements, and that of the others."""
    words = place.known
    items = words.get("items")
    word = "prefixItems" if "prefixItems" in words else "items" if isinstance(items, list) else ""
    first = cast(list[Json], words[word]) if word else []
    rest = "additionalItems" if isinstance(items, list) else "items"
    return [place.child(word, str(number)) for number in range(len(first))], (
        place.child(rest) if rest in words else None
    )


def _array(place: Place, words: _Map, value: list[Json], depth: int) -> Iterator[Check]:
    yield from _sized(words, len(value), "Items")
    if words.get("uniqueItems"):
        yield Check("uniqueItems", all(one != other for one, other in combinations(map(identity, value), 2)))
    if words.keys() & {"items", "prefixItems"}:
        first, rest = positions(place)
        for number, one in enumerate(value):
            schema = first[number] if number < len(first) else rest
            if schema is not None:
                yield _inside("items", schema, one, depth)
    if "contains" in words:
        yield Check("contains", _contains(words, [admits(place.child("contains"), one, depth) for one in value]))


def _contains(words: _Map, truths: list[Truth]) -> Truth:
    least, most = (
        cast(float, words.get(word, other)) for word, other in (("minContains", 1), ("maxContains", len(truths)))
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
        yield from (_inside("propertyNames", place.child("propertyNames"), name, depth) for name in value)
    for word in ("dependentRequired", "dependentSchemas", "dependencies"):
        for name, needed in cast(_Map, words.get(word, {})).items():
            if name not in value:
                continue
            if isinstance(needed, list):
                yield Check(word, all(other in value for other in needed))
            else:
                yield _inside(word, place.child(word, name), value, depth)


def _member(place: Place, words: _Map, name: str, value: Json, depth: int) -> Iterator[Check]:
    known = name in cast(_Map, words.get("properties", {}))
    if known:
        yield _inside("properties", place.child("properties", name), value, depth)
    hits = [(pattern, texts.matches(pattern, name)) for pattern in cast(_Map, words.get("patternProperties", {}))]
    for pattern, hit in hits:
        if hit is not False:
            truth = admits(place.child("patternProperties", pattern), value, depth)
            yield Check("patternProperties", truth if hit or truth else None)
    if not known and "additionalProperties" in words and not any(hit for _, hit in hits):
        truth = admits(place.child("additionalProperties"), value, depth)
        uncertain = any(hit is None for _, hit in hits) and not truth
        yield Check("additionalProperties", None if uncertain else truth)
