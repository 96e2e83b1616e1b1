"""Types that no program can use: a part that JSON cannot have, a default that does not fit, no value.

The loader refuses such a type with the field's name, before a request or a message meets it.
"""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import get_args, get_origin, get_type_hints

import msgspec

from oort.rules.types import models, reading, shapes, values
from oort.rules.types.shapes import Field, Shape


def problem(kind: object) -> str:
    """Return the reason why the type cannot be used, with the field; empty if it can be.

    >>> problem(dict[str, int])
    ''
    >>> class Row(msgspec.Struct):
    ...     cell: dict[tuple[int, int], int]
    >>> problem(Row)
    'Row.cell: tuple[int, int] cannot be the name of a member in JSON'
    """
    return _remembered(kind) if isinstance(kind, type) else _problem(kind)


def of_default(kind: object, default: object) -> str:
    """Return the reason why a value cannot be the default of a type; empty if it can be."""
    shape = reading.compiled(kind)
    return "" if isinstance(shape, shapes.Unreadable) else _of_default(shape, default)


@lru_cache(maxsize=1000)
def _remembered(kind: type) -> str:
    return _problem(kind)


def _problem(kind: object) -> str:
    shape = reading.compiled(kind)
    if isinstance(shape, shapes.Unreadable):
        return _refused(kind, set()) or _unknown(shape)
    return next(_problems(shape), "")


def _refused(kind: object, seen: set[object]) -> str:
    """Return the field that msgspec refuses, with the reason; empty if no field is to blame."""
    fields: dict[str, object] = getattr(kind, "__annotations__", {})
    if not isinstance(kind, type) or kind in seen or not fields:
        return ""
    seen.add(kind)
    try:
        hints = get_type_hints(kind, include_extras=True)
    except NameError as error:
        name = next((name for name, hint in fields.items() if str(error.name) in str(hint)), "")
        return f"{kind.__name__}.{name}: the type {error.name!r} cannot be found" if name else ""
    for name, hint in hints.items():
        refused, outer = reading.compiled(hint), frozenset(seen)
        if isinstance(refused, shapes.Unreadable):
            parts = list(_classes(hint))
            if inner := next(filter(None, (_refused(part, seen) for part in parts)), ""):
                return inner
            if outer.isdisjoint(parts):
                return f"{kind.__name__}.{name}: {_unknown(refused)}"
    return ""


def _classes(hint: object) -> Iterator[type]:
    """Yield the classes in a type hint."""
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


def _problems(shape: Shape) -> Iterator[str]:
    yield from filter(None, map(_against, _whole(shape)))
    inside = list(reading.inside([shape]))
    for inner in (inner for inner in inside if isinstance(inner, shapes.Named)):
        yield from filter(None, [_of_class(inner)])
    objects = [inner for inner in inside if isinstance(inner, _OBJECTS)]
    for inner in objects:
        name = shapes.plain(inner.kind).__name__
        for field in inner.fields:
            yield from (f"{name}.{field.name}: {why}" for why in _of_field(field))
    yield from _endless(objects)


def of_docstring(described: object) -> str:
    """Return the reason why the docstring of a class or a function cannot stand in a document."""
    why = _unwritten(getattr(described, "__doc__", None))
    return f"its docstring has no form in JSON: {why}" if why else ""


def _of_class(shape: shapes.Named) -> str:
    kind = shapes.plain(shape.kind)
    why = of_docstring(kind)
    if isinstance(shape, _OBJECTS) and not why and (tag := _unwritten(shape.tag)):
        why = f"its tag has no form in JSON: {tag}"
    if isinstance(shape, shapes.Model) and not why:
        why = _of_model(shape)
    return f"{kind.__name__}: {why}" if why else ""


def _of_model(shape: shapes.Model) -> str:
    """Return why the JSON Schema of a pydantic model cannot be written; empty if it can."""
    try:
        why = _unwritten(models.json_schema(shape.kind, closed=False, refs=""))
    except Exception as error:  # whatever pydantic and the user's own types raise
        why = str(error).partition("\n")[0].rstrip(".")
    return f"it has no JSON Schema: {why}" if why else ""


def _of_field(field: Field) -> Iterator[str]:
    yield from filter(None, map(_against, _whole(field.shape)))
    if field.default is not msgspec.NODEFAULT:
        yield from filter(None, [_of_default(field.shape, field.default)])


def _whole(shape: Shape) -> Iterator[Shape]:
    """Yield a shape and its parts, up to the classes inside."""
    yield shape
    if not isinstance(shape, _OBJECTS):
        for part in reading.parts(shape):
            yield from _whole(part)


def _against(shape: Shape) -> str:
    """Return the reason against a shape itself, without its parts."""
    match shape:
        case shapes.Number() if not _has_number(shape):
            return "no number lies within its bounds"
        case shapes.Text() | shapes.Binary() | shapes.Array() | shapes.Map() if _is_never(shape):
            return "its min_length is above its max_length"
        case shapes.Array(unique=True) if not _are_hashable([shape.item], frozenset()):
            return "a set cannot hold lists, dicts or objects that may change: write a list"
        case shapes.Map():
            return _of_names(shape.key)
        case shapes.Noted():
            why = _unwritten(shape.notes)
            return f"its Meta has no form in JSON: {why}" if why else ""
        case _:
            return _unknown(shape)


def _unknown(shape: Shape) -> str:
    """Return the reason against a type that JSON cannot have."""
    if isinstance(shape, shapes.Unreadable):
        return shape.problem.rstrip(".")
    if isinstance(shape, shapes.Custom) and shape.kind is not object:
        return f"msgspec does not know {shape.kind.__name__}"
    if shape.kind is msgspec.Raw:
        return "msgspec.Raw cannot be written again; write Any"
    return "Ext is a type of MessagePack, not of JSON" if shape.kind is msgspec.msgpack.Ext else ""


def _is_never(shape: shapes.Text | shapes.Binary | shapes.Array | shapes.Map) -> bool:
    return shape.max_length is not None and (shape.min_length or 0) > shape.max_length


def _is_hashable(shape: Shape, seen: frozenset[object] = frozenset()) -> bool:
    """False for a type whose values a set cannot hold; a set of Any is judged value by value."""
    match shape:
        case shapes.Array():
            is_fixed = get_origin(shape.kind) in (tuple, frozenset)
            return is_fixed and _are_hashable([shape.item], seen)
        case shapes.Tuple():
            return _are_hashable(shape.items, seen)
        case shapes.Map() | shapes.Object(form="typeddict"):
            return False
        case shapes.Object() | shapes.ObjectTuple() if shape.kind not in seen:
            fields = [field.shape for field in shape.fields]
            return _hashes(shape.kind) and _are_hashable(fields, seen | {shape.kind})
        case shapes.Model():
            return _hashes(shape.kind)
        case shapes.Binary():
            return shape.kind is not bytearray
        case _:
            return True


def _are_hashable(kinds: Iterable[Shape], seen: frozenset[object]) -> bool:
    return all(_is_hashable(inner, seen) for kind in kinds for inner in shapes.alternatives(kind))


def _hashes(kind: type) -> bool:
    method: object = getattr(shapes.plain(kind), "__hash__", None)
    config = getattr(kind, "__struct_config__", None)
    if config is not None and config.eq and not config.frozen:
        return method is not msgspec.Struct.__hash__
    return method is not None


def _has_number(shape: shapes.Number) -> bool:
    """False if no number lies within the bounds."""
    low = max((bound for bound in (shape.ge, shape.gt) if bound is not None), default=-math.inf)
    high = min((bound for bound in (shape.le, shape.lt) if bound is not None), default=math.inf)
    if math.inf in (-low, high):
        return True
    step = shape.multiple_of or (1 if shape.integer else None)
    if step is None or not float(step).is_integer():
        return low < high or (low == high and _fits(low, shape))
    first = math.ceil(low / step) * step
    return any(_fits(number, shape) for number in (first, first + step))


def _fits(number: float, shape: shapes.Number) -> bool:
    return (
        (shape.ge is None or number >= shape.ge)
        and (shape.gt is None or number > shape.gt)
        and (shape.le is None or number <= shape.le)
        and (shape.lt is None or number < shape.lt)
    )


def _of_names(key: Shape) -> str:
    """Return the reason why the keys of a dict cannot be names in JSON."""
    arms = list(shapes.alternatives(key))
    for arm in arms:
        if isinstance(arm, _NO_NAMES):
            return f"{_title(arm.kind)} cannot be the name of a member in JSON"
    if all(isinstance(arm, shapes.Null | shapes.Boolean) for arm in arms):
        return f"{_title(arms[0].kind)} cannot be the name of a member in JSON"
    return ""


def _unwritten(value: object) -> str:
    """Return why JSON cannot have a value; empty if it can."""
    try:
        msgspec.json.encode(msgspec.to_builtins(value, str_keys=True))
    except _ERRORS as error:
        return f"{error}"
    return ""


def _of_default(shape: Shape, default: object) -> str:
    if isinstance(default, str) and _unwritten(default):
        return f"its default {default!a} has no form in JSON"
    if any(isinstance(part, _ANY) for part in _whole(shape)):
        return ""  # each value fits, also one that is never written
    if any(map(_against, _whole(shape))):
        return ""  # the type itself is the mistake
    try:
        values.compiled(shape.kind).write(default)  # type: ignore[arg-type]
    except _ERRORS as error:
        why = str(error).removesuffix(" - at `$`").rstrip(".")
        return f"its default {default!a} does not fit: {why}"
    return ""


def _endless(objects: list[shapes.Object | shapes.ObjectTuple]) -> Iterator[str]:
    """Yield a reason for each class that must hold itself, so that a value would have no end."""
    finite: set[object] = set()
    known = -1
    while len(finite) > known:
        known = len(finite)
        finite |= {
            each.kind
            for each in objects
            if all(_is_finite(field.shape, finite) for field in each.fields if field.required)
        }
    for each in objects:
        for field in each.fields:
            if field.required and not _is_finite(field.shape, finite):
                name = shapes.plain(each.kind).__name__
                yield f"{name}.{field.name}: a value would hold itself without end; add | None"


def _is_finite(shape: Shape, finite: set[object]) -> bool:
    """True if a value of the shape needs none of the classes that are not known as finite."""
    match shape:
        case shapes.Object() | shapes.ObjectTuple():
            return shape.kind in finite
        case shapes.Choice():
            return any(_is_finite(member, finite) for member in shape.members)
        case shapes.Array() | shapes.Map() if not shape.min_length:
            return True
        case shapes.Array() | shapes.Map() | shapes.Tuple() | shapes.Noted():
            return all(_is_finite(part, finite) for part in reading.parts(shape))
        case _:
            return True


def _title(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


_OBJECTS = (shapes.Object, shapes.ObjectTuple)
_ANY = (shapes.Anything, shapes.Custom, shapes.OpenChoice, shapes.Model)
_NO_NAMES = (
    shapes.Array,
    shapes.Tuple,
    shapes.Map,
    shapes.Object,
    shapes.ObjectTuple,
    shapes.Model,
    shapes.OpenChoice,
)
_ERRORS = (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError)
