"""The two JSON Schemas of an event class: the closed writer schema, the open reader schema.

A writer promises always the same fields, and no others. A reader requires only the fields without a
default, and ignores unknown fields. So a field with a default can come and go without a misfit, and
compatibility is set inclusion. The same holds for the values of an open enum and the Structs of an
open union: a writer promises known values, a reader accepts any.
"""

from collections.abc import Callable, Collection
from functools import partial

from oort.rules.schemas import schemas
from oort.rules.schemas.schema_keywords import Schema, closed, everywhere

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def writer(kind: object) -> Schema:
    """Return the writer schema: every object in it is closed.

    >>> import msgspec
    >>> class Sold(msgspec.Struct):
    ...     id: str
    ...     note: str = ""
    >>> sold = writer(Sold)["$defs"]["Sold"]
    >>> sold["required"], sold["additionalProperties"]
    (['id', 'note'], False)
    """
    return _document(schemas.schema(kind, closed=False, known_only=True), closed)


def reader(kind: object) -> Schema:
    """Return the reader schema: every object is open, and fields with a default are optional."""
    return _document(schemas.schema(kind, closed=True), _open)


def both(kind: object, *, keep_closed: Collection[str] = ()) -> tuple[Schema, Schema]:
    """Return the writer schema and the reader schema, faster than by two calls.

    The classes of these names refuse unknown fields, so that they stay closed for readers.
    """
    written, accepted = schemas.both(kind)
    return _document(written, closed), _document(accepted, partial(_open, keep=keep_closed))


def _document(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    # `discriminator` is a keyword of OpenAPI; strict validators of JSON Schema refuse it.
    plain = everywhere(schema, lambda inner: change(_without(inner, "discriminator")))
    return {"$schema": DIALECT, **plain}


def _without(schema: Schema, keyword: str) -> Schema:
    return {word: value for word, value in schema.items() if word != keyword}


def _open(schema: Schema, keep: Collection[str] = ()) -> Schema:
    if schema.get("title") in keep:
        return schema
    if "properties" not in schema or schema.get("additionalProperties") is not False:
        return schema
    return {word: value for word, value in schema.items() if word != "additionalProperties"}
