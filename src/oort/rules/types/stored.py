"""What a type is in a table: its fields, and text or a number where it is part of a key. Tables are declared with it."""

from typing import Literal, TypeAlias

from oort.rules.types import reading, shapes
from oort.rules.types.shapes import Field, Shape

KeyType: TypeAlias = Literal["text", "number", "mixed"]


def names(item: object) -> dict[str, str] | None:
    """The names of the fields, each with its name in the table; None for a type that is not stored as an object.

    >>> names(list[int]) is None
    True
    """
    shape = reading.compiled(item)
    fields = {field.name: field.wire for field in _fields(shape)}
    return fields if fields or isinstance(shape, shapes.Model) else None


def key_type(item: object, name: str) -> KeyType:
    """How a field is stored in a key. None is left out: an item without the attribute is not in the index."""
    leaves = (
        leaf
        for shape in _named(reading.compiled(item), name)
        for leaf in shapes.alternatives(shape)
    )
    found = {_is_number(leaf) for leaf in leaves if not isinstance(leaf, shapes.Null)}
    if len(found) > 1:
        return "mixed"
    return "number" if True in found else "text"


def may_be_version(item: object, name: str, *, taken: bool) -> bool:
    """False for a field that cannot count writes: no int, or taken by a key. A pydantic model is not asked."""
    shape = reading.compiled(item)
    counting = [] if isinstance(shape, shapes.Model) else _named(shape, name)
    return all(isinstance(one, shapes.Number) and one.integer and not taken for one in counting)


def structured(shape: Shape) -> shapes.Object | None:
    """The Struct or dataclass itself, or the first in a union."""
    if isinstance(shape, shapes.Choice):
        return next((found for found in map(structured, shape.members) if found is not None), None)
    return shape if isinstance(shape, shapes.Object) and shape.form != "typeddict" else None


def _fields(shape: Shape) -> tuple[Field, ...]:
    if isinstance(shape, shapes.Model):
        return reading.members(shape)
    found = structured(shape)
    return () if found is None else found.fields


def _named(shape: Shape, name: str) -> list[Shape]:
    return [field.shape for field in _fields(shape) if field.name == name]


def _is_number(shape: Shape) -> bool:
    """True for what JSON writes as a number. Times, UUIDs and the like are text."""
    if isinstance(shape, shapes.Enumeration):
        return any(isinstance(member.value, int | float) for member in shape.kind)
    if isinstance(shape, shapes.Constant):
        return any(isinstance(value, int) for value in shape.values)
    return isinstance(shape, shapes.Number)
