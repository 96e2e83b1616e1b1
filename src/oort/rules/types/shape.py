"""A type, read once: a tree of shapes. Schemas, validation, examples and keys are derived from it.

This is the only module that reads `msgspec.inspect`. A class that contains itself is the same `Object` again, so the tree
may have circles. The shapes are Structs and not dataclasses: validation is loaded at a cold start, and a class of them
is made in 0.04 ms instead of 1.3 ms.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, singledispatch
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Protocol, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import inspect

from oort.model.items import Value
from oort.model.opens import OpenUnion, is_open_enum
from oort.rules.types import models

Format: TypeAlias = Literal["date", "date-time", "time", "duration", "uuid"]


class Shape(msgspec.Struct, frozen=True, eq=False):
    """A type. `kind` is the type for msgspec, with its bounds and without its notes."""

    kind: object


class Field(msgspec.Struct, frozen=True, eq=False):
    """A member of an object. `settable` is False where a constructor does not take it."""

    name: str
    wire: str
    shape: Shape
    required: bool
    default: object = msgspec.field(default_factory=lambda: msgspec.NODEFAULT)
    default_factory: object = msgspec.field(default_factory=lambda: msgspec.NODEFAULT)
    settable: bool = True

    @property
    def may_be_unset(self) -> bool:
        """True if the member may be missing: its default is UNSET, or it is NotRequired."""
        return not self.required and self.default is self.default_factory is msgspec.NODEFAULT


class Anything(Shape, frozen=True, eq=False):
    """Any or Raw: all JSON values."""


class Null(Shape, frozen=True, eq=False):
    """None."""


class Boolean(Shape, frozen=True, eq=False):
    """bool."""


class Number(Shape, frozen=True, eq=False):
    """int or float, with its bounds."""

    integer: bool
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None


class Exact(Shape, frozen=True, eq=False):
    """Decimal."""


class Text(Shape, frozen=True, eq=False):
    """str, with its bounds."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


class Binary(Shape, frozen=True, eq=False):
    """bytes, bytearray or memoryview, as base64."""

    min_length: int | None = None
    max_length: int | None = None


class Formatted(Shape, frozen=True, eq=False):
    """A text with a format of its own. `zone`: True if a time must have a zone, False if it must have none."""

    format: Format
    zone: bool | None = None


class Constant(Shape, frozen=True, eq=False):
    """Literal."""

    values: tuple[str | int | None, ...]


class Enumeration(Shape, frozen=True, eq=False):
    """An enum. An open one takes other texts too."""

    kind: type[Enum]
    open: bool


class Array(Shape, frozen=True, eq=False):
    """list, tuple[x, ...], or, `unique`, a set."""

    item: Shape
    unique: bool
    min_length: int | None = None
    max_length: int | None = None


class Row(Shape, frozen=True, eq=False):
    """A tuple with a type for each position."""

    items: tuple[Shape, ...]


class Map(Shape, frozen=True, eq=False):
    """dict or Mapping: an object with free names."""

    key: Shape
    value: Shape
    min_length: int | None = None
    max_length: int | None = None


class Object(Shape, frozen=True, eq=False):
    """A Struct, dataclass or TypedDict. `fields` stand in the order of documents."""

    kind: type
    form: Literal["struct", "dataclass", "typeddict"]
    fields: tuple[Field, ...] = ()
    tag_field: str | None = None
    tag: str | int | None = None
    omit_defaults: bool = False

    @property
    def declared(self) -> tuple[Field, ...]:
        """The fields in the order of the class."""
        attribute = {"dataclass": "__dataclass_fields__", "typeddict": "__annotations__"}.get(self.form, "")
        places = {name: place for place, name in enumerate(getattr(plain(self.kind), attribute, ()))}
        return tuple(sorted(self.fields, key=lambda field: places.get(field.name, 0)))


class ObjectRow(Shape, frozen=True, eq=False):
    """A NamedTuple, or a Struct with `array_like`: fields by their position. `limited` if it takes no more elements."""

    kind: type
    limited: bool
    fields: tuple[Field, ...] = ()
    tag: str | int | None = None


class Model(Shape, frozen=True, eq=False):
    """A pydantic model. It validates itself; its fields are read only when they are asked for."""

    kind: type

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields, as far as msgspec can read their types."""
        return tuple(Field(one.name, one.wire, _loose(one.kind), one.required) for one in models.members(self.kind))


class Choice(Shape, frozen=True, eq=False):
    """A union."""

    members: tuple[Shape, ...]

    @property
    def arms(self) -> list[Shape]:
        """The members, with those of unions inside."""
        return [arm for one in self.members for arm in (one.arms if isinstance(one, Choice) else [one])]


class OpenChoice(Shape, frozen=True, eq=False):
    """An open union of Structs, by their tags."""

    kind: OpenUnion

    @property
    def arms(self) -> dict[Value, Shape]:
        """The Structs."""
        return dict(zip(self.kind.arms, every(list(self.kind.arms.values())), strict=True))


class Noted(Shape, frozen=True, eq=False):
    """A type with notes for documents: title, description, examples and more."""

    shape: Shape
    notes: Mapping[str, object]


class Custom(Shape, frozen=True, eq=False):
    """A class that msgspec leaves to a hook, `object` among them."""

    kind: type


class Unreadable(Shape, frozen=True, eq=False):
    """A type that msgspec refuses."""

    problem: str


Named: TypeAlias = Object | ObjectRow | Enumeration | Model


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
        return tuple(Unreadable(kind, str(error)) for kind in kinds)
    classes: _Classes = {}
    return tuple(_read(one, classes) for one in found)


def parts(shape: Shape) -> list[Shape]:
    """The shapes inside, one level deep. A pydantic model is not looked into."""
    match shape:
        case Object() | ObjectRow():
            return [field.shape for field in shape.fields]
        case Choice():
            return list(shape.members)
        case Row():
            return list(shape.items)
        case Map():
            return [shape.key, shape.value]
        case Array():
            return [shape.item]
        case OpenChoice():
            return list(shape.arms.values())
        case Noted():
            return [shape.shape]
    return []


def bare(shape: Shape) -> Shape:
    """The shape without its notes."""
    return bare(shape.shape) if isinstance(shape, Noted) else shape


def plain(kind: type) -> type:
    """The class of a generic alias such as Page[int]."""
    return cast(type, getattr(kind, "__origin__", kind))


def inside(shapes: Iterable[Shape]) -> Iterator[Shape]:
    """The shapes and all in them, in the order of their appearance; a class comes once."""
    seen: set[object] = set()
    rest = list(shapes)[::-1]
    while rest:
        shape = rest.pop()
        if isinstance(shape, Object | ObjectRow | Enumeration | Model | OpenChoice | Custom):
            if shape.kind in seen:
                continue
            seen.add(shape.kind)
        yield shape
        rest += reversed(parts(shape))


def _behind(kind: object) -> object:
    """The type behind an alias of typing_extensions, which msgspec does not know."""
    while type(kind).__name__ == "TypeAliasType":
        kind = cast(_Alias, kind).__value__
    return kind


@cache
def _class(kind: type) -> Shape:
    return every([kind])[0]


def _loose(kind: object) -> Shape:
    """The shape of a type in a pydantic model, which may have unions that msgspec refuses."""
    shape, form, arguments = compiled(kind), get_origin(kind), get_args(kind)
    if not isinstance(shape, Unreadable):
        return shape
    if form in (Union, UnionType):
        return Choice(kind, tuple(map(_loose, arguments)))
    if form in (list, dict):
        value = _loose(arguments[-1])
        return Array(kind, value, unique=False) if form is list else Map(kind, Anything(Any), value)
    return shape


_Classes: TypeAlias = dict[object, Object | ObjectRow]
_Fields: TypeAlias = inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType
_FORMATS: Mapping[type[inspect.Type], tuple[type, Format]] = MappingProxyType({
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
    return Anything(Any if isinstance(found, inspect.AnyType) else msgspec.Raw)


@_read.register(inspect.NoneType)
@_read.register(inspect.BoolType)
def _(found: inspect.NoneType | inspect.BoolType, _: _Classes) -> Shape:
    return Null(NoneType) if isinstance(found, inspect.NoneType) else Boolean(bool)


@_read.register(inspect.IntType)
@_read.register(inspect.FloatType)
def _(found: inspect.IntType | inspect.FloatType, _: _Classes) -> Shape:
    integer = isinstance(found, inspect.IntType)
    kind = _bounded(int if integer else float, found)
    return Number(kind, integer, found.ge, found.gt, found.le, found.lt, found.multiple_of)


@_read.register(inspect.DecimalType)
def _(_found: inspect.DecimalType, _: _Classes) -> Shape:
    return Exact(Decimal)


@_read.register(inspect.StrType)
def _(found: inspect.StrType, _: _Classes) -> Shape:
    return Text(_bounded(str, found), found.min_length, found.max_length, found.pattern)


@_read.register(inspect.BytesType)
@_read.register(inspect.ByteArrayType)
@_read.register(inspect.MemoryViewType)
def _(found: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType, _: _Classes) -> Shape:
    return Binary(_bounded(_BINARY[type(found)], found), found.min_length, found.max_length)


@_read.register(inspect.DateType)
@_read.register(inspect.DateTimeType)
@_read.register(inspect.TimeType)
@_read.register(inspect.TimeDeltaType)
@_read.register(inspect.UUIDType)
def _(found: inspect.Type, _: _Classes) -> Shape:
    kind, name = _FORMATS[type(found)]
    return Formatted(_bounded(kind, found), name, getattr(found, "tz", None))


@_read.register(inspect.LiteralType)
def _(found: inspect.LiteralType, _: _Classes) -> Shape:
    return Constant(_of(Literal, found.values), found.values)


@_read.register(inspect.EnumType)
def _(found: inspect.EnumType, _: _Classes) -> Shape:
    return Enumeration(found.cls, is_open_enum(found.cls))


@_read.register(inspect.CollectionType)
def _(found: inspect.CollectionType, classes: _Classes) -> Shape:
    item = _read(found.item_type, classes)
    form = _COLLECTIONS[type(found)]  # as it is, since only some of them can be in a set
    kind = _bounded(_of(form, (item.kind, ...) if form is tuple else item.kind), found)
    return Array(kind, item, form in (set, frozenset), found.min_length, found.max_length)


@_read.register(inspect.TupleType)
def _(found: inspect.TupleType, classes: _Classes) -> Shape:
    items = tuple(_read(one, classes) for one in found.item_types)
    return Row(_of(tuple, tuple(one.kind for one in items)), items)


@_read.register(inspect.DictType)
def _(found: inspect.DictType, classes: _Classes) -> Shape:
    key, value = _read(found.key_type, classes), _read(found.value_type, classes)
    kind = _bounded(_of(dict, (key.kind, value.kind)), found)
    return Map(kind, key, value, found.min_length, found.max_length)


@_read.register(inspect.UnionType)
def _(found: inspect.UnionType, classes: _Classes) -> Shape:
    members = tuple(_read(one, classes) for one in found.types)
    return Choice(_of(Union, tuple(one.kind for one in members)), members)


@_read.register(inspect.Metadata)
def _(found: inspect.Metadata, classes: _Classes) -> Shape:
    shape = _read(found.type, classes)
    return Noted(shape.kind, shape, found.extra_json_schema or {})


@_read.register(inspect.CustomType)
def _(found: inspect.CustomType, _: _Classes) -> Shape:
    if isinstance(found.cls, OpenUnion):
        return OpenChoice(found.cls)
    return Model(found.cls) if models.is_model(found.cls) else Custom(found.cls)


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


def _empty(found: _Fields) -> Object | ObjectRow:
    if isinstance(found, inspect.NamedTupleType):
        return ObjectRow(found.cls, limited=True)
    if isinstance(found, inspect.TypedDictType):
        return Object(found.cls, "typeddict", omit_defaults=True)
    if isinstance(found, inspect.DataclassType):
        return Object(found.cls, "dataclass")
    if found.array_like:
        return ObjectRow(found.cls, limited=found.forbid_unknown_fields, tag=found.tag)
    config = cast(type[msgspec.Struct], plain(found.cls)).__struct_config__
    return Object(found.cls, "struct", (), found.tag_field, found.tag, config.omit_defaults)


def _fields(found: _Fields, classes: _Classes) -> Iterator[Field]:
    declared: Mapping[str, object] = getattr(plain(found.cls), "__dataclass_fields__", {})
    for one in found.fields:
        settable = bool(getattr(declared.get(one.name), "init", True))
        shape = _read(one.type, classes)
        yield Field(one.name, one.encode_name, shape, one.required, one.default, one.default_factory, settable)
