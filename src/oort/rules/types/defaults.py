"""Defaults of dataclasses, which msgspec leaves out when it writes an instance that it has read."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from oort.rules.types import models, shapes
from oort.rules.types.shapes import Shape

# Adds the defaults of dataclasses to a value in the types of JSON and in those that are kept.
Fill: TypeAlias = Callable[[Any, tuple[type, ...]], None]


def filler(shape: Shape) -> Fill | None:
    """Return the function that adds defaults to values of a shape; None if nothing can be missing."""
    return _fill(shape, {})


def _fill(shape: Shape, seen: dict[object, Fill]) -> Fill | None:
    match shape:
        case shapes.Noted():
            return _fill(shape.shape, seen)
        case shapes.Array():
            return _fill_each(_fill(shape.item, seen))
        case shapes.Map():
            return _fill_each(_fill(shape.value, seen))
        case shapes.Tuple():
            return _fill_places(dict(enumerate(_fill(item, seen) for item in shape.items)))
        case shapes.ObjectTuple():
            places = {
                position + (shape.tag is not None): _fill(field.shape, seen)
                for position, field in enumerate(shape.fields)
            }
            return _fill_places(places)
        case shapes.Object():
            return _fill_object(shape, seen)
        case shapes.Choice():
            return _fill_choice(shape, seen)
        case _:
            return None


def _fill_each(inner: Fill | None) -> Fill | None:
    if inner is None:
        return None

    def fill(value: object, keep: tuple[type, ...]) -> None:
        if isinstance(value, list | tuple | dict):
            for part in value.values() if isinstance(value, dict) else value:
                inner(part, keep)

    return fill


def _fill_places(places: Mapping[int, Fill | None]) -> Fill | None:
    inside = {place: inner for place, inner in places.items() if inner is not None}
    if not inside:
        return None

    def fill(value: object, keep: tuple[type, ...]) -> None:
        if isinstance(value, list | tuple):
            for place, inner in inside.items():
                inner(value[place], keep)

    return fill


def _fill_object(shape: shapes.Object, seen: dict[object, Fill]) -> Fill | None:
    if shape.kind in seen:
        return seen[shape.kind]
    defaulted = [
        field
        for field in shape.fields
        if shape.form == "dataclass" and field.default is not msgspec.NODEFAULT
    ]
    inside: list[tuple[str, Fill]] = []

    def fill(value: object, keep: tuple[type, ...]) -> None:
        if not isinstance(value, dict):
            return
        for field in defaulted:
            if field.wire not in value:
                value[field.wire] = models.builtins(field.default, keep=keep)
        for name, inner in inside:
            if name in value:
                inner(value[name], keep)

    seen[shape.kind] = fill
    for field in shape.fields:
        inner = _fill(field.shape, seen)
        if inner is not None:
            inside.append((field.wire, inner))
    return fill if defaulted or inside else None


def _fill_choice(shape: shapes.Choice, seen: dict[object, Fill]) -> Fill | None:
    """Return the filler of a union: msgspec permits one untagged object and one array in it."""
    fills = [(arm, inner) for arm in shape.arms if (inner := _fill(arm, seen)) is not None]
    if not fills:
        return None
    tagged = [
        (arm.tag_field, arm.tag, inner)
        for arm, inner in fills
        if isinstance(arm, shapes.Object) and arm.tag_field is not None
    ]
    untagged = [
        inner
        for arm, inner in fills
        if not (isinstance(arm, shapes.Object) and arm.tag_field is not None)
    ]

    def fill(value: object, keep: tuple[type, ...]) -> None:
        for field, tag, inner in tagged:
            if isinstance(value, dict) and value.get(field) == tag:
                inner(value, keep)
                return
        for inner in untagged:
            inner(value, keep)

    return fill
