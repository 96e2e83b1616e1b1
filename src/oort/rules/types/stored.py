"""The representation of a type in a table: its fields, and text or a number as part of a key.

Tables are declared with these functions.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache, reduce, wraps
from operator import or_
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from msgspec import Meta

from oort.model.items import RESERVED, Bounds
from oort.rules.types import modelled, models, reading, shapes
from oort.rules.types.shapes import Field, Shape

KeyType: TypeAlias = Literal["text", "number", "mixed", "none"]
R = TypeVar("R")


def _remembered(rule: Callable[[object], R]) -> Callable[[object], R]:
    """Remember the answers for the last 1,000 types: handlers ask at each change of an item."""
    known = lru_cache(maxsize=1000)(rule)

    def answer(kind: object) -> R:
        try:
            return known(kind)
        except TypeError:  # notes with a list
            return rule(kind)

    return wraps(rule)(answer)


def names(item: object) -> dict[str, str] | None:
    """Return the names of the fields, with their names in the table.

    None for a type that is no object.

    >>> names(list[int]) is None
    True
    """
    shape = reading.compiled(item)
    fields = {field.name: field.wire for field in _fields(shape)}
    return fields if fields or isinstance(shape, shapes.Model) else None


def reserved(item: object) -> list[str]:
    """Return the names of fields in the table that Oort keeps for itself (`items.RESERVED`).

    >>> import msgspec
    >>> class Row(msgspec.Struct):
    ...     a: str = msgspec.field(name="~a")
    >>> reserved(Row)
    ['~a']
    """
    shape = reading.compiled(item)
    written = [field.wire for field in _fields(shape)]
    if isinstance(shape, shapes.Model):
        written += models.written(shape.kind)
    return sorted({name for name in written if name.startswith(RESERVED)})


def key_type(item: object, name: str) -> KeyType:
    """Return the storage type of a field in a key.

    None values are ignored: they are not in the index. "none" if a value cannot be in a key.
    """
    leaves = [
        leaf
        for shape in _named(reading.compiled(item), name)
        for leaf in shapes.alternatives(shape)
        if not isinstance(leaf, shapes.Null)
    ]
    return _storage(leaves)


def may_be_none(item: object, name: str) -> bool:
    """Return True if the type of a field has the value None."""
    return any(
        isinstance(leaf, shapes.Null) or (isinstance(leaf, shapes.Constant) and None in leaf.values)
        for shape in _named(reading.compiled(item), name)
        for leaf in shapes.alternatives(shape)
    )


def kind_of(kind: object) -> KeyType:
    """Return the storage type of a value of the type in a key."""
    leaves = [
        leaf
        for leaf in shapes.alternatives(reading.compiled(kind))
        if not isinstance(leaf, shapes.Null)
    ]
    return _storage(leaves)


def may_be_version(item: object, name: str, *, taken: bool) -> bool:
    """False for a field that cannot count writes from 0 without end: no int, or part of a key.

    Also False for an int with an upper bound, with a lower bound above 0, or with steps.
    """
    shape = reading.compiled(item)
    return all(
        not taken and _counts(shapes.bare(member), item, name) for member in _named(shape, name)
    )


def _counts(shape: Shape, item: object, name: str) -> bool:
    if not isinstance(shape, shapes.Number) or not shape.integer:
        return False
    within = Bounds(shape.ge, shape.gt, shape.le, shape.lt)
    step: float | Decimal | None = shape.multiple_of
    if isinstance(item, type) and models.is_model(item):
        limits = modelled.limits(item, name)
        within, step = limits.within or within, limits.step
    return (
        within.le is within.lt is None
        and (within.ge is None or within.ge <= 0)
        and (within.gt is None or within.gt < 0)
        and step in (None, 1)
    )


@_remembered
def number(kind: object) -> object:
    """Return the type of an amount that can be added to a number of the type.

    Its bounds hold for the sum, not for the amount. A multiple stays one by multiples only.
    """
    members = list(_numbers(kind))
    kinds: set[object] = {_class(shape) for shape in members}
    ordered = [number for number in (int, float, Decimal) if number in kinds]
    amount: object = reduce(or_, ordered or (int, float, Decimal))
    if len(members) == 1 and isinstance(members[0], shapes.Number) and members[0].multiple_of:
        return Annotated[amount, Meta(multiple_of=members[0].multiple_of)]
    return amount


@_remembered
def is_exact(kind: object) -> bool:
    """True for a Decimal, also in a union. Earlier versions stored it as a text."""
    return any(isinstance(shape, shapes.Exact) for shape in _numbers(kind))


@_remembered
def bounds(kind: object) -> Bounds | None:
    """Return the bounds of a number of the type; None without bounds, or for several numbers.

    msgspec has no bounds for a Decimal.

    >>> from typing import Annotated
    >>> from msgspec import Meta
    >>> bounds(Annotated[int, Meta(ge=0)]).ge
    0
    """
    members = list(_numbers(kind))
    if len(members) != 1 or isinstance(members[0], shapes.Exact):
        return None
    number = members[0]
    within = Bounds(number.ge, number.gt, number.le, number.lt)
    return None if within == Bounds() else within


@_remembered
def most(kind: object) -> int | None:
    """Return the greatest number of elements of a list of the type; None without a limit."""
    for shape in shapes.alternatives(reading.compiled(kind)):
        if isinstance(shape, shapes.Array):
            return shape.max_length
    return None


@_remembered
def element(kind: object) -> object:
    """Return the type of the elements of a list; Any if the type is not known."""
    for shape in shapes.alternatives(reading.compiled(kind)):
        if isinstance(shape, shapes.Array):
            return shape.item.kind
    return Any


def structured(shape: Shape) -> shapes.Object | None:
    """Return the Struct or dataclass itself, or the first in a union."""
    if isinstance(shape, shapes.Choice):
        objects = map(structured, shape.members)
        return next((member for member in objects if member is not None), None)
    return shape if isinstance(shape, shapes.Object) and shape.form != "typeddict" else None


def _fields(shape: Shape) -> tuple[Field, ...]:
    if isinstance(shape, shapes.Model):
        return reading.members(shape)
    structure = structured(shape)
    return () if structure is None else structure.fields


def _named(shape: Shape, name: str) -> list[Shape]:
    return [field.shape for field in _fields(shape) if field.name == name]


def _numbers(kind: object) -> Iterator[shapes.Number | shapes.Exact]:
    for shape in shapes.alternatives(reading.compiled(kind)):
        if isinstance(shape, shapes.Number | shapes.Exact):
            yield shape


def _class(shape: shapes.Number | shapes.Exact) -> type:
    if isinstance(shape, shapes.Exact):
        return Decimal
    return int if shape.integer else float


def _storage(leaves: Sequence[Shape]) -> KeyType:
    if not all(map(_may_be_key, leaves)):
        return "none"
    numeric = set(map(shapes.is_number, leaves))
    return "mixed" if len(numeric) > 1 else "number" if True in numeric else "text"


def _may_be_key(shape: Shape) -> bool:
    """True for the types of `rules.tables.keys`. A type that nobody knows may be such a type."""
    if isinstance(shape, shapes.Formatted):
        return shape.format in ("date", "uuid") or (shape.format == "date-time" and shape.zone)
    if isinstance(shape, shapes.Constant):
        return not any(isinstance(value, bool) for value in shape.values)
    return isinstance(shape, _KEYED)


_KEYED = (
    shapes.Text,
    shapes.Number,
    shapes.Exact,
    shapes.Enumeration,
    shapes.Anything,
    shapes.Unreadable,
)
