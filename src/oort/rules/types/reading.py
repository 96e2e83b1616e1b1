"""Conversion of types to shapes. Only this module reads `msgspec.inspect`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache, singledispatch
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Protocol, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import inspect

from oort.model.items import PartForm
from oort.model.opens import OpenUnion, is_open_enum
from oort.rules.types import models, shapes
from oort.rules.types.shapes import Shape


def compiled(kind: object) -> Shape:
    """Return the shape of a type; Unreadable if msgspec cannot read the type.

    >>> compiled(list[int]).item.integer
    True
    """
    # Only classes are cached, since equal types may differ in the order of a union.
    try:
        return _class(kind) if isinstance(kind, type) else _every([kind])[0]
    except NameError as error:
        return shapes.Unreadable(kind, _missing(error))


def every(kinds: Sequence[object]) -> tuple[Shape, ...]:
    """Return the shapes of several types, read together.

    If msgspec refuses a type, all are Unreadable.
    """
    try:
        return _every(kinds)
    except NameError as error:
        return tuple(shapes.Unreadable(kind, _missing(error)) for kind in kinds)


def _missing(error: NameError) -> str:
    return f"the type {error.name!r} cannot be found"


def _every(kinds: Sequence[object]) -> tuple[Shape, ...]:
    """Return the shapes of the types. Raises NameError for a type that is not defined yet."""
    try:
        infos = inspect.multi_type_info(list(map(models.opened, kinds)))
    except (TypeError, ValueError, NotImplementedError) as error:
        return tuple(shapes.Unreadable(kind, str(error)) for kind in kinds)
    classes: _Classes = {}
    return tuple(_read(info, classes) for info in infos)


def problem(kind: object) -> str:
    """Return the reason why the type cannot be read from JSON; empty if readable."""
    shape = compiled(kind)
    if isinstance(shape, shapes.Custom):
        return f"msgspec does not know {shape.kind.__name__}"
    return shape.problem.rstrip(".") if isinstance(shape, shapes.Unreadable) else ""


def closed(kind: object) -> list[str]:
    """Return the names of the classes in a type that refuse unknown fields by their own setting.

    >>> class Sold(msgspec.Struct, forbid_unknown_fields=True):
    ...     id: str
    >>> closed(list[Sold])
    ['Sold']
    """
    kinds = [
        shapes.plain(shape.kind)
        for shape in inside([compiled(kind)])
        if isinstance(shape, shapes.Object | shapes.ObjectTuple | shapes.Model)
    ]
    return [kind.__name__ for kind in kinds if _is_closed(kind)]


def _is_closed(kind: type) -> bool:
    if models.is_model(kind):
        settings: Mapping[str, object] = getattr(kind, "model_config", {})
        return settings.get("extra") == "forbid"
    return issubclass(kind, msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields


def parts(shape: Shape) -> list[Shape]:
    """Return the shapes inside, a level deep. A pydantic model is not searched."""
    match shape:
        case shapes.Object() | shapes.ObjectTuple():
            return [field.shape for field in shape.fields]
        case shapes.Choice():
            return list(shape.members)
        case shapes.Tuple():
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
    """Return the shapes and all shapes inside, in order of appearance; each class only once."""
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


def members(shape: shapes.Model) -> tuple[shapes.Field, ...]:
    """Return the fields of a pydantic model, as far as msgspec can read their types."""
    return tuple(
        shapes.Field(member.name, member.wire, _loose(member.kind), member.required)
        for member in models.members(shape.kind)
    )


@lru_cache(maxsize=1000)
def part_form(item: type, name: str) -> PartForm:
    """Return what the values of a field are as parts of keys; "any" if its type does not tell.

    >>> class Row(msgspec.Struct):
    ...     id: str
    >>> part_form(Row, "id")
    'text'
    """
    shape = compiled(item)
    fields = members(shape) if isinstance(shape, shapes.Model) else getattr(shape, "fields", ())
    return form(
        [field.shape for field in cast(Sequence[shapes.Field], fields) if field.name == name]
    )


def form(kinds: Iterable[Shape]) -> PartForm:
    """Return what the values of the types are as parts of keys, as `part_form` does."""
    leaves = [leaf for shape in kinds for leaf in shapes.alternatives(shape)]
    leaves = [leaf for leaf in leaves if not isinstance(leaf, shapes.Null)]
    numeric = set(map(shapes.is_number, leaves))
    if len(numeric) != 1 or any(isinstance(leaf, _VAGUE) for leaf in leaves):
        return "any"
    if all(isinstance(leaf, shapes.Number) and not leaf.integer for leaf in leaves):
        return "float"
    return "number" if True in numeric else "text"


def arms(shape: shapes.OpenChoice) -> dict[str, Shape]:
    """Return the Structs of an open union, by their tags."""
    kinds = shape.kind.arms
    return dict(zip(kinds, every(list(kinds.values())), strict=True))


@cache
def _class(kind: type) -> Shape:
    return _every([kind])[0]  # a type that is not defined yet is not cached


def _loose(kind: object) -> Shape:
    """Return the shape of a type in a pydantic model, also for unions that msgspec refuses."""
    shape, form, arguments = compiled(kind), get_origin(kind), get_args(kind)
    if not isinstance(shape, shapes.Unreadable):
        return shape
    if form in (Union, UnionType):
        return shapes.Choice(kind, tuple(map(_loose, arguments)))
    if form is list:
        return shapes.Array(kind, _loose(arguments[0]), unique=False)
    return shapes.Map(kind, shapes.Anything(Any), _loose(arguments[1])) if form is dict else shape


_VAGUE = (shapes.Anything, shapes.Unreadable, shapes.Custom, shapes.Model)
_Classes: TypeAlias = dict[object, shapes.Object | shapes.ObjectTuple]
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
FORMATS: Mapping[str, type] = MappingProxyType({name: kind for kind, name in _FORMATS.values()})
_BINARY = MappingProxyType({
    inspect.BytesType: bytes, inspect.ByteArrayType: bytearray, inspect.MemoryViewType: memoryview
})  # fmt: skip
_COLLECTIONS: Mapping[type[inspect.CollectionType], type] = MappingProxyType(
    {
        inspect.ListType: list,
        inspect.VarTupleType: tuple,
        inspect.SetType: set,
        inspect.FrozenSetType: frozenset,
    }
)
_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern", "tz")


class _Form(Protocol):
    def __getitem__(self, arguments: object, /) -> object: ...


def _of(form: object, arguments: object) -> object:
    """Return the form with its arguments, for instance list[int]."""
    return cast(_Form, form)[arguments]


def _bounded(kind: object, info: inspect.Type) -> object:
    """Return the type with the bounds in msgspec's type information."""
    bounds = {name: bound for name in _BOUNDS if (bound := getattr(info, name, None)) is not None}
    return _of(Annotated, (kind, msgspec.Meta(**bounds))) if bounds else kind


@singledispatch
def _read(_: inspect.Type, _classes: _Classes) -> Shape:
    """Return the shape for msgspec's type information.

    Only Ext, of MessagePack, has no shape class.
    """
    return Shape(msgspec.msgpack.Ext)


@_read.register(inspect.AnyType)
@_read.register(inspect.RawType)
def _(info: inspect.AnyType | inspect.RawType, _: _Classes) -> Shape:
    return shapes.Anything(Any if isinstance(info, inspect.AnyType) else msgspec.Raw)


@_read.register(inspect.NoneType)
@_read.register(inspect.BoolType)
def _(info: inspect.NoneType | inspect.BoolType, _: _Classes) -> Shape:
    return shapes.Null(NoneType) if isinstance(info, inspect.NoneType) else shapes.Boolean(bool)


@_read.register(inspect.IntType)
@_read.register(inspect.FloatType)
def _(info: inspect.IntType | inspect.FloatType, _: _Classes) -> Shape:
    integer = isinstance(info, inspect.IntType)
    kind = _bounded(int if integer else float, info)
    return shapes.Number(kind, integer, info.ge, info.gt, info.le, info.lt, info.multiple_of)


@_read.register(inspect.DecimalType)
def _(_found: inspect.DecimalType, _: _Classes) -> Shape:
    return shapes.Exact(Decimal)


@_read.register(inspect.StrType)
def _(info: inspect.StrType, _: _Classes) -> Shape:
    return shapes.Text(_bounded(str, info), info.min_length, info.max_length, info.pattern)


@_read.register(inspect.BytesType)
@_read.register(inspect.ByteArrayType)
@_read.register(inspect.MemoryViewType)
def _(
    info: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType, _: _Classes
) -> Shape:
    return shapes.Binary(_bounded(_BINARY[type(info)], info), info.min_length, info.max_length)


@_read.register(inspect.DateType)
@_read.register(inspect.DateTimeType)
@_read.register(inspect.TimeType)
@_read.register(inspect.TimeDeltaType)
@_read.register(inspect.UUIDType)
def _(info: inspect.Type, _: _Classes) -> Shape:
    kind, name = _FORMATS[type(info)]
    if not isinstance(info, inspect.DateTimeType | inspect.TimeType):
        return shapes.Formatted(kind, name)
    zone = info.tz is not False  # without a zone it is no point in time: only by Meta(tz=False)
    return shapes.Formatted(_of(Annotated, (kind, msgspec.Meta(tz=zone))), name, zone)


@_read.register(inspect.LiteralType)
def _(info: inspect.LiteralType, _: _Classes) -> Shape:
    return shapes.Constant(_of(Literal, info.values), info.values)


@_read.register(inspect.EnumType)
def _(info: inspect.EnumType, _: _Classes) -> Shape:
    return shapes.Enumeration(info.cls, is_open_enum(info.cls))


@_read.register(inspect.CollectionType)
def _(info: inspect.CollectionType, classes: _Classes) -> Shape:
    item = _read(info.item_type, classes)
    form = _COLLECTIONS[type(info)]  # the exact type, since only some of them can be in a set
    kind = _bounded(_of(form, (item.kind, ...) if form is tuple else item.kind), info)
    return shapes.Array(kind, item, form in (set, frozenset), info.min_length, info.max_length)


@_read.register(inspect.TupleType)
def _(info: inspect.TupleType, classes: _Classes) -> Shape:
    items = tuple(_read(member, classes) for member in info.item_types)
    return shapes.Tuple(_of(tuple, tuple(member.kind for member in items)), items)


@_read.register(inspect.DictType)
def _(info: inspect.DictType, classes: _Classes) -> Shape:
    key, value = _read(info.key_type, classes), _read(info.value_type, classes)
    kind = _bounded(_of(dict, (key.kind, value.kind)), info)
    return shapes.Map(kind, key, value, info.min_length, info.max_length)


@_read.register(inspect.UnionType)
def _(info: inspect.UnionType, classes: _Classes) -> Shape:
    members = tuple(_read(member, classes) for member in info.types)
    return shapes.Choice(_of(Union, tuple(member.kind for member in members)), members)


@_read.register(inspect.Metadata)
def _(info: inspect.Metadata, classes: _Classes) -> Shape:
    shape = _read(info.type, classes)
    return shapes.Noted(shape.kind, shape, info.extra_json_schema or {})


@_read.register(inspect.CustomType)
def _(info: inspect.CustomType, _: _Classes) -> Shape:
    if isinstance(info.cls, OpenUnion):
        return shapes.OpenChoice(info.cls)
    return shapes.Model(info.cls) if models.is_model(info.cls) else shapes.Custom(info.cls)


@_read.register(inspect.StructType)
@_read.register(inspect.DataclassType)
@_read.register(inspect.TypedDictType)
@_read.register(inspect.NamedTupleType)
def _(info: _Fields, classes: _Classes) -> Shape:
    shape = classes.get(info.cls)
    if shape is None:  # registered before its fields are read, since a class may contain itself
        shape = classes[info.cls] = _empty(info)
        msgspec.structs.force_setattr(shape, "fields", tuple(_fields(info, classes)))
    return shape


def _empty(info: _Fields) -> shapes.Object | shapes.ObjectTuple:
    if isinstance(info, inspect.NamedTupleType):
        return shapes.ObjectTuple(info.cls, limited=True)
    if isinstance(info, inspect.TypedDictType):
        return shapes.Object(info.cls, "typeddict", omit_defaults=True)
    if isinstance(info, inspect.DataclassType):
        return shapes.Object(info.cls, "dataclass")
    if info.array_like:
        return shapes.ObjectTuple(info.cls, limited=info.forbid_unknown_fields, tag=info.tag)
    config = cast(type[msgspec.Struct], shapes.plain(info.cls)).__struct_config__
    return shapes.Object(info.cls, "struct", (), info.tag_field, info.tag, config.omit_defaults)


def _fields(info: _Fields, classes: _Classes) -> Iterator[shapes.Field]:
    declared: Mapping[str, object] = getattr(shapes.plain(info.cls), "__dataclass_fields__", {})
    for member in info.fields:
        settable = bool(getattr(declared.get(member.name), "init", True))
        shape = _read(member.type, classes)
        yield shapes.Field(
            member.name,
            member.encode_name,
            shape,
            member.required,
            member.default,
            member.default_factory,
            settable,
        )
