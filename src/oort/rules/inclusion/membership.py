"""Check a JSON value against a schema: yes, no, or uncertain. Every witness is checked here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, cast

from oort.rules.inclusion import strings
from oort.rules.inclusion.documents import (
    KINDS,
    Json,
    Subschema,
    exact,
    identity,
    is_number,
    kind_of,
)

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
    """The result of one keyword for a value, and the inner schema behind it."""

    word: str
    truth: Truth
    inner: "tuple[Subschema, Json] | None" = None


def every(truths: Iterable[Truth]) -> Truth:
    """False if any is False, else None if any is None."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        result = result and truth
    return result


def negated(truth: Truth) -> Truth:
    """Return the opposite; None stays None."""
    return None if truth is None else not truth


def admits(
    subschema: Subschema, value: Json, depth: int = 0, seen: frozenset[Subschema] = frozenset()
) -> Truth:
    """Check the value against the schema. `seen` are the schemas already being checked for this
    value."""
    if depth > _DEEPEST or subschema in seen:
        return None
    truth = every(check.truth for check in checks(subschema, value, depth, seen))
    return None if truth is False and value is None and subschema.doubtful_null else truth


def blamed(subschema: Subschema, value: Json) -> str:
    """Return the pointer of the innermost keyword that refuses the value."""
    for check in checks(subschema, value, 0):
        if check.truth is False:
            return (
                blamed(*check.inner)
                if check.inner
                else f"{subschema.pointer}/{check.word}"
                if check.word
                else subschema.pointer
            )
    return subschema.pointer


def checks(
    subschema: Subschema, value: Json, depth: int, seen: frozenset[Subschema] = frozenset()
) -> Iterator[Check]:
    """Yield the result of every keyword."""
    words = subschema.known
    yield from (Check(word, None) for word in subschema.opaque)
    if not subschema.flat and words.keys() & _COMBINING:
        yield from _combined(subschema, value, depth + 1, seen | {subschema})
    yield from _any_kind(subschema, words, value)
    if is_number(value):
        yield from _number(words, value)
    elif isinstance(value, str):
        yield from _string(words, value)
    elif isinstance(value, list):
        yield from _array(subschema, words, value, depth + 1)
    elif isinstance(value, dict):
        yield from _object(subschema, words, value, depth + 1)
    elif isinstance(value, float):  # infinite, or too large for JSON
        yield Check("", None)


def _inside(
    word: str,
    subschema: Subschema,
    value: Json,
    depth: int,
    seen: frozenset[Subschema] = frozenset(),
) -> Check:
    return Check(word, admits(subschema, value, depth, seen), (subschema, value))


def _combined(
    subschema: Subschema, value: Json, depth: int, seen: frozenset[Subschema]
) -> Iterator[Check]:
    words = subschema.known
    if "$ref" in words and (target := subschema.target()) is not None:
        yield _inside("$ref", target, value, depth, seen)
    for word in ("allOf", "anyOf", "oneOf"):
        if word in words:
            arms_here = arms(subschema, word)
            truths = [admits(arm, value, depth, seen) for arm in arms_here]
            if word == "allOf":
                yield from (
                    Check(word, truth, (arm, value))
                    for arm, truth in zip(arms_here, truths, strict=True)
                )
            else:
                yield Check(word, _some(truths) if word == "anyOf" else _one(truths))
    if "not" in words:
        yield Check("not", negated(admits(subschema.child("not"), value, depth, seen)))
    if "if" in words:
        yield Check("if", _conditional(subschema, value, depth, seen))
    if isinstance(value, dict):
        yield from _needs(subschema, value, depth, seen)


def arms(subschema: Subschema, word: str) -> list[Subschema]:
    """Return the schemas in a keyword's list."""
    return [
        subschema.child(word, str(number))
        for number in range(len(cast(list[Json], subschema.known.get(word, []))))
    ]


def _some(truths: list[Truth]) -> Truth:
    return negated(every(map(negated, truths)))


def _one(truths: list[Truth]) -> Truth:
    sure = truths.count(True)
    if sure > 1:
        return False
    return None if None in truths else sure == 1


def _conditional(
    subschema: Subschema, value: Json, depth: int, seen: frozenset[Subschema]
) -> Truth:
    truths = {
        word: admits(subschema.child(word), value, depth, seen) if word in subschema.known else True
        for word in ("if", "then", "else")
    }
    condition, then, otherwise = truths["if"], truths["then"], truths["else"]
    if condition is None:
        return then if then == otherwise else None
    return then if condition else otherwise


def _any_kind(subschema: Subschema, words: _Map, value: Json) -> Iterator[Check]:
    if "type" in words:
        yield Check("type", _typed(subschema, words, value))
    if "enum" in words:
        allowed = cast(list[Json], words["enum"])
        # A text equals only texts, and long lists are lists of texts.
        listed = (
            value in allowed
            if isinstance(value, str)
            else identity(value) in map(identity, allowed)
        )
        yield Check("enum" if allowed else "", listed)
    if "const" in words:
        yield Check("const", identity(value) == identity(words["const"]))


def nullable(subschema: Subschema) -> bool:
    """True if OpenAPI 3.0's `nullable` allows null. With a declared draft, `nullable` means
    nothing."""
    return subschema.words.get("nullable") is True and not subschema.document.declared


def kinds(subschema: Subschema) -> frozenset[str]:
    """Return the types that `type` allows."""
    declared = subschema.known.get("type", list(KINDS))
    names = cast(list[str], declared if isinstance(declared, list) else [declared])
    names_allowed = frozenset("number" if name == "integer" else name for name in names)
    return names_allowed | {"null"} if nullable(subschema) else names_allowed


def _typed(subschema: Subschema, words: _Map, value: Json) -> Truth:
    declared = words["type"]
    names = declared if isinstance(declared, list) else [declared]
    kind = kind_of(value)
    if kind in names or (value is None and nullable(subschema)):
        return True
    if "integer" in names and is_number(value) and value == int(value):
        return None if isinstance(value, float) and subschema.document.draft == 4 else True
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


def positions(subschema: Subschema) -> tuple[list[Subschema], Subschema | None]:
    """Return the schemas of an array's first elements, and the schema of further elements."""
    words = subschema.known
    items = words.get("items")
    word = "prefixItems" if "prefixItems" in words else "items" if isinstance(items, list) else ""
    first = cast(list[Json], words[word]) if word else []
    further = "additionalItems" if isinstance(items, list) else "items"
    return [subschema.child(word, str(number)) for number in range(len(first))], subschema.beyond(
        further
    )


def _array(subschema: Subschema, words: _Map, value: list[Json], depth: int) -> Iterator[Check]:
    yield from _sized(words, len(value), "Items")
    if words.get("uniqueItems"):
        yield Check(
            "uniqueItems",
            all(element != later for element, later in combinations(map(identity, value), 2)),
        )
    first, further = positions(subschema)
    if first or further is not None:
        for number, element in enumerate(value):
            schema = first[number] if number < len(first) else further
            if schema is not None:
                yield _inside("items", schema, element, depth)
    if "contains" in words:
        yield Check(
            "contains",
            _contains(
                words, [admits(subschema.child("contains"), element, depth) for element in value]
            ),
        )


def _contains(words: _Map, truths: list[Truth]) -> Truth:
    least, most = (
        cast(float, words.get(word, default))
        for word, default in (("minContains", 1), ("maxContains", len(truths)))
    )
    sure, possible = truths.count(True), len(truths) - truths.count(False)
    if sure > most or possible < least:
        return False
    return True if sure >= least and possible <= most else None


def _object(subschema: Subschema, words: _Map, value: _Map, depth: int) -> Iterator[Check]:
    yield from _sized(words, len(value), "Properties")
    if "required" in words:
        yield Check("required", all(name in value for name in cast(list[str], words["required"])))
    for name, member in value.items():
        yield from _member(subschema, words, name, member, depth)
    if "propertyNames" in words:
        yield from (
            _inside("propertyNames", subschema.child("propertyNames"), name, depth)
            for name in value
        )


def _needs(
    subschema: Subschema, value: _Map, depth: int, seen: frozenset[Subschema]
) -> Iterator[Check]:
    for word in ("dependentRequired", "dependentSchemas", "dependencies"):
        for name, needed in cast(_Map, subschema.known.get(word, {})).items():
            if name in value:
                result = _depends(subschema.child(word, name), needed, value, depth, seen)
                unsure = (
                    word == "dependencies" and subschema.doubtful_dependencies and not result.truth
                )
                yield Check(word, None) if unsure else result


def _depends(
    subschema: Subschema, needed: Json, value: _Map, depth: int, seen: frozenset[Subschema]
) -> Check:
    word = subschema.steps[-2]
    if isinstance(needed, list):
        return Check(word, all(name in value for name in needed))
    return _inside(word, subschema, value, depth, seen)


def _member(
    subschema: Subschema, words: _Map, name: str, value: Json, depth: int
) -> Iterator[Check]:
    is_listed = name in cast(_Map, words.get("properties", {}))
    if is_listed:
        yield _inside("properties", subschema.child("properties", name), value, depth)
    hits = [
        (pattern, strings.matches(pattern, name))
        for pattern in cast(_Map, words.get("patternProperties", {}))
    ]
    for pattern, hit in hits:
        if hit is not False:
            truth = admits(subschema.child("patternProperties", pattern), value, depth)
            yield Check("patternProperties", truth if hit or truth else None)
    further = subschema.beyond("additionalProperties")
    if not is_listed and further is not None and not any(hit for _, hit in hits):
        truth = admits(further, value, depth)
        uncertain = any(hit is None for _, hit in hits) and not truth
        yield Check(further.steps[-1], None if uncertain else truth)
