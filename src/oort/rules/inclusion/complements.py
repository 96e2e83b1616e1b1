"""What a schema does not admit, in other schemas: a union of pieces, one or more for each of its keywords. Read by `unions`.

A piece is exact, whatever stands in it. What has no positive words, such as another pattern, stays an exclusion.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from oort.rules.inclusion import dependents, distinct, membership
from oort.rules.inclusion.documents import KINDS, Json, Place, literal

_OPPOSITE = {"minimum": "exclusiveMaximum", "maximum": "exclusiveMinimum"}
_REFERENCES = 9  # followed one after the other; one that leads to itself is none
_Map = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Piece:
    """What satisfies all of the first and none of the second."""

    musts: tuple[Place, ...] = ()
    nots: tuple[Place, ...] = ()


def pieces(place: Place) -> list[Piece] | None:
    """The complement of a schema; None if not all of it is understood."""
    for _ in range(_REFERENCES):
        target = place.target() if place.known.keys() == {"$ref"} else None
        place = place if target is None else target
    words = place.known
    doubtful = place.doubtful_null or any(need.doubtful for need in dependents.needs(place))
    if (
        place.opaque
        or doubtful
        or (place.document.draft == 4 and "integer" in str(words.get("type")))
    ):
        return None
    return [piece for write in _WRITERS for piece in write(place, words)]


def _only(schema: _Map, *links: Place) -> Piece:
    return Piece((literal(schema, *links),))


def _without(kind: str, schema: _Map, *links: Place) -> Piece:
    """What is of the type and not so."""
    return Piece((literal({"type": kind}),), (literal(schema, *links),))


def _no(place: Place) -> Place:
    return literal({"not": {"$ref": 0}}, place)


def _types(place: Place, words: _Map) -> Iterator[Piece]:
    if "type" not in words:
        return
    said = words["type"]
    names = set(cast(list[str], said if isinstance(said, list) else [said]))
    names |= {"null"} if membership.nullable(place) else set()
    whole = "integer" in names and "number" not in names
    others: list[Json] = [
        kind for kind in KINDS if kind not in names and not (whole and kind == "number")
    ]
    if others:
        yield _only({"type": others})
    if whole:
        yield _without("number", {"type": "integer"})


def _values(_: Place, words: _Map) -> Iterator[Piece]:
    if "enum" in words:
        yield Piece((), (literal({"enum": words["enum"]}),))
    if "const" in words:
        yield Piece((), (literal({"enum": [words["const"]]}),))


def _numbers(_: Place, words: _Map) -> Iterator[Piece]:
    for word, opposite in _OPPOSITE.items():
        exclusive = f"exclusive{word.capitalize()}"
        closed = "maximum" if word == "minimum" else "minimum"
        if word in words:
            yield _only(
                {
                    "type": "number",
                    closed if words.get(exclusive) is True else opposite: words[word],
                }
            )
        if exclusive in words and not isinstance(words[exclusive], bool):
            yield _only({"type": "number", closed: words[exclusive]})
    if "multipleOf" in words:
        yield _without("number", {"multipleOf": words["multipleOf"]})


def _sizes(_: Place, words: _Map) -> Iterator[Piece]:
    for kind, noun in (("string", "Length"), ("array", "Items"), ("object", "Properties")):
        least, most = (
            int(cast(float, words.get(word, -1))) for word in (f"min{noun}", f"max{noun}")
        )
        if least > 0:
            yield _only({"type": kind, f"max{noun}": least - 1})
        if most >= 0:
            yield _only({"type": kind, f"min{noun}": most + 1})


def _texts(_: Place, words: _Map) -> Iterator[Piece]:
    yield from (
        _without("string", {word: words[word]}) for word in ("pattern", "format") if word in words
    )


def _arrays(place: Place, words: _Map) -> Iterator[Piece]:
    first, rest = membership.positions(place)
    for number, one in enumerate(first):
        head: list[Json] = [*[True] * number, {"not": {"$ref": 0}}]
        yield _only({"type": "array", "minItems": number + 1, "prefixItems": head}, one)
    if rest is not None and rest.words and first:
        head = [True] * len(first)
        yield _without("array", {"prefixItems": head, "items": {"$ref": 0}}, rest)
    elif rest is not None and rest.words:
        yield _only({"type": "array", "contains": {"not": {"$ref": 0}}}, rest)
    if words.get("uniqueItems") is True:
        yield _without("array", {"uniqueItems": True})
    if "contains" in words:
        yield from _contents(place, words)


def _contents(place: Place, words: _Map) -> Iterator[Piece]:
    kept, least = place.child("contains"), int(cast(float, words.get("minContains", 1)))
    contains: _Map = {"type": "array", "contains": {"$ref": 0}}
    if least > 0:
        yield _only({**contains, "minContains": 0, "maxContains": least - 1}, kept)
    if "maxContains" in words:
        yield _only({**contains, "minContains": int(cast(float, words["maxContains"])) + 1}, kept)


def _objects(place: Place, words: _Map) -> Iterator[Piece]:
    for name in cast(list[str], words.get("required", [])):
        yield _only({"type": "object", "properties": {name: False}})
    listed = list(cast(_Map, words.get("properties", {})))
    for name in listed:
        own = place.child("properties", name)
        if own.words:
            yield _only(
                {"type": "object", "required": [name], "properties": {name: {"not": {"$ref": 0}}}},
                own,
            )
    patterns, rest = (
        list(cast(_Map, words.get("patternProperties", {}))),
        place.beyond("additionalProperties"),
    )
    if patterns or rest is not None:
        links = [
            *(place.child("patternProperties", one) for one in patterns),
            *([rest] if rest is not None else []),
        ]
        others: _Map = {
            "patternProperties": {one: {"$ref": number} for number, one in enumerate(patterns)}
        }
        others |= {"properties": dict.fromkeys(listed, True)}
        others |= {"additionalProperties": {"$ref": len(patterns)}} if rest is not None else {}
        yield _without("object", others, *links)
    if "propertyNames" in words:
        yield _without("object", {"propertyNames": {"$ref": 0}}, place.child("propertyNames"))


def _dependents(place: Place, _: _Map) -> Iterator[Piece]:
    for need in dependents.needs(place):
        yield Piece((literal({"type": "object", "required": [need.name]}), _no(need.asked)))


def _combined(place: Place, words: _Map) -> Iterator[Piece]:
    if "$ref" in words and (target := place.target()) is not None:
        yield Piece((_no(target),))
    yield from (Piece((_no(arm),)) for arm in membership.arms(place, "allOf"))
    if "anyOf" in words:
        yield Piece(tuple(map(_no, membership.arms(place, "anyOf"))))
    if "oneOf" in words:
        yield _not_one(membership.arms(place, "oneOf"))
    if "not" in words:
        yield Piece((place.child("not"),))


def _not_one(arms: list[Place]) -> Piece:
    if any(distinct.overlapping(arms)):
        return Piece(
            (), (literal({"oneOf": [{"$ref": number} for number in range(len(arms))]}, *arms),)
        )
    return Piece(tuple(map(_no, arms)))


def _conditions(place: Place, words: _Map) -> Iterator[Piece]:
    if "if" in words:
        condition = place.child("if")
        for word, held in (("then", condition), ("else", _no(condition))):
            if word in words:
                yield Piece((held, _no(place.child(word))))


_WRITERS: tuple[Callable[[Place, _Map], Iterator[Piece]], ...] = (
    *(_types, _values, _numbers, _sizes, _texts),
    *(_arrays, _objects, _dependents, _combined, _conditions),
)
