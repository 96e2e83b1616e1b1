"""Instances: whether a value is what its type declares, before msgspec encodes it.

msgspec encodes bytes, times and UUIDs as texts, which the decoder takes for a `str`. The door asks
here if a value does not come back equal (`values`), and for the values of conditions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import cast

import msgspec

from oort.model.opens import Unknown
from oort.rules.types import reading, shapes
from oort.rules.types.judges import Misfit
from oort.rules.types.shapes import Shape

_BYTES = (bytes, bytearray, memoryview)
_NO_SEQUENCES = (str, *_BYTES)


def misfit(shape: Shape, value: object) -> Misfit | None:
    """Return the first part of a value that is no instance of its declared type.

    An int is a float, numbers are Decimals, and sequences stand for each other. Of a subclass of a
    Struct, only the declared fields count. Bounds are not checked.
    """
    check = _CHECKS.get(type(shape))
    return None if check is None else check(shape, value)


def name(kind: object, *, beside: object = None) -> str:
    """Return the name of a type, with its module if the other type has the same name.

    >>> name(int), name(int, beside=type("int", (), {}))
    ('int', 'builtins.int')
    """
    short = _short(kind)
    if kind is beside or short != _short(beside):
        return short
    return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', short)}"


def _short(kind: object) -> str:
    return getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)


def _unlike(expected: object, value: object) -> Misfit:
    kind = type(value)
    return Misfit(f"Expected `{name(expected, beside=kind)}`, got `{name(kind, beside=expected)}`")


def _plain(shape: Shape) -> type:
    return shapes.plain(cast(type, shape.kind))


def _instance(*kinds: type, but: tuple[type, ...] = ()) -> Callable[[Shape, object], Misfit | None]:
    """Return the check for values of some classes."""

    def check(_: Shape, value: object) -> Misfit | None:
        fits = isinstance(value, kinds) and not isinstance(value, but)
        return None if fits else _unlike(kinds[0], value)

    return check


def _number(shape: Shape, value: object) -> Misfit | None:
    integer = cast(shapes.Number, shape).integer
    fits = isinstance(value, int if integer else int | float) and not isinstance(value, bool)
    return None if fits else _unlike(int if integer else float, value)


def _binary(_: Shape, value: object) -> Misfit | None:
    return None if isinstance(value, _BYTES) else _unlike(bytes, value)


def _formatted(shape: Shape, value: object) -> Misfit | None:
    kind = reading.FORMATS[cast(shapes.Formatted, shape).format]
    fits = isinstance(value, kind) and not (kind is date and isinstance(value, datetime))
    return None if fits else _unlike(kind, value)


def _constant(shape: Shape, value: object) -> Misfit | None:
    values = cast(shapes.Constant, shape).values
    fits = any(isinstance(value, type(each)) and not isinstance(value, bool) for each in values)
    return None if fits else _unlike(shape.kind, value)


def _enumeration(shape: Shape, value: object) -> Misfit | None:
    kind = cast(shapes.Enumeration, shape).kind
    if isinstance(value, kind):
        return None
    # The text of a member is as good as the member; it was always taken.
    fits = not isinstance(value, Enum) and any(type(value) is type(each.value) for each in kind)
    return None if fits else _unlike(kind, value)


def _array(shape: Shape, value: object) -> Misfit | None:
    array = cast(shapes.Array, shape)
    if not (isinstance(value, Set) if array.unique else _is_sequence(value)):
        return _unlike(set if array.unique else list, value)
    return _first((step, array.item, inner) for step, inner in enumerate(cast(Set[object], value)))


def _is_sequence(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, _NO_SEQUENCES)


def _tuple(shape: Shape, value: object) -> Misfit | None:
    if not _is_sequence(value):
        return _unlike(tuple, value)
    pairs = zip(cast(shapes.Tuple, shape).items, cast(Sequence[object], value), strict=False)
    return _first((step, item, inner) for step, (item, inner) in enumerate(pairs))


def _map(shape: Shape, value: object) -> Misfit | None:
    table = cast(shapes.Map, shape)
    if not isinstance(value, Mapping):
        return _unlike(dict, value)
    for key, inner in cast(Mapping[object, object], value).items():
        first = misfit(table.key, key) or misfit(table.value, inner)
        if first is not None:
            return first.below(key)
    return None


def _object(shape: Shape, value: object) -> Misfit | None:
    described = cast(shapes.Object | shapes.ObjectTuple, shape)
    if isinstance(described, shapes.Object) and described.form == "typeddict":
        if not isinstance(value, Mapping):
            return _unlike(dict, value)
        members = cast(Mapping[str, object], value)
        inside = [
            (field, members[field.wire]) for field in described.fields if field.wire in members
        ]
    elif not isinstance(value, _plain(shape)):
        return _unlike(_plain(shape), value)
    else:
        every = ((field, getattr(value, field.name, msgspec.UNSET)) for field in described.fields)
        inside = [(field, inner) for field, inner in every if inner is not msgspec.UNSET]
    return _first((field.wire, field.shape, inner) for field, inner in inside)


def _custom(shape: Shape, value: object) -> Misfit | None:
    return None if isinstance(value, _plain(shape)) else _unlike(_plain(shape), value)


def _choice(shape: Shape, value: object) -> Misfit | None:
    first = [misfit(arm, value) for arm in cast(shapes.Choice, shape).arms]
    # The deepest misfit is in the arm that was meant.
    return None if None in first else max(filter(None, first), key=lambda each: len(each.steps))


def _open(shape: Shape, value: object) -> Misfit | None:
    choice = cast(shapes.OpenChoice, shape)
    if isinstance(value, Unknown):
        return None
    arms = (arm for arm in reading.arms(choice).values() if isinstance(value, _plain(arm)))
    arm = next(arms, None)
    return _unlike(choice.kind, value) if arm is None else misfit(arm, value)


def _noted(shape: Shape, value: object) -> Misfit | None:
    return misfit(cast(shapes.Noted, shape).shape, value)


def _first(places: Iterable[tuple[object, Shape, object]]) -> Misfit | None:
    for step, shape, value in places:
        if (first := misfit(shape, value)) is not None:
            return first.below(step)
    return None


# Shapes that are not here take every value.
_CHECKS: Mapping[type[Shape], Callable[[Shape, object], Misfit | None]] = MappingProxyType({
    shapes.Null: _instance(type(None)),
    shapes.Boolean: _instance(bool),
    shapes.Number: _number,
    shapes.Exact: _instance(Decimal, int, float, but=(bool,)),
    shapes.Text: _instance(str),
    shapes.Binary: _binary,
    shapes.Formatted: _formatted,
    shapes.Constant: _constant,
    shapes.Enumeration: _enumeration,
    shapes.Array: _array,
    shapes.Tuple: _tuple,
    shapes.Map: _map,
    shapes.Object: _object,
    shapes.ObjectTuple: _object,
    shapes.Model: _custom,
    shapes.Choice: _choice,
    shapes.OpenChoice: _open,
    shapes.Noted: _noted,
})  # fmt: skip
