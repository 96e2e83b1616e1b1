"""JSON Schema 2020-12 of types, told by what the runtime accepts and writes. Read by the API document; imports no target.

What is accepted is closed (decision 0003): `additionalProperties` is false everywhere. What is answered is open, and lists
as required what is always written. Types are named once; two classes of one name are told apart by their modules.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TypeGuard, cast, get_origin

import msgspec
from msgspec import inspect

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.model.opens import OpenUnion, is_open_enum
from oort.rules.types import models, type_parts
from oort.rules.types.schema_keywords import Schema, closed, everywhere
from oort.rules.types.schema_names import Named, input_names, named

_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_INTEGER = "^(?:0|-?[1-9][0-9]*)$"
_DEFS = "#/$defs/"


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of the types that were given, in their order, and the components that they refer to, by name."""

    accepted: tuple[Schema, ...]
    answered: tuple[Schema, ...]
    components: dict[str, Schema]


def described(
    *, accepted: Sequence[object], answered: Sequence[object], refs: str, known: bool = False
) -> Schemas:
    """The schemas of what comes in and of what goes out. `refs` stands before the names of components.

    A type that does both, and is not the same both ways, has two components: `Account` goes out, `AccountInput` comes
    in. Open enums and unions let unknown values in and out, unless only those that are `known` are asked for. Raises
    InvalidValue for a type that has no JSON Schema.
    """
    incoming, outgoing = _read(accepted), _read(answered)
    coming, going = _collected(incoming), _collected(outgoing)
    names = named([*going, *(one for one in coming if one not in going)])
    first, last = (_Writer(names, refs, closed=closed, known=known) for closed in (True, False))
    both = {
        names[one]: (first.component(coming[one]), last.component(going[one]))
        for one in coming
        if one in going
    }
    renamed = input_names(both, frozenset(names.values()), refs)
    first = replace(first, names={one: renamed.get(name, name) for one, name in names.items()})
    components = {first.names[one]: first.component(shape) for one, shape in coming.items()}
    components |= {last.names[one]: last.component(shape) for one, shape in going.items()}
    return Schemas(
        tuple(map(first.schema, incoming)),
        tuple(map(last.schema, outgoing)),
        dict(_flat(components)),
    )


def schema(kind: object, *, closed: bool, known: bool = False) -> Schema:
    """One schema that stands for itself. `closed` is what is accepted; not closed is what is written; `known` as above.

    >>> schema(list[int], closed=True)
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    found = described(
        accepted=[kind] if closed else [],
        answered=[] if closed else [kind],
        refs=_DEFS,
        known=known,
    )
    (one,) = found.accepted or found.answered
    return {**one, "$defs": cast(Value, found.components)} if found.components else one


def both(kind: object) -> tuple[Schema, Schema]:
    """What is written, of values that are known, and what is accepted: `schema` twice, in less time than that.

    >>> both(list[int])[0]
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    (shape,) = _read([kind])
    found = _collected([shape])
    names = named(found)
    written, accepted = (
        _alone(_Writer(names, _DEFS, closed=closed, known=not closed), shape, found)
        for closed in (False, True)
    )
    return written, accepted


def _alone(writer: "_Writer", shape: inspect.Type, found: dict[object, Named]) -> Schema:
    components = dict(
        _flat({writer.names[one]: writer.component(inner) for one, inner in found.items()})
    )
    one = writer.schema(shape)
    return {**one, "$defs": cast(Value, components)} if components else one


def _flat(components: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """The components by name, with those that a model of another library brought along."""
    found: dict[str, Schema] = {}
    for name, one in components.items():
        brought = cast(dict[str, Schema], one.pop("$defs", {}))
        found |= {name: one, **{f"{name}.{inner}": schema for inner, schema in brought.items()}}
    yield from sorted(found.items())


def _read(kinds: Sequence[object]) -> tuple[inspect.Type, ...]:
    try:
        return inspect.multi_type_info(kinds)
    except (TypeError, NotImplementedError) as error:
        raise InvalidValue(
            f"There is no JSON Schema: {error}.", "Use Structs, dataclasses and builtin types."
        ) from error


def _collected(shapes: Iterable[inspect.Type]) -> dict[object, Named]:
    """Every type that has a name, with what is inside it, in the order of their appearance."""
    found: dict[object, Named] = {}
    rest = list(shapes)[::-1]
    while rest:
        shape = rest.pop()
        if _has_name(shape):
            if shape.cls in found:
                continue
            found[shape.cls] = shape
        rest += reversed(type_parts.inside(shape))
    return found


def _has_name(shape: inspect.Type) -> TypeGuard[Named]:
    return isinstance(shape, Named) and (
        not isinstance(shape, inspect.CustomType) or models.is_model(shape.cls)
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the schemas of one direction."""

    names: dict[object, str]
    refs: str
    closed: bool
    known: bool

    def schema(self, shape: inspect.Type) -> Schema:
        """The schema of a part; a type with a name is referred to."""
        if _has_name(shape):
            return {"$ref": self.refs + self.names[shape.cls]}
        return self._written(shape)

    def component(self, shape: Named) -> Schema:
        """The schema of a type with a name."""
        if isinstance(shape, inspect.CustomType):
            return self._model(shape)
        own = {"title": self.names[shape.cls].rpartition(".")[2], "description": _described(shape)}
        return {**{name: text for name, text in own.items() if text}, **self._written(shape)}

    def _model(self, shape: inspect.CustomType) -> Schema:
        """pydantic says it itself; what is accepted is closed all the same."""
        refs = f"{self.refs}{self.names[shape.cls]}."
        found = cast(Schema, _plain(models.json_schema(shape.cls, closed=self.closed, refs=refs)))
        return everywhere(found, closed) if self.closed else found

    def _written(self, shape: inspect.Type) -> Schema:
        write = _write_of(type(shape))
        if write is not None:
            return write(self, shape)
        if isinstance(shape, inspect.CustomType) and shape.cls is object:
            return {}
        if isinstance(shape, inspect.CustomType) and isinstance(shape.cls, OpenUnion):
            return _open_union(self, shape.cls)
        title = getattr(getattr(shape, "cls", None), "__name__", type(shape).__name__)
        raise InvalidValue(
            f"{title} has no JSON Schema.", "Use Structs, dataclasses and builtin types."
        )


def _described(shape: Named) -> str:
    """The docstring; not the one that Python makes for a class that has none."""
    plain = getattr(shape.cls, "__origin__", shape.cls)
    text = (plain.__dict__.get("__doc__") or "").strip()
    generated = text.startswith((f"{plain.__name__}(", "An enumeration"))
    return "" if generated else "\n".join(line.strip() for line in text.split("\n"))


def _metadata(writer: _Writer, shape: inspect.Metadata) -> Schema:
    extra = cast(Schema, _plain(shape.extra_json_schema or {}))
    return {**writer.schema(shape.type), **extra}


def _plain(value: object) -> Value:
    return cast(Value, msgspec.to_builtins(value, str_keys=True))


def _union(writer: _Writer, shape: inspect.UnionType) -> Schema:
    arms = sorted(_arms(shape), key=lambda arm: isinstance(arm, inspect.NoneType))
    options = [writer.schema(arm) for arm in arms]
    written: Schema = {"anyOf": cast(Value, options)}
    bare = [arm.type if isinstance(arm, inspect.Metadata) else arm for arm in arms]
    tagged = [
        arm
        for arm in bare
        if isinstance(arm, inspect.StructType) and not arm.array_like and arm.tag_field
    ]
    if (
        len(tagged) > 1
    ):  # only here does msgspec need the tag; arms that are no objects are not asked for it
        written["required"] = [tagged[0].tag_field]
    if len(tagged) == len(arms):
        mapping = {str(arm.tag): writer.refs + writer.names[arm.cls] for arm in tagged}
        written["discriminator"] = {
            "propertyName": tagged[0].tag_field,
            "mapping": cast(Value, mapping),
        }
    return written


def _open_union(writer: _Writer, kind: OpenUnion) -> Schema:
    """The Structs, and every object with a tag that none of them has. A discriminator would have to list all tags."""
    options: list[Value] = [writer.schema(arm) for arm in type_parts.arms(kind)]
    if not writer.known:
        other: Schema = {"type": "string", "not": {"enum": list[Value](kind.arms)}}
        options.append(
            {"type": "object", "properties": {kind.tag_field: other}, "required": [kind.tag_field]}
        )
    return {"anyOf": options, "required": [kind.tag_field]}


def _arms(shape: inspect.UnionType) -> list[inspect.Type]:
    """The members, with those of unions inside."""
    return [
        one
        for arm in shape.types
        for one in (_arms(arm) if isinstance(arm, inspect.UnionType) else [arm])
    ]


def _object(
    writer: _Writer, shape: inspect.StructType | inspect.DataclassType | inspect.TypedDictType
) -> Schema:
    properties: dict[str, Value] = {}
    required: list[Value] = []
    if isinstance(shape, inspect.StructType):
        if shape.array_like:
            return _row(writer, shape)
        if shape.tag_field is not None:
            properties[shape.tag_field] = {"const": shape.tag}
            required += (
                [] if writer.closed else [shape.tag_field]
            )  # always written; where it must come, the union says
    for field in shape.fields:
        if writer.closed and not _settable(shape.cls, field):
            continue
        properties[field.encode_name] = cast(Value, _field(writer, field))
        if field.required or (not writer.closed and _always_written(shape, field)):
            required.append(field.encode_name)
    written: Schema = {"type": "object", "properties": properties}
    if required:
        written["required"] = required
    return {**written, "additionalProperties": False} if writer.closed else written


def _settable(kind: type, field: inspect.Field) -> bool:
    """False for a dataclass's field(init=False), which a request cannot give."""
    declared = getattr(getattr(kind, "__origin__", kind), "__dataclass_fields__", {}).get(
        field.name
    )
    return declared is None or bool(declared.init)


def _always_written(
    shape: inspect.StructType | inspect.DataclassType | inspect.TypedDictType, field: inspect.Field
) -> bool:
    """Whether a reply has the field though it has a default."""
    if isinstance(shape, inspect.TypedDictType):
        return False
    config = getattr(getattr(shape.cls, "__origin__", shape.cls), "__struct_config__", None)
    return not _may_be_unset(field) and not (config is not None and config.omit_defaults)


def _may_be_unset(field: inspect.Field) -> bool:
    """A field whose default is UNSET is told by having no default at all."""
    return not field.required and field.default is field.default_factory is msgspec.NODEFAULT


def _field(writer: _Writer, field: inspect.Field) -> Schema:
    written = writer.schema(field.type)
    if writer.closed and not field.required:
        try:
            return {**written, **_default(field)}
        except TypeError:  # a default that is not JSON
            return written
    return written


def _default(field: inspect.Field) -> Schema:
    if field.default is not msgspec.NODEFAULT:
        return {"default": _plain(field.default)}
    factory = get_origin(field.default_factory) or field.default_factory
    if factory in (list, dict, set, tuple, frozenset):
        return {"default": {} if factory is dict else []}
    return {}


def _row(writer: _Writer, shape: inspect.StructType | inspect.NamedTupleType) -> Schema:
    fields = [_field(writer, field) for field in shape.fields]
    if isinstance(shape, inspect.StructType) and shape.tag_field is not None:
        fields.insert(0, {"const": shape.tag})
    least = len(fields) - sum(not field.required for field in shape.fields)
    written: Schema = {"type": "array", "prefixItems": cast(Value, fields), "minItems": least}
    limited = isinstance(shape, inspect.NamedTupleType) or shape.forbid_unknown_fields
    return {**written, "maxItems": len(fields)} if limited else written


def _tuple(writer: _Writer, shape: inspect.TupleType) -> Schema:
    count = len(shape.item_types)
    written: Schema = {"type": "array", "minItems": count, "maxItems": count}
    return (
        {**written, "prefixItems": [cast(Value, writer.schema(one)) for one in shape.item_types]}
        if count
        else written
    )


def _collection(writer: _Writer, shape: inspect.CollectionType) -> Schema:
    written: Schema = {"type": "array"}
    if items := writer.schema(shape.item_type):
        written["items"] = items
    unique = not writer.closed and isinstance(shape, inspect.SetType | inspect.FrozenSetType)
    bounds: Schema = {
        "minItems": shape.min_length,
        "maxItems": shape.max_length,
        "uniqueItems": unique or None,
    }
    return {**written, **_given(bounds)}


def _map(writer: _Writer, shape: inspect.DictType) -> Schema:
    written: Schema = {"type": "object"}
    keys = writer.schema(shape.key_type)
    if keys.get("type") == "integer":
        keys = {"pattern": _INTEGER}
    keys = {name: value for name, value in keys.items() if name != "type"}
    if keys:
        written["propertyNames"] = cast(Value, keys)
    if values := writer.schema(shape.value_type):
        written["additionalProperties"] = values
    return {
        **written,
        **_given({"minProperties": shape.min_length, "maxProperties": shape.max_length}),
    }


def _number(_: _Writer, shape: inspect.IntType | inspect.FloatType) -> Schema:
    written: Schema = {"type": "integer" if isinstance(shape, inspect.IntType) else "number"}
    bounds: Schema = {
        "minimum": shape.ge,
        "exclusiveMinimum": shape.gt,
        "maximum": shape.le,
        "exclusiveMaximum": shape.lt,
        "multipleOf": shape.multiple_of,
    }
    return {**written, **_given(bounds)}


def _text(_: _Writer, shape: inspect.StrType) -> Schema:
    bounds: Schema = {
        "minLength": shape.min_length,
        "maxLength": shape.max_length,
        "pattern": shape.pattern,
    }
    return {"type": "string", **_given(bounds)}


def _bytes(
    _: _Writer, shape: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType
) -> Schema:
    least, most = (
        None if size is None else 4 * ((size + 2) // 3)
        for size in (shape.min_length, shape.max_length)
    )
    bounds = _given({"minLength": least, "maxLength": most})
    return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, **bounds}


def _decimal(writer: _Writer, _: inspect.DecimalType) -> Schema:
    return {"type": ["string", "number"] if writer.closed else "string", "format": "decimal"}


def _enum(writer: _Writer, shape: inspect.EnumType) -> Schema:
    values = [_plain(member) for member in shape.cls]
    if is_open_enum(shape.cls) and not writer.known:
        return {"type": "string", "examples": values}
    return {"enum": values}


def _literal(_: _Writer, shape: inspect.LiteralType) -> Schema:
    return {"enum": list(shape.values)}


def _given(bounds: Schema) -> Schema:
    return {name: value for name, value in bounds.items() if value is not None}


def _format(name: str) -> "Callable[[_Writer, inspect.Type], Schema]":
    return lambda _, __: {"type": "string", "format": name}


def _zoned(name: str) -> "Callable[[_Writer, inspect.Type], Schema]":
    """A time has a zone unless its type says that it has none; `format` asks for one."""
    return lambda _, shape: {
        "type": "string",
        **({} if getattr(shape, "tz", None) is False else {"format": name}),
    }


_Write = Callable[[_Writer, inspect.Type], Schema]
_JSON_TYPE = MappingProxyType({inspect.NoneType: "null", inspect.BoolType: "boolean"})


def _writer(kind: type | tuple[type, ...], write: object) -> tuple[type | tuple[type, ...], _Write]:
    return kind, cast(_Write, write)  # the kind in front is what makes the cast right


_WRITERS = (
    _writer(inspect.Metadata, _metadata),
    _writer(inspect.UnionType, _union),
    _writer((inspect.StructType, inspect.DataclassType, inspect.TypedDictType), _object),
    _writer(inspect.NamedTupleType, _row),
    _writer(inspect.CollectionType, _collection),
    _writer(inspect.TupleType, _tuple),
    _writer(inspect.DictType, _map),
    _writer(inspect.StrType, _text),
    _writer((inspect.IntType, inspect.FloatType), _number),
    _writer((inspect.BytesType, inspect.ByteArrayType, inspect.MemoryViewType), _bytes),
    _writer(inspect.EnumType, _enum),
    _writer(inspect.LiteralType, _literal),
    _writer(
        (inspect.NoneType, inspect.BoolType), lambda _, shape: {"type": _JSON_TYPE[type(shape)]}
    ),
    _writer((inspect.AnyType, inspect.RawType), lambda _, __: {}),
    _writer(inspect.DateTimeType, _zoned("date-time")),
    _writer(inspect.TimeType, _zoned("time")),
    _writer(inspect.DateType, _format("date")),
    _writer(inspect.TimeDeltaType, _format("duration")),
    _writer(inspect.UUIDType, _format("uuid")),
    _writer(inspect.DecimalType, _decimal),
)


@cache
def _write_of(kind: type[inspect.Type]) -> _Write | None:
    """How a kind of type is written: asked thousands of times for a large platform."""
    return next((write for kinds, write in _WRITERS if issubclass(kind, kinds)), None)
