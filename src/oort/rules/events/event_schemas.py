"""The two JSON Schemas of one event class: closed for what is written, open for what is read.

A writer promises: always these fields, no others. A reader asks for what it cannot do without, and passes over what it does
not know. So a field with a default can come and go without a break, and compatibility is set inclusion. The same holds for
the values of an open enum and the Structs of an open union: a writer promises those it knows, a reader takes any.
"""

from collections.abc import Callable

from oort.rules.types import schemas
from oort.rules.types.schema_keywords import Schema, closed, everywhere

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def writer(kind: object) -> Schema:
    """What an instance of the class is written as: every object in it is closed.

    >>> import msgspec
    >>> class Sold(msgspec.Struct):
    ...     id: str
    ...     note: str = ""
    >>> found = writer(Sold)["$defs"]["Sold"]
    >>> found["required"], found["additionalProperties"]
    (['id', 'note'], False)
    """
    return _told(schemas.schema(kind, closed=False, known=True), closed)


def reader(kind: object) -> Schema:
    """What is read as an instance of the class: every object in it is open, and what has a default may be missing."""
    return _told(schemas.schema(kind, closed=True), _open)


def both(kind: object) -> tuple[Schema, Schema]:
    """The writer's and the reader's, in less time than one after the other: for those who make many."""
    written, accepted = schemas.both(kind)
    return _told(written, closed), _told(accepted, _open)


def _told(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    return {"$schema": DIALECT, **everywhere(schema, change)}


def _open(schema: Schema) -> Schema:
    if "properties" not in schema or schema.get("additionalProperties") is not False:
        return schema
    return {word: value for word, value in schema.items() if word != "additionalProperties"}
