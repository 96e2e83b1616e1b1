"""List the members of the documents that a schema describes, by JSON pointer."""

from collections.abc import Iterable, Iterator
from typing import cast

from oort.model.contracts import Removed, Revision, Schema
from oort.model.items import Value

_DEFS = "#/$defs/"
_ARMS = ("anyOf", "oneOf", "allOf")
_Seen = frozenset[str]


def members(root: Schema) -> dict[str, Schema]:
    """Return every member by JSON pointer; `*` is any element or any name. Recursive types end.

    >>> inner = {"type": "object", "properties": {"sku": {"type": "string"}}}
    >>> list(members({"properties": {"lines": {"type": "array", "items": inner}}}))
    ['/lines', '/lines/*/sku']
    """
    by_pointer: dict[str, Schema] = {}
    definitions = cast(dict[str, Schema], root.get("$defs", {}))
    for pointer, schema in _members(root, definitions, "", frozenset()):
        by_pointer.setdefault(pointer, standalone(schema, definitions))
    return by_pointer


def standalone(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return the schema with only the definitions that it needs."""
    needed: dict[str, Value] = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed and name in definitions:
            needed[name] = definitions[name]
            waiting += _references(definitions[name])
    return {**schema, "$defs": dict(sorted(needed.items()))} if needed else schema


def removed(before: Iterable[Revision], now: Revision) -> tuple[Removed, ...]:
    """Return members of earlier revisions that this revision lacks, with their last schema."""
    kept = members(now.writer)
    gone = {
        pointer: schema
        for revision in before
        for pointer, schema in members(revision.writer).items()
        if pointer not in kept
    }
    return tuple(Removed(pointer, gone[pointer]) for pointer in sorted(gone))


def lost(before: Schema, now: Schema) -> list[str]:
    """Return the outermost members that a writer sent before and sends no more.

    >>> lost({"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}})
    ['/b']
    """
    kept = members(now).keys() | _maps(now)
    gone = [
        pointer for pointer in (*members(before), *sorted(_maps(before))) if pointer not in kept
    ]
    return [
        pointer
        for pointer in gone
        if not any(pointer.startswith(f"{outer}/") for outer in gone if outer != pointer)
    ]


def _maps(root: Schema) -> set[str]:
    """Return the pointers of the members of every object with names that are not listed."""
    definitions = cast(dict[str, Schema], root.get("$defs", {}))
    return {
        f"{pointer}/*"
        for pointer, schema in _places(root, definitions, "", frozenset())
        if schema.get("type") == "object"
        and "properties" not in schema
        and schema.get("additionalProperties") is not False
    }


def changed_defaults(before: Schema, now: Schema) -> Iterator[tuple[str, Value, Value]]:
    """Yield pointer, old default and new default for each changed default."""
    new = members(now)
    for pointer, schema in members(before).items():
        new_schema = new.get(pointer, {})
        if (
            "default" in schema
            and "default" in new_schema
            and schema["default"] != new_schema["default"]
        ):
            yield pointer, schema["default"], new_schema["default"]


def positions(root: Schema) -> dict[str, list[str]]:
    """Return the names of the positions of each array with named positions, by JSON pointer.

    >>> positions({"prefixItems": [{"title": "net"}, {"title": "tax"}]})
    {'': ['net', 'tax']}
    """
    definitions = cast(dict[str, Schema], root.get("$defs", {}))
    named: dict[str, list[str]] = {}
    for pointer, schema in _places(root, definitions, "", frozenset()):
        titles = [item.get("title") for item in cast(list[Schema], schema.get("prefixItems", []))]
        if any(titles):
            named.setdefault(pointer, [str(title or "") for title in titles])
    return named


def moved(before: Schema, now: Schema) -> Iterator[tuple[str, str]]:
    """Yield pointer and name of each position that another name of the same array has now.

    >>> net, tax = {"title": "net"}, {"title": "tax"}
    >>> list(moved({"prefixItems": [net, tax]}, {"prefixItems": [tax, net]}))
    [('/0', 'net'), ('/1', 'tax')]
    """
    new = positions(now)
    for pointer, names in positions(before).items():
        others = new.get(pointer, [])
        for number, name in enumerate(names):
            if name and name in others and others.index(name) != number:
                yield f"{pointer}/{number}", name


def _places(
    schema: Schema, definitions: dict[str, Schema], pointer: str, seen: _Seen
) -> Iterator[tuple[str, Schema]]:
    """Yield every schema inside with its pointer."""
    yield pointer, schema
    target = schema.get("$ref")
    name = target.removeprefix(_DEFS) if isinstance(target, str) else ""
    if name in definitions and name not in seen:
        yield from _places(definitions[name], definitions, pointer, seen | {name})
    for member, inner in cast(dict[str, Schema], schema.get("properties", {})).items():
        step = member.replace("~", "~0").replace("/", "~1")
        yield from _places(inner, definitions, f"{pointer}/{step}", seen)
    for step, inner in _inner(schema):
        yield from _places(inner, definitions, pointer + step, seen)


def _members(
    schema: Schema, definitions: dict[str, Schema], pointer: str, seen: _Seen
) -> Iterator[tuple[str, Schema]]:
    target = schema.get("$ref")
    name = target.removeprefix(_DEFS) if isinstance(target, str) else ""
    if name in definitions and name not in seen:
        yield from _members(definitions[name], definitions, pointer, seen | {name})
    for member, inner in cast(dict[str, Schema], schema.get("properties", {})).items():
        member_pointer = f"{pointer}/{member.replace('~', '~0').replace('/', '~1')}"
        yield member_pointer, inner
        yield from _members(inner, definitions, member_pointer, seen)
    for step, inner in _inner(schema):
        yield from _members(inner, definitions, pointer + step, seen)


def _inner(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield nested schemas that are not named members, each with its pointer step."""
    for word in _ARMS:
        yield from (("", inner) for inner in cast(list[Schema], schema.get(word, [])))
    for number, inner in enumerate(cast(list[Schema], schema.get("prefixItems", []))):
        yield f"/{number}", inner
    remaining = (schema.get(word) for word in ("items", "additionalProperties"))
    yield from (("/*", inner) for inner in remaining if isinstance(inner, dict))


def _references(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(_DEFS)
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
