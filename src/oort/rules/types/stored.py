"""What a type is in a table: its fields, and text or a number where it is part of a key. Tables are declared with it."""

from typing import Literal, TypeAlias

from oort.rules.types import reading, shapes
from oort.rules.types.shapes import Field, Shape

KeyType: TypeAlias = Literal["text", "number", "mixed"]


def fields(kind: object) -> tuple[Field, ...] | None:
    """The fields of a Struct, dataclass or pydantic model; None for a type that is not stored as an object.

    >>> fields(list[int]) is None
    True
    """
    shape = reading.compiled(kind)
    if isinstance(shape, shapes.Model):
        return reading.members(shape)
    found = structured(shape)
    return found.fields or None if found else None


def structured(shape: Shape) -> shapes.Object | None:
    """The Struct or dataclass itself, or the first in a union."""
    if isinstance(shape, shapes.Choice):
        return next((found for found in map(structured, shape.members) if found is not None), None)
    return shape if isinstance(shape, shapes.Object) and shape.form != "typeddict" else None


def key_type(shape: Shape) -> KeyType:
    """How a field of a key is stored; None is left out, since an item without the attribute is not in the index.

    >>> key_type(reading.compiled(int | None))
    'number'
    """
    found = {_is_number(arm) for arm in shapes.alternatives(shape) if not isinstance(arm, shapes.Null)}
    if len(found) > 1:
        return "mixed"
    return "number" if True in found else "text"


def _is_number(shape: Shape) -> bool:
    """True for what JSON writes as a number. Times, UUIDs and the like are text."""
    match shape:
        case shapes.Enumeration():
            return any(isinstance(member.value, int | float) for member in shape.kind)
        case shapes.Constant():
            return any(isinstance(value, int) for value in shape.values)
        case _:
            return isinstance(shape, shapes.Number)
