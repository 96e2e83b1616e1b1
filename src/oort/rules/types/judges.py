"""Judges: what a typed value must fulfil beside its structure, which msgspec checks.

A number is finite, a time has its zone, and a text matches its pattern as JSON Schema reads it. A judge visits only the places of a type that can fail.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any, TypeAlias, cast

import msgspec

from oort.model.opens import Unknown
from oort.rules.types import models, reading, shapes
from oort.rules.types.shapes import Shape

NOT_FINITE = "Expected a finite number"
_NO_ZONE = "Expected a time with a zone"


class Misfit(msgspec.Struct, frozen=True):
    """The first part of a value that does not fit. `steps` lead to it, the innermost last."""

    detail: str
    steps: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The detail with its place, as in msgspec's messages."""
        path = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in self.steps)
        return f"{self.detail} - at `${path}`"

    def below(self, step: object) -> "Misfit":
        """Return the same misfit, seen from the value around."""
        return Misfit(self.detail, (str(step), *self.steps))


# Returns the first misfit of a value whose structure msgspec has checked.
Judge: TypeAlias = Callable[[Any], Misfit | None]


def anything(value: object) -> Misfit | None:
    """Return the first misfit of a value without a declared type."""
    match value:
        case float() | Decimal():
            return _finite(value)
        case datetime() | time():
            return _zoned(value)
        case Mapping():
            return _members(cast(Mapping[object, object], value).items())
        case list() | tuple() | set() | frozenset():
            return _members(enumerate(cast(Sequence[object], value)))
        case _ if models.is_model(type(value)):
            return _members(vars(value).items())
        case _:
            return None


def _members(members: Iterable[tuple[object, object]]) -> Misfit | None:
    for step, inner in members:
        if (misfit := anything(inner)) is not None:
            return misfit.below(step)
    return None


def _finite(value: float | Decimal) -> Misfit | None:
    if type(value) is float and math.isfinite(value):
        return None
    if isinstance(value, Decimal):  # some are finite and no float
        return None if value.is_finite() else Misfit(NOT_FINITE)
    return None if isinstance(value, int) or math.isfinite(value) else Misfit(NOT_FINITE)


def _zoned(value: datetime | time) -> Misfit | None:
    return Misfit(_NO_ZONE) if value.tzinfo is None else None


def judge(shape: Shape, *, of_json: bool = False) -> Judge | None:
    """Return the judge of a shape; None if msgspec's own check is enough.

    A value that is read `of_json` has finite numbers, and no times but where the type has them.
    """
    return _judge(shape, {}, of_json=of_json)


def _judge(shape: Shape, seen: dict[object, Judge], *, of_json: bool) -> Judge | None:
    match shape:
        case shapes.Noted():
            return _judge(shape.shape, seen, of_json=of_json)
        case shapes.Array():
            return _array(_judge(shape.item, seen, of_json=of_json))
        case shapes.Map():
            # A name may be the text "NaN".
            key = _judge(shape.key, seen, of_json=False)
            return _map(key, _judge(shape.value, seen, of_json=of_json))
        case shapes.Tuple():
            return _tuple([_judge(item, seen, of_json=of_json) for item in shape.items])
        case shapes.Object() | shapes.ObjectTuple():
            return _object(shape, seen, of_json=of_json)
        case shapes.Choice():
            return _choice(shape.arms, seen, of_json=of_json)
        case shapes.OpenChoice():
            return _choice(
                list(reading.arms(shape).values()),
                seen,
                of_json=of_json,
                others=None if of_json else _unknown,
            )
        case _:
            return _leaf(shape, of_json=of_json)


def _leaf(shape: Shape, *, of_json: bool) -> Judge | None:
    match shape:
        case shapes.Number() | shapes.Anything() if of_json:
            return None
        case shapes.Number(integer=False) | shapes.Exact():
            return _finite
        case shapes.Formatted(format="date-time" | "time", zone=True):
            return _zoned
        case shapes.Text(pattern=str() as pattern):
            return _matching(pattern)
        case shapes.Anything() | shapes.Model() | shapes.Custom():
            return anything
        case _:
            return None


def _matching(pattern: str) -> Judge | None:
    """Return the judge of a pattern that msgspec reads in another way than JSON Schema."""
    from oort.rules.patterns import dialect  # for types with patterns only

    expression = dialect.compiled(pattern)
    if expression is None:
        return None
    search = expression.search
    misfit = Misfit(f"Expected `str` matching regex {pattern!r}")

    def judge(value: str) -> Misfit | None:
        # Both languages agree about ASCII without control characters.
        usual = value.isascii() and value.isprintable()
        return None if usual or search(value) else misfit

    return judge


def _array(item: Judge | None) -> Judge | None:
    if item is None:
        return None

    def judge(value: Iterable[object]) -> Misfit | None:
        for position, inner in enumerate(value):
            if (misfit := item(inner)) is not None:
                return misfit.below(position)
        return None

    return judge


def _map(key: Judge | None, inside: Judge | None) -> Judge | None:
    if key is None and inside is None:
        return None

    def judge(value: Mapping[object, object]) -> Misfit | None:
        for name, inner in value.items():
            misfit = (key and key(name)) or (inside and inside(inner))
            if misfit:
                return misfit.below(name)
        return None

    return judge


def _tuple(items: list[Judge | None]) -> Judge | None:
    judged = [(position, item) for position, item in enumerate(items) if item is not None]
    if not judged:
        return None

    def judge(value: Sequence[object]) -> Misfit | None:
        for position, item in judged:
            if (misfit := item(value[position])) is not None:
                return misfit.below(position)
        return None

    return judge


def _object(
    shape: shapes.Object | shapes.ObjectTuple, seen: dict[object, Judge], *, of_json: bool
) -> Judge | None:
    if shape.kind in seen:
        return seen[shape.kind]
    judged: list[tuple[str, object, Judge]] = []
    is_dict = isinstance(shape, shapes.Object) and shape.form == "typeddict"
    part: Callable[[Any, str, object], object] = dict[str, object].get if is_dict else getattr

    def judge(value: object) -> Misfit | None:
        for name, step, inner in judged:
            inside = part(value, name, msgspec.UNSET)
            if inside is not msgspec.UNSET and (misfit := inner(inside)) is not None:
                return misfit.below(step)
        return None

    seen[shape.kind] = judge  # a class may contain itself
    for position, field in enumerate(shape.fields):
        step = field.wire if isinstance(shape, shapes.Object) else position
        field_judge = _judge(field.shape, seen, of_json=of_json)
        if field_judge is not None:
            judged.append((field.name, step, field_judge))
    return judge if judged else None


def _choice(
    arms: Sequence[Shape],
    seen: dict[object, Judge],
    *,
    of_json: bool,
    others: Judge | None = None,
) -> Judge | None:
    judged = [
        (_class(arm), inner)
        for arm in arms
        if (inner := _judge(arm, seen, of_json=of_json)) is not None
    ]
    if not judged and others is None:
        return None

    def judge(value: object) -> Misfit | None:
        for kind, arm_judge in judged:
            if isinstance(value, kind):
                return arm_judge(value)
        return None if others is None else others(value)

    return judge


def _unknown(value: object) -> Misfit | None:
    return anything(value.data) if isinstance(value, Unknown) else None


def _class(shape: Shape) -> type | tuple[type, ...]:
    """Return the classes of the instances of a shape that has a judge."""
    match shapes.bare(shape):
        case shapes.Number() | shapes.Text() as scalar:
            return float if isinstance(scalar, shapes.Number) else str
        case shapes.Array() | shapes.Tuple():
            return (list, tuple, set, frozenset)
        case shapes.Map():
            return dict
        case shapes.Object(form="typeddict"):
            return dict
        case shapes.Exact():
            return Decimal
        case shapes.Formatted():
            return (datetime, time)
        case shapes.Anything():
            return object
        case bare:
            return shapes.plain(cast(type, bare.kind))
