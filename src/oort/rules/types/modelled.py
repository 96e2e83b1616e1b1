"""Changes of pydantic models, held against pydantic's own rules for the field that they change."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal
from types import UnionType
from typing import Annotated, Protocol, TypeAlias, Union, cast, get_args, get_origin

import msgspec

from oort.model import limits as limits_of_tables
from oort.model.items import Bounds, Value
from oort.rules.types import models, numbers

_NAMES = (
    *("ge", "gt", "le", "lt", "multiple_of", "max_length"),
    *("max_digits", "decimal_places"),
)
_LONG = 2**63
_CONTEXT = Context(prec=300)  # for amounts of any size
_Limit: TypeAlias = int | float | Decimal


class Limits(msgspec.Struct, frozen=True):
    """What a field allows: the bounds of a number, its step, and the most elements of a list."""

    within: Bounds | None = None
    step: Decimal | None = None
    most: int | None = None


class _Kind(Protocol):
    def model_validate(self, value: object) -> object: ...


class _Field(Protocol):
    alias: str | None
    annotation: object
    metadata: list[object]


class _Fields(Protocol):
    model_fields: Mapping[str, _Field]


def limits(model: type, name: str) -> Limits:
    """Return the limits of a field of a model, also those inside of its union."""
    field = cast(_Fields, model).model_fields[name]
    noted: dict[str, _Limit] = {}
    for note in (*_flat(field.metadata), *_inside(field.annotation)):
        for limit in _NAMES:
            if (value := getattr(note, limit, None)) is not None:
                noted.setdefault(limit, cast(_Limit, value))
    within = _bounds(noted)
    step, places = noted.get("multiple_of"), noted.get("decimal_places")
    if step is None and places is not None:
        step = Decimal(1).scaleb(-int(places))
    most = noted.get("max_length")
    return Limits(
        None if within == Bounds() else within,
        None if step is None else numbers.exact(step),
        None if most is None else int(most),
    )


def misfit(model: type, name: str, value: object) -> str:
    """Return why pydantic would not read the value as this field; empty if it would."""
    return next(_misfits(model, name, value), ("", 0))[0]


def element_misfit(model: type, name: str, value: object) -> str:
    """Return why pydantic would not read the value as an element of this list; empty if it would."""
    inside = (reason for reason, depth in _misfits(model, name, [value]) if depth)
    return next(inside, "")


def step_misfit(limits: Limits, amount: Value) -> str:
    """Return why the amount cannot be added to a number that has steps; empty if it can."""
    if limits.step is None or not isinstance(amount, int | float | Decimal):
        return ""
    fits = not _CONTEXT.remainder(numbers.exact(amount), limits.step)
    return "" if fits else f"Input should be a multiple of {limits.step}"


def _misfits(model: type, name: str, value: object) -> Iterator[tuple[str, int]]:
    """Yield each reason, and the depth of its place in the value."""
    wire = cast(_Fields, model).model_fields[name].alias or name
    try:
        cast(_Kind, model).model_validate({wire: value})
    except Exception as error:  # a check across fields fails in any way without the others
        for detail in _details(error):
            place = cast(tuple[object, ...], detail["loc"])
            if place[:1] in ((name,), (wire,)):
                yield str(detail["msg"]), sum(isinstance(step, int) for step in place)


def _details(error: Exception) -> list[Mapping[str, object]]:
    listed = getattr(error, "errors", None)
    return cast(list[Mapping[str, object]], listed()) if callable(listed) else []


def _inside(kind: object) -> Iterator[object]:
    """Yield the notes in a type, but not those of the elements of a list."""
    kind = models.opened(kind, new_types=True)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _flat(arguments[1:])
        yield from _inside(arguments[0])
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _inside(argument)


def _flat(notes: Iterable[object]) -> Iterator[object]:
    """Yield the notes, and those that `Field(…)` holds in a type."""
    for note in notes:
        yield note
        yield from _flat(cast(Iterable[object], getattr(note, "metadata", ())))


def _bounds(noted: Mapping[str, _Limit]) -> Bounds:
    """Return the bounds, also those that a number of digits makes."""
    bounds = {name: noted[name] for name in ("ge", "gt", "le", "lt") if name in noted}
    if "max_digits" in noted:
        whole = int(noted["max_digits"]) - int(noted.get("decimal_places", 0))
        bounds.setdefault("lt", 10**whole)
        bounds.setdefault("gt", -(10**whole))
    return Bounds(**{name: _bound(limit) for name, limit in bounds.items() if _is_near(limit)})


def _is_near(limit: _Limit) -> bool:
    """False for a limit that no number of a table reaches."""
    return abs(numbers.exact(limit)) < Decimal(1).scaleb(
        limits_of_tables.NUMBER_EXPONENT_HIGHEST + 1
    )


def _bound(limit: _Limit) -> int | float:
    narrow = numbers.narrowed(limit) if isinstance(limit, Decimal) else limit
    # A number beyond 64 bits cannot be sent with a change (`model.items`).
    is_long = isinstance(narrow, Decimal) or (isinstance(narrow, int) and abs(narrow) >= _LONG)
    return float(narrow) if is_long else cast(float, narrow)
