"""JSON Schema 2020-12 of types, told by what the runtime accepts and writes. Read by the API document; imports no target.

What is accepted is closed (decision 0003): `additionalProperties` is false everywhere. What is answered is open, and lists
as required what is always written. Types are named once; two classes of one name are told apart by their modules.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import cast, get_origin

import msgspec

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.types import models, reading, shapes
from oort.rules.types.schema_keywords import Schema, closed, everywhere
from oort.rules.types.schema_names import input_names, named
from oort.rules.types.shapes import Field, Named, Shape

_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_INTEGER = "^(?:0|-?[1-9][0-9]*)$"
_DEFS = "#/$defs/"
_INSTEAD = "Use Structs, dataclasses and builtin types."


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


def _alone(writer: "_Writer", shape: Shape, found: dict[object, Named]) -> Schema:
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


def _read(kinds: Sequence[object]) -> tuple[Shape, ...]:
    read = reading.every(kinds)
    for shape in read:
        if isinstance(shape, shapes.Unreadable):
            raise InvalidValue(f"There is no JSON Schema: {shape.problem}.", _INSTEAD)
    return read


def _collected(read: Iterable[Shape]) -> dict[object, Named]:
    """Every type that has a name, with what is inside it, in the order of their appearance."""
    return {shape.kind: shape for shape in reading.inside(read) if isinstance(shape, Named)}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the schemas of one direction."""

    names: dict[object, str]
    refs: str
    closed: bool
    known: bool

    def schema(self, shape: Shape) -> Schema:
        """The schema of a part; a type with a name is referred to."""
        return (
            {"$ref": self.reference(shape)} if isinstance(shape, Named) else of_shape(shape, self)
        )

    def reference(self, shape: Named) -> str:
        """Where the schema of a type with a name stands."""
        return self.refs + self.names[shape.kind]

    def component(self, shape: Named) -> Schema:
        """The schema of a type with a name."""
        if isinstance(shape, shapes.Model):
            return of_shape(shape, self)
        own = {"title": self.names[shape.kind].rpartition(".")[2], "description": _described(shape)}
        return {**{name: text for name, text in own.items() if text}, **of_shape(shape, self)}


def _described(shape: Named) -> str:
    """The docstring; not the one that Python makes for a class that has none."""
    kind = shapes.plain(shape.kind)
    text = (kind.__dict__.get("__doc__") or "").strip()
    generated = text.startswith((f"{kind.__name__}(", "An enumeration"))
    return "" if generated else "\n".join(line.strip() for line in text.split("\n"))


def _json(value: object) -> Value:
    return cast(Value, msgspec.to_builtins(value, str_keys=True))


def _given(bounds: Schema) -> Schema:
    return {name: value for name, value in bounds.items() if value is not None}


@singledispatch
def of_shape(shape: Shape, _: _Writer) -> Schema:
    """The schema of a shape, written out where it stands."""
    if shape.kind is object:
        return {}
    title = getattr(shape.kind, "__name__", shape.kind)
    raise InvalidValue(f"{title} has no JSON Schema.", _INSTEAD)


@of_shape.register(shapes.Model)
def _(shape: shapes.Model, writer: _Writer) -> Schema:
    """pydantic says it itself; what is accepted is closed all the same."""
    refs = f"{writer.reference(shape)}."
    found = cast(Schema, _json(models.json_schema(shape.kind, closed=writer.closed, refs=refs)))
    return everywhere(found, closed) if writer.closed else found


@of_shape.register(shapes.Noted)
def _(shape: shapes.Noted, writer: _Writer) -> Schema:
    return {**writer.schema(shape.shape), **cast(Schema, _json(shape.notes))}


@of_shape.register(shapes.Choice)
def _(shape: shapes.Choice, writer: _Writer) -> Schema:
    arms = sorted(shape.arms, key=lambda arm: isinstance(arm, shapes.Null))
    written: Schema = {"anyOf": [writer.schema(arm) for arm in arms]}
    tagged = [
        arm for arm in map(shapes.bare, arms) if isinstance(arm, shapes.Object) and arm.tag_field
    ]
    if (
        len(tagged) > 1
    ):  # only here does msgspec need the tag; arms that are no objects are not asked for it
        written["required"] = [tagged[0].tag_field]
    if len(tagged) == len(arms):
        mapping: Schema = {str(arm.tag): writer.reference(arm) for arm in tagged}
        written["discriminator"] = {"propertyName": tagged[0].tag_field, "mapping": mapping}
    return written


@of_shape.register(shapes.OpenChoice)
def _(shape: shapes.OpenChoice, writer: _Writer) -> Schema:
    """The Structs, and every object with a tag that none of them has. A discriminator would have to list all tags."""
    options: list[Value] = [writer.schema(arm) for arm in reading.arms(shape).values()]
    tag_field = shape.kind.tag_field
    if not writer.known:
        other: Schema = {"type": "string", "not": {"enum": list[Value](shape.kind.arms)}}
        options.append(
            {"type": "object", "properties": {tag_field: other}, "required": [tag_field]}
        )
    return {"anyOf": options, "required": [tag_field]}


@of_shape.register(shapes.Object)
def _(shape: shapes.Object, writer: _Writer) -> Schema:
    properties: dict[str, Value] = {}
    required: list[Value] = []
    if shape.tag_field is not None:
        properties[shape.tag_field] = {"const": shape.tag}
        required += (
            [] if writer.closed else [shape.tag_field]
        )  # always written; where it must come, the union says
    for field in shape.fields:
        if writer.closed and not field.settable:
            continue
        properties[field.wire] = _field(field, writer)
        if field.required or not (writer.closed or shape.omit_defaults or field.may_be_unset):
            required.append(field.wire)
    written: Schema = {"type": "object", "properties": properties}
    if required:
        written["required"] = required
    return {**written, "additionalProperties": False} if writer.closed else written


def _field(field: Field, writer: _Writer) -> Schema:
    written = writer.schema(field.shape)
    if writer.closed and not field.required:
        try:
            return {**written, **_default(field)}
        except TypeError:  # a default that is not JSON
            return written
    return written


def _default(field: Field) -> Schema:
    if field.default is not msgspec.NODEFAULT:
        return {"default": _json(field.default)}
    factory = get_origin(field.default_factory) or field.default_factory
    if factory in (list, dict, set, tuple, frozenset):
        return {"default": {} if factory is dict else []}
    return {}


@of_shape.register(shapes.ObjectRow)
def _(shape: shapes.ObjectRow, writer: _Writer) -> Schema:
    fields: list[Value] = [_field(field, writer) for field in shape.fields]
    if shape.tag is not None:
        fields.insert(0, {"const": shape.tag})
    least = len(fields) - sum(not field.required for field in shape.fields)
    written: Schema = {
        "type": "array",
        **({"prefixItems": fields} if fields else {}),
        "minItems": least,
    }
    return {**written, "maxItems": len(fields)} if shape.limited else written


@of_shape.register(shapes.Row)
def _(shape: shapes.Row, writer: _Writer) -> Schema:
    count = len(shape.items)
    written: Schema = {"type": "array", "minItems": count, "maxItems": count}
    return (
        {**written, "prefixItems": [writer.schema(one) for one in shape.items]}
        if count
        else written
    )


@of_shape.register(shapes.Array)
def _(shape: shapes.Array, writer: _Writer) -> Schema:
    written: Schema = {"type": "array"}
    if items := writer.schema(shape.item):
        written["items"] = items
    unique = not writer.closed and shape.unique
    bounds: Schema = {
        "minItems": shape.min_length,
        "maxItems": shape.max_length,
        "uniqueItems": unique or None,
    }
    return {**written, **_given(bounds)}


@of_shape.register(shapes.Map)
def _(shape: shapes.Map, writer: _Writer) -> Schema:
    written: Schema = {"type": "object"}
    keys = writer.schema(shape.key)
    if keys.get("type") == "integer":
        keys = {"pattern": _INTEGER}
    keys = {name: value for name, value in keys.items() if name != "type"}
    if keys:
        written["propertyNames"] = keys
    if values := writer.schema(shape.value):
        written["additionalProperties"] = values
    return {
        **written,
        **_given({"minProperties": shape.min_length, "maxProperties": shape.max_length}),
    }


@of_shape.register(shapes.Number)
def _(shape: shapes.Number, _: _Writer) -> Schema:
    bounds: Schema = {
        "minimum": shape.ge,
        "exclusiveMinimum": shape.gt,
        "maximum": shape.le,
        "exclusiveMaximum": shape.lt,
        "multipleOf": shape.multiple_of,
    }
    return {"type": "integer" if shape.integer else "number", **_given(bounds)}


@of_shape.register(shapes.Exact)
def _(_shape: shapes.Exact, writer: _Writer) -> Schema:
    return {"type": ["string", "number"] if writer.closed else "string", "format": "decimal"}


@of_shape.register(shapes.Text)
def _(shape: shapes.Text, _: _Writer) -> Schema:
    bounds: Schema = {
        "minLength": shape.min_length,
        "maxLength": shape.max_length,
        "pattern": shape.pattern,
    }
    return {"type": "string", **_given(bounds)}


@of_shape.register(shapes.Binary)
def _(shape: shapes.Binary, _: _Writer) -> Schema:
    least, most = (
        None if size is None else 4 * ((size + 2) // 3)
        for size in (shape.min_length, shape.max_length)
    )
    bounds = _given({"minLength": least, "maxLength": most})
    return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, **bounds}


@of_shape.register(shapes.Formatted)
def _(shape: shapes.Formatted, _: _Writer) -> Schema:
    """A time has a zone unless its type says that it has none; `format` asks for one."""
    return {"type": "string"} if shape.zone is False else {"type": "string", "format": shape.format}


@of_shape.register(shapes.Enumeration)
def _(shape: shapes.Enumeration, writer: _Writer) -> Schema:
    values = [_json(member) for member in shape.kind]
    return (
        {"type": "string", "examples": values}
        if shape.open and not writer.known
        else {"enum": values}
    )


@of_shape.register(shapes.Constant)
def _(shape: shapes.Constant, _: _Writer) -> Schema:
    return {"enum": list(shape.values)}


@of_shape.register(shapes.Null)
@of_shape.register(shapes.Boolean)
def _(shape: shapes.Null | shapes.Boolean, _: _Writer) -> Schema:
    return {"type": "null" if isinstance(shape, shapes.Null) else "boolean"}


@of_shape.register(shapes.Anything)
def _(_shape: shapes.Anything, _: _Writer) -> Schema:
    return {}
