"""Open enums and unions in what is read: JSON as a class that may hold them, and what in a value its class does not know.

Events are read and checked with it. Nothing here refuses what is not known: that is for those who publish.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from types import NoneType
from typing import Protocol, TypeVar, cast

import msgspec

from oort.model.opens import OpenEnum, Unknown
from oort.rules.types import models

T = TypeVar("T")
_Steps = tuple[str, ...]
_LEAVES = (str, int, float, bytes, NoneType)


def decode(kind: type[T], body: bytes) -> T:
    """The JSON as an instance of the class; the decoder is made once for each class.

    Raises msgspec's own errors, ValidationError with the place, and UnicodeDecodeError or RecursionError as it does.

    >>> class Sold(msgspec.Struct):
    ...     id: str
    >>> decode(Sold, b'{"id": "1", "new": true}')
    Sold(id='1')
    """
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        told, plain = models.joined(str(error)), str(error)
        if told == plain:
            raise
        raise msgspec.ValidationError(told) from error.__cause__


def unknowns(kind: type[T], value: T) -> list[str]:
    """What in an instance of the class is not known to its open enums and unions, each with its JSON pointer.

    It costs one look-up for a class that holds none of them.

    >>> class Country(OpenEnum):
    ...     NO = "no"
    >>> unknowns(list[Country], [Country.NO, Country("dk")])
    ["/1: 'dk' is not known to Country"]
    """
    return list(_unknowns(value)) if _may_hold(cast(Hashable, kind)) else []


class _Decoders(Protocol):
    def __call__(self, kind: type[T], /) -> msgspec.json.Decoder[T]:
        """The decoder of a class."""
        ...


def _made(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind, dec_hook=models.load)


_decoder = cast(_Decoders, cache(_made))


@cache
def _may_hold(kind: Hashable) -> bool:
    from oort.rules.types import (  # when an event is published, and not at a cold start
        reading,
        shapes,
    )

    return any(map(shapes.is_open, reading.inside([reading.compiled(kind)])))


def _unknowns(whole: object) -> Iterator[str]:
    rest: list[tuple[_Steps, object]] = [((), whole)]
    while rest:
        steps, value = rest.pop()
        if isinstance(value, _LEAVES):
            if isinstance(value, OpenEnum) and not value.known:
                yield f"{_pointer(steps)}: {value.value!r} is not known to {type(value).__name__}"
        elif isinstance(value, Unknown):
            yield f"{_pointer(steps)}: no Struct there has the tag {value.tag!r}"
        else:
            rest += [((*steps, step), inner) for step, inner in reversed(list(_parts(value)))]


def _parts(value: object) -> Iterable[tuple[str, object]]:
    """What a value holds, by its names in JSON."""
    if isinstance(value, msgspec.Struct):
        names, config = value.__struct_encode_fields__, value.__struct_config__
        if config.array_like:
            names = tuple(str(number + (config.tag is not None)) for number in range(len(names)))
        return [
            (name, getattr(value, field))
            for name, field in zip(names, value.__struct_fields__, strict=True)
        ]
    if isinstance(value, dict):
        held = cast(dict[object, object], value)
        return [(str(key), one) for key, inner in held.items() for one in (key, inner)]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(number), inner) for number, inner in enumerate(cast(Iterable[object], value))]
    if models.is_model(type(value)):
        return [(one.wire, getattr(value, one.name)) for one in models.members(type(value))]
    if dataclasses.is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return []


def _pointer(steps: _Steps) -> str:
    from oort.rules.types import validation  # for mistakes only

    return "".join(f"/{validation.escaped(step)}" for step in steps) or "/"
