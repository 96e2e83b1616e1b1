"""Open enums and open unions in decoded values: the values that are unknown to a class.

Publishers refuse them, so that only readers of newer events meet unknown values.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from types import NoneType
from typing import TypeVar, cast

import msgspec

from oort.model.opens import OpenEnum, Unknown
from oort.rules.types import models

T = TypeVar("T")
_Steps = tuple[str, ...]
_LEAVES = (str, int, float, bytes, NoneType)


def unknowns(kind: type[T], value: T) -> list[str]:
    """Return the values unknown to the open enums and unions of the class, with JSON pointers.

    The cost is one look-up for a class without open types.

    >>> class Country(OpenEnum):
    ...     NO = "no"
    >>> unknowns(list[Country], [Country.NO, Country("dk")])
    ["/1: 'dk' is not known to Country"]
    """
    return list(_unknowns(value)) if may_hold(kind) else []


def may_hold(kind: type[object]) -> bool:
    """True if values of the class can be unknown to it."""
    return _may_hold(cast(Hashable, kind))


@cache
def _may_hold(kind: Hashable) -> bool:
    # Loaded when an event is published, and not at a cold start.
    from oort.rules.types import reading, shapes

    return any(map(shapes.is_open, reading.inside([reading.compiled(kind)])))


def _unknowns(root: object) -> Iterator[str]:
    waiting: list[tuple[_Steps, object]] = [((), root)]
    while waiting:
        steps, value = waiting.pop()
        if isinstance(value, _LEAVES):
            if isinstance(value, OpenEnum) and not value.known:
                yield f"{_pointer(steps)}: {value.value!r} is not known to {type(value).__name__}"
        elif isinstance(value, Unknown):
            yield f"{_pointer(steps)}: no Struct there has the tag {value.tag!r}"
        else:
            waiting += [((*steps, step), inner) for step, inner in reversed(list(_parts(value)))]


def _parts(value: object) -> Iterable[tuple[str, object]]:
    """Return the values inside a value, with their names in JSON."""
    if isinstance(value, msgspec.Struct):
        names, config = value.__struct_encode_fields__, value.__struct_config__
        if config.array_like:
            names = tuple(str(number + (config.tag is not None)) for number in range(len(names)))
        return [
            (name, getattr(value, field))
            for name, field in zip(names, value.__struct_fields__, strict=True)
        ]
    if isinstance(value, dict):
        entries = cast(dict[object, object], value).items()
        return [(str(key), part) for key, inner in entries for part in (key, inner)]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(number), inner) for number, inner in enumerate(cast(Iterable[object], value))]
    if models.is_model(type(value)):
        members = models.members(type(value))
        return [(member.wire, getattr(value, member.name)) for member in members]
    if dataclasses.is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return []


def _pointer(steps: _Steps) -> str:
    from oort.rules.types import validation  # loaded for errors only

    return "".join(f"/{validation.escaped(step)}" for step in steps) or "/"
