"""The members of the documents that a schema describes, by their place in them. Tombstones and defaults are told from it."""

from collections.abc import Iterable, Iterator
from typing import cast

from oort.model.contracts import Removed, Revision, Schema
from oort.model.items import Value

_DEFS = "#/$defs/"
_ARMS = ("anyOf", "oneOf", "allOf")
_Seen = frozenset[str]


def members(schema: Schema) -> dict[str, Schema]:
    """Every member by its JSON pointer, `*` being any element or any name of a map. Where a type holds itself it ends.

    >>> inner = {"type": "object", "properties": {"sku": {"type": "string"}}}
    >>> list(members({"properties": {"lines": {"type": "array", "items": inner}}}))
    ['/lines', '/lines/*/sku']
    """
    found: dict[str, Schema] = {}
    definitions = cast(dict[str, Schema], schema.get("$defs", {}))
    for pointer, one in _members(schema, definitions, "", frozenset()):
        found.setdefault(pointer, standalone(one, definitions))
    return found


def standalone(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """The schema with those of the definitions that it needs, and no others."""
    needed: dict[str, Value] = {}
    rest = list(_references(schema))
    while rest:
        name = rest.pop()
        if name not in needed and name in definitions:
            needed[name] = definitions[name]
            rest += _references(definitions[name])
    return {**schema, "$defs": dict(sorted(needed.items()))} if needed else schema


def removed(before: Iterable[Revision], now: Revision) -> tuple[Removed, ...]:
    """The names that an earlier revision had and this one has not, with the last schema that each had."""
    kept = members(now.writer)
    gone = {
        pointer: schema
        for one in before
        for pointer, schema in members(one.writer).items()
        if pointer not in kept
    }
    return tuple(Removed(pointer, gone[pointer]) for pointer in sorted(gone))


def changed_defaults(before: Schema, now: Schema) -> Iterator[tuple[str, Value, Value]]:
    """Where both have a default, and not the same one: the pointer, the old and the new."""
    new = members(now)
    for pointer, schema in members(before).items():
        other = new.get(pointer, {})
        if "default" in schema and "default" in other and schema["default"] != other["default"]:
            yield pointer, schema["default"], other["default"]


def _members(
    schema: Schema, definitions: dict[str, Schema], pointer: str, seen: _Seen
) -> Iterator[tuple[str, Schema]]:
    target = schema.get("$ref")
    name = target.removeprefix(_DEFS) if isinstance(target, str) else ""
    if name in definitions and name not in seen:
        yield from _members(definitions[name], definitions, pointer, seen | {name})
    for member, one in cast(dict[str, Schema], schema.get("properties", {})).items():
        place = f"{pointer}/{member.replace('~', '~0').replace('/', '~1')}"
        yield place, one
        yield from _members(one, definitions, place, seen)
    for step, one in _inner(schema):
        yield from _members(one, definitions, pointer + step, seen)


def _inner(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The schemas inside that are not members by name, with the step that leads to what they describe."""
    for word in _ARMS:
        yield from (("", one) for one in cast(list[Schema], schema.get(word, [])))
    for number, one in enumerate(cast(list[Schema], schema.get("prefixItems", []))):
        yield f"/{number}", one
    rest = (schema.get(word) for word in ("items", "additionalProperties"))
    yield from (("/*", one) for one in rest if isinstance(one, dict))


def _references(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(_DEFS)
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
