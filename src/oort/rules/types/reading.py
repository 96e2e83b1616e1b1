"""Reads a type into its shape. This is the only module that reads `msgspec.inspect`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, singledispatch
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Protocol, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import inspect

from oort.model.opens import OpenUnion, is_open_enum
from oort.rules.types import models, shapes
from oort.rules.types.shapes import Shape


def compiled(kind: object) -> Shape:
    """The shape of a type; Unreadable if msgspec cannot read it.

    >>> compiled(list[int]).item.integer
    True
    """
    # Equal types may differ in the order of a union, and so only classes are kept.
    return _class(kind) if isinstance(kind, type) else every([kind])[0]


def every(kinds: Sequence[object]) -> tuple[Shape, ...]:
    """The shapes of several types, read in one go. If msgspec refuses one of them, all are Unreadable."""
    try:
        found = inspect.multi_type_info(list(map(_behind, kinds)))
    except (TypeError, NotImplementedError) as error:
        return tuple(shapes.Unreadable(kind, str(error)) for kind in kinds)
    classes: _Classes = {}
    return tuple(_read(one, classes) for one in found)


def problem(kind: object) -> str:
    """Why a value of the type cannot be read from JSON; empty if it can."""
    shape = compiled(kind)
    if isinstance(shape, shapes.Custom):
        return f"msgspec does not know {shape.kind.__name__}"
    return shape.problem.rstrip(".") if isinstance(shape, shapes.Unreadable) else ""


def parts(shape: Shape) -> list[Shape]:
    """The shapes inside, one level deep. A pydantic model is not looked into."""
    match shape:
        case shapes.Object() | shapes.ObjectRow():
            return [field.shape for field in shape.fields]
        case shapes.Choice():
            return list(shape.members)
        case shapes.Row():
            return list(shape.items)
        case shapes.Map():
            return [shape.key, shape.value]
        case shapes.Array():
            return [shape.item]
        case shapes.OpenChoice():
            return list(arms(shape).values())
        case shapes.Noted():
            return [shape.shape]
        case _:
            return []


def inside(read: Iterable[Shape]) -> Iterator[Shape]:
    """The shapes and all in them, in the order of their appearance; a class comes once."""
    seen: set[object] = set()
    waiting = list(read)[::-1]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, shapes.Named | shapes.OpenChoice | shapes.Custom):
            if shape.kind in seen:
                continue
            seen.add(shape.kind)
        yield shape
        waiting += reversed(parts(shape))


def _behind(kind: object) -> object:
    """The type behind an alias of typing_extensions, which msgspec does not know."""
    while type(kind).__name__ == "TypeAliasType":
        kind = cast(_Alias, kind).__value__
    return kind


def members(shape: shapes.Model) -> tuple[shapes.Field, ...]:
    """The fields of a pydantic model, as far as msgspec can read their types."""
    return tuple(
        shapes.Field(one.name, one.wire, _loose(one.kind), one.required)
        for one in models.members(shape.kind)
    )


def arms(shape: shapes.OpenChoice) -> dict[str, Shape]:
    """The Structs of an open union, by their tags."""
    kinds = shape.kind.arms
    return dict(zip(kinds, every(list(kinds.values())), strict=True))


@cache
def _class(kind: type) -> Shape:
    return every([kind])[0]


def _loose(kind: object) -> Shape:
    """The shape of a type in a pydantic model, which may have unions that msgspec refuses."""
    shape, form, arguments = compiled(kind), get_origin(kind), get_args(kind)
    if not isinstance(shape, shapes.Unreadable):
        return shape
    if form in (Union, UnionType):
        return shapes.Choice(kind, tuple(map(_loose, arguments)))
    if form is list:
        return shapes.Array(kind, _loose(arguments[0]), unique=False)
    return shapes.Map(kind, shapes.Anything(Any), _loose(arguments[1])) if form is dict else shape


_Classes: TypeAlias = dict[object, shapes.Object | shapes.ObjectRow]
_Fields: TypeAlias = (
    inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType
)
_FORMATS: Mapping[type[inspect.Type], tuple[type, shapes.Format]] = MappingProxyType({
    inspect.DateType: (date, "date"),
    inspect.DateTimeType: (datetime, "date-time"),
    inspect.TimeType: (time, "time"),
    inspect.TimeDeltaType: (timedelta, "duration"),
    inspect.UUIDType: (UUID, "uuid"),
})  # fmt: skip
_BINARY = MappingProxyType({
    inspect.BytesType: bytes, inspect.ByteArrayType: bytearray, inspect.MemoryViewType: memoryview
})  # fmt: skip
_COLLECTIONS: Mapping[type[inspect.CollectionType], type] = MappingProxyType({
    inspect.ListType: list, inspect.VarTupleType: tuple, inspect.SetType: set, inspect.FrozenSetType: frozenset
})  # fmt: skip
_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern", "tz")


class _Alias(Protocol):
    __value__: object


class _Form(Protocol):
    def __getitem__(self, arguments: object, /) -> object: ...


def _of(form: object, arguments: object) -> object:
    """The form with its arguments, such as list[int]."""
    return cast(_Form, form)[arguments]


def _bounded(kind: object, found: inspect.Type) -> object:
    """The type with the bounds that msgspec tells of it."""
    given = {name: bound for name in _BOUNDS if (bound := getattr(found, name, None)) is not None}
    return _of(Annotated, (kind, msgspec.Meta(**given))) if given else kind


@singledispatch
def _read(_: inspect.Type, _classes: _Classes) -> Shape:
    """The shape of what msgspec tells of a type. Only Ext, of MessagePack, has none of its own."""
    return Shape(msgspec.msgpack.Ext)


@_read.register(inspect.AnyType)
@_read.register(inspect.RawType)
def _(found: inspect.AnyType | inspect.RawType, _: _Classes) -> Shape:
    return shapes.Anything(Any if isinstance(found, inspect.AnyType) else msgspec.Raw)


@_read.register(inspect.NoneType)
@_read.register(inspect.BoolType)
def _(found: inspect.NoneType | inspect.BoolType, _: _Classes) -> Shape:
    return shapes.Null(NoneType) if isinstance(found, inspect.NoneType) else shapes.Boolean(bool)


@_read.register(inspect.IntType)
@_read.register(inspect.FloatType)
def _(found: inspect.IntType | inspect.FloatType, _: _Classes) -> Shape:
    integer = isinstance(found, inspect.IntType)
    kind = _bounded(int if integer else float, found)
    return shapes.Number(kind, integer, found.ge, found.gt, found.le, found.lt, found.multiple_of)


@_read.register(inspect.DecimalType)
def _(_found: inspect.DecimalType, _: _Classes) -> Shape:
    return shapes.Exact(Decimal)


@_read.register(inspect.StrType)
def _(found: inspect.StrType, _: _Classes) -> Shape:
    return shapes.Text(_bounded(str, found), found.min_length, found.max_length, found.pattern)


@_read.register(inspect.BytesType)
@_read.register(inspect.ByteArrayType)
@_read.register(inspect.MemoryViewType)
def _(
    found: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType, _: _Classes
) -> Shape:
    return shapes.Binary(_bounded(_BINARY[type(found)], found), found.min_length, found.max_length)


@_read.register(inspect.DateType)
@_read.register(inspect.DateTimeType)
@_read.register(inspect.TimeType)
@_read.register(inspect.TimeDeltaType)
@_read.register(inspect.UUIDType)
def _(found: inspect.Type, _: _Classes) -> Shape:
    kind, name = _FORMATS[type(found)]
    return shapes.Formatted(_bounded(kind, found), name, getattr(found, "tz", None))


@_read.register(inspect.LiteralType)
def _(found: inspect.LiteralType, _: _Classes) -> Shape:
    return shapes.Constant(_of(Literal, found.values), found.values)


@_read.register(inspect.EnumType)
def _(found: inspect.EnumType, _: _Classes) -> Shape:
    return shapes.Enumeration(found.cls, is_open_enum(found.cls))


@_read.register(inspect.CollectionType)
def _(found: inspect.CollectionType, classes: _Classes) -> Shape:
    item = _read(found.item_type, classes)
    form = _COLLECTIONS[type(found)]  # as it is, since only some of them can be in a set
    kind = _bounded(_of(form, (item.kind, ...) if form is tuple else item.kind), found)
    return shapes.Array(kind, item, form in (set, frozenset), found.min_length, found.max_length)


@_read.register(inspect.TupleType)
def _(found: inspect.TupleType, classes: _Classes) -> Shape:
    items = tuple(_read(one, classes) for one in found.item_types)
    return shapes.Row(_of(tuple, tuple(one.kind for one in items)), items)


@_read.register(inspect.DictType)
def _(found: inspect.DictType, classes: _Classes) -> Shape:
    key, value = _read(found.key_type, classes), _read(found.value_type, classes)
    kind = _bounded(_of(dict, (key.kind, value.kind)), found)
    return shapes.Map(kind, key, value, found.min_length, found.max_length)


@_read.register(inspect.UnionType)
def _(found: inspect.UnionType, classes: _Classes) -> Shape:
    members = tuple(_read(one, classes) for one in found.types)
    return shapes.Choice(_of(Union, tuple(one.kind for one in members)), members)


@_read.register(inspect.Metadata)
def _(found: inspect.Metadata, classes: _Classes) -> Shape:
    shape = _read(found.type, classes)
    return shapes.Noted(shape.kind, shape, found.extra_json_schema or {})


@_read.register(inspect.CustomType)
def _(found: inspect.CustomType, _: _Classes) -> Shape:
    if isinstance(found.cls, OpenUnion):
        return shapes.OpenChoice(found.cls)
    return shapes.Model(found.cls) if models.is_model(found.cls) else shapes.Custom(found.cls)


@_read.register(inspect.StructType)
@_read.register(inspect.DataclassType)
@_read.register(inspect.TypedDictType)
@_read.register(inspect.NamedTupleType)
def _(found: _Fields, classes: _Classes) -> Shape:
    shape = classes.get(found.cls)
    if shape is None:  # filled after it is known, since a class may contain itself
        shape = classes[found.cls] = _empty(found)
        msgspec.structs.force_setattr(shape, "fields", tuple(_fields(found, classes)))
    return shape


def _empty(found: _Fields) -> shapes.Object | shapes.ObjectRow:
    if isinstance(found, inspect.NamedTupleType):
        return shapes.ObjectRow(found.cls, limited=True)
    if isinstance(found, inspect.TypedDictType):
        return shapes.Object(found.cls, "typeddict", omit_defaults=True)
    if isinstance(found, inspect.DataclassType):
        return shapes.Object(found.cls, "dataclass")
    if found.array_like:
        return shapes.ObjectRow(found.cls, limited=found.forbid_unknown_fields, tag=found.tag)
    config = cast(type[msgspec.Struct], shapes.plain(found.cls)).__struct_config__
    return shapes.Object(found.cls, "struct", (), found.tag_field, found.tag, config.omit_defaults)


def _fields(found: _Fields, classes: _Classes) -> Iterator[shapes.Field]:
    declared: Mapping[str, object] = getattr(shapes.plain(found.cls), "__dataclass_fields__", {})
    for one in found.fields:
        settable = bool(getattr(declared.get(one.name), "init", True))
        shape = _read(one.type, classes)
        yield shapes.Field(
            one.name,
            one.encode_name,
            shape,
            one.required,
            one.default,
            one.default_factory,
            settable,
        )
