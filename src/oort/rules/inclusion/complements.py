"""Write the complement of a schema as a union of pieces, at least one for each keyword.

Used by `unions`. Each piece is exact. A keyword without a positive opposite, such as `pattern`,
stays an exclusion.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from oort.rules.inclusion import dependents, distinct, membership
from oort.rules.inclusion.documents import KINDS, Json, Subschema, literal

_OPPOSITE = {"minimum": "exclusiveMaximum", "maximum": "exclusiveMinimum"}
_REFERENCES = 9  # followed one after the other; one that leads to itself is none
_Map = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Piece:
    """The documents that fit all `musts` and none of the `nots`."""

    musts: tuple[Subschema, ...] = ()
    nots: tuple[Subschema, ...] = ()


def pieces(subschema: Subschema) -> list[Piece] | None:
    """Return the complement of a schema; None if a part of the schema is not understood."""
    for _ in range(_REFERENCES):
        target = subschema.target() if subschema.known.keys() == {"$ref"} else None
        subschema = subschema if target is None else target
    words = subschema.known
    doubtful = subschema.doubtful_null or any(need.doubtful for need in dependents.needs(subschema))
    if (
        subschema.opaque
        or doubtful
        or (subschema.document.draft == 4 and "integer" in str(words.get("type")))
    ):
        return None
    return [piece for write in _WRITERS for piece in write(subschema, words)]


def _only(schema: _Map, *links: Subschema) -> Piece:
    return Piece((literal(schema, *links),))


def _without(kind: str, schema: _Map, *links: Subschema) -> Piece:
    """Return the documents of the type that do not fit the schema."""
    return Piece((literal({"type": kind}),), (literal(schema, *links),))


def _no(subschema: Subschema) -> Subschema:
    return literal({"not": {"$ref": 0}}, subschema)


def _types(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    if "type" not in words:
        return
    declared = words["type"]
    names = set(cast(list[str], declared if isinstance(declared, list) else [declared]))
    names |= {"null"} if membership.nullable(subschema) else set()
    only_integers = "integer" in names and "number" not in names
    remaining: list[Json] = [
        kind for kind in KINDS if kind not in names and not (only_integers and kind == "number")
    ]
    if remaining:
        yield _only({"type": remaining})
    if only_integers:
        yield _without("number", {"type": "integer"})


def _values(_: Subschema, words: _Map) -> Iterator[Piece]:
    if "enum" in words:
        yield Piece((), (literal({"enum": words["enum"]}),))
    if "const" in words:
        yield Piece((), (literal({"enum": [words["const"]]}),))


def _numbers(_: Subschema, words: _Map) -> Iterator[Piece]:
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


def _sizes(_: Subschema, words: _Map) -> Iterator[Piece]:
    for kind, noun in (("string", "Length"), ("array", "Items"), ("object", "Properties")):
        least, most = (
            int(cast(float, words.get(word, -1))) for word in (f"min{noun}", f"max{noun}")
        )
        if least > 0:
            yield _only({"type": kind, f"max{noun}": least - 1})
        if most >= 0:
            yield _only({"type": kind, f"min{noun}": most + 1})


def _texts(_: Subschema, words: _Map) -> Iterator[Piece]:
    yield from (
        _without("string", {word: words[word]}) for word in ("pattern", "format") if word in words
    )


def _arrays(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    first, further = membership.positions(subschema)
    for number, element_schema in enumerate(first):
        head: list[Json] = [*[True] * number, {"not": {"$ref": 0}}]
        yield _only({"type": "array", "minItems": number + 1, "prefixItems": head}, element_schema)
    if further is not None and further.words and first:
        head = [True] * len(first)
        yield _without("array", {"prefixItems": head, "items": {"$ref": 0}}, further)
    elif further is not None and further.words:
        yield _only({"type": "array", "contains": {"not": {"$ref": 0}}}, further)
    if words.get("uniqueItems") is True:
        yield _without("array", {"uniqueItems": True})
    if "contains" in words:
        yield from _contents(subschema, words)


def _contents(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    contained, least = subschema.child("contains"), int(cast(float, words.get("minContains", 1)))
    contains: _Map = {"type": "array", "contains": {"$ref": 0}}
    if least > 0:
        yield _only({**contains, "minContains": 0, "maxContains": least - 1}, contained)
    if "maxContains" in words:
        yield _only(
            {**contains, "minContains": int(cast(float, words["maxContains"])) + 1}, contained
        )


def _objects(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    for name in cast(list[str], words.get("required", [])):
        yield _only({"type": "object", "properties": {name: False}})
    listed = list(cast(_Map, words.get("properties", {})))
    for name in listed:
        member = subschema.child("properties", name)
        if member.words:
            yield _only(
                {"type": "object", "required": [name], "properties": {name: {"not": {"$ref": 0}}}},
                member,
            )
    patterns, further = (
        list(cast(_Map, words.get("patternProperties", {}))),
        subschema.beyond("additionalProperties"),
    )
    if patterns or further is not None:
        links = [
            *(subschema.child("patternProperties", pattern) for pattern in patterns),
            *([further] if further is not None else []),
        ]
        shape: _Map = {
            "patternProperties": {
                pattern: {"$ref": number} for number, pattern in enumerate(patterns)
            }
        }
        shape |= {"properties": dict.fromkeys(listed, True)}
        shape |= {"additionalProperties": {"$ref": len(patterns)}} if further is not None else {}
        yield _without("object", shape, *links)
    if "propertyNames" in words:
        yield _without("object", {"propertyNames": {"$ref": 0}}, subschema.child("propertyNames"))


def _dependents(subschema: Subschema, _: _Map) -> Iterator[Piece]:
    for need in dependents.needs(subschema):
        yield Piece((literal({"type": "object", "required": [need.name]}), _no(need.asked)))


def _combined(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    if "$ref" in words and (target := subschema.target()) is not None:
        yield Piece((_no(target),))
    yield from (Piece((_no(arm),)) for arm in membership.arms(subschema, "allOf"))
    if "anyOf" in words:
        yield Piece(tuple(map(_no, membership.arms(subschema, "anyOf"))))
    if "oneOf" in words:
        yield _not_one(membership.arms(subschema, "oneOf"))
    if "not" in words:
        yield Piece((subschema.child("not"),))


def _not_one(arms: list[Subschema]) -> Piece:
    if any(distinct.overlapping(arms)):
        return Piece(
            (), (literal({"oneOf": [{"$ref": number} for number in range(len(arms))]}, *arms),)
        )
    return Piece(tuple(map(_no, arms)))


def _conditions(subschema: Subschema, words: _Map) -> Iterator[Piece]:
    if "if" in words:
        condition = subschema.child("if")
        for word, case in (("then", condition), ("else", _no(condition))):
            if word in words:
                yield Piece((case, _no(subschema.child(word))))


_WRITERS: tuple[Callable[[Subschema, _Map], Iterator[Piece]], ...] = (
    *(_types, _values, _numbers, _sizes, _texts),
    *(_arrays, _objects, _dependents, _combined, _conditions),
)
