"""JSON Schema 2020-12 of types, from the values that the runtime accepts and writes.

The API document uses these schemas. Input is closed (decision 0003): `additionalProperties` is
false everywhere. Output is open, and lists as required the fields that are always written. Types
are named once; two classes of the same name are distinguished by their modules.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import cast, get_origin

import msgspec

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.patterns import dialect
from oort.rules.schemas import key_schemas
from oort.rules.schemas.schema_keywords import Schema, closed, everywhere
from oort.rules.schemas.schema_names import input_names, named
from oort.rules.types import models, reading, shapes
from oort.rules.types.shapes import Field, Named, Shape

_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_DEFS = "#/$defs/"
_INSTEAD = "Use Structs, dataclasses and builtin types."


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of the requested types, in their order, and the components by name."""

    accepted: tuple[Schema, ...]
    answered: tuple[Schema, ...]
    components: dict[str, Schema]


def described(
    *, accepted: Sequence[object], answered: Sequence[object], refs: str, known_only: bool = False
) -> Schemas:
    """Return the schemas of input and output types. `refs` is the prefix of component names.

    A type for both, with a different schema each way, has two components: `Account` for output,
    `AccountInput` for input. Open enums and unions accept unknown values both ways; with
    `known_only` they accept known values only. Raises InvalidValue for a type that has no JSON
    Schema.
    """
    incoming, outgoing = _read(accepted), _read(answered)
    coming, going = _collected(incoming), _collected(outgoing)
    names = named([*going, *(kind for kind in coming if kind not in going)])
    first, last = (
        _Writer(names, refs, closed=closed, known_only=known_only) for closed in (True, False)
    )
    both = {
        names[kind]: (first.component(coming[kind]), last.component(going[kind]))
        for kind in coming
        if kind in going
    }
    renamed = input_names(both, frozenset(names.values()), refs)
    first = replace(first, names={kind: renamed.get(name, name) for kind, name in names.items()})
    components = {first.names[kind]: first.component(shape) for kind, shape in coming.items()}
    components |= {last.names[kind]: last.component(shape) for kind, shape in going.items()}
    return Schemas(
        tuple(map(first.schema, incoming)),
        tuple(map(last.schema, outgoing)),
        dict(_flat(components)),
    )


def schema(kind: object, *, closed: bool, known_only: bool = False) -> Schema:
    """Return a self-contained schema: for input (`closed`) or for output.

    `known_only` is as in `described`.

    >>> schema(list[int], closed=True)
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    schemas = described(
        accepted=[kind] if closed else [],
        answered=[] if closed else [kind],
        refs=_DEFS,
        known_only=known_only,
    )
    (root,) = schemas.accepted or schemas.answered
    return {**root, "$defs": cast(Value, schemas.components)} if schemas.components else root


def both(kind: object) -> tuple[Schema, Schema]:
    """Return the output schema for known values and the input schema: `schema` twice, in less time.

    >>> both(list[int])[0]
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    (shape,) = _read([kind])
    types = _collected([shape])
    names = named(types)
    written, accepted = (
        _alone(_Writer(names, _DEFS, closed=closed, known_only=not closed), shape, types)
        for closed in (False, True)
    )
    return written, accepted


def _alone(writer: "_Writer", shape: Shape, types: dict[object, Named]) -> Schema:
    components = dict(
        _flat({writer.names[kind]: writer.component(inner) for kind, inner in types.items()})
    )
    root = writer.schema(shape)
    return {**root, "$defs": cast(Value, components)} if components else root


def _flat(components: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Return the components by name, with the `$defs` of pydantic models among them."""
    flat: dict[str, Schema] = {}
    for name, component in components.items():
        flat[name] = component
        for inner, schema in cast(dict[str, Schema], component.pop("$defs", {})).items():
            flat[f"{name}.{inner}"] = schema
    yield from sorted(flat.items())


def _read(kinds: Sequence[object]) -> tuple[Shape, ...]:
    read = reading.every(kinds)
    for shape in read:
        if isinstance(shape, shapes.Unreadable):
            raise InvalidValue(f"There is no JSON Schema: {shape.problem}.", _INSTEAD)
    return read


def _collected(read: Iterable[Shape]) -> dict[object, Named]:
    """Return every named type, with all named types inside, in order of appearance."""
    return {shape.kind: shape for shape in reading.inside(read) if isinstance(shape, Named)}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the schemas of a direction: input or output."""

    names: dict[object, str]
    refs: str
    closed: bool
    known_only: bool

    def schema(self, shape: Shape) -> Schema:
        """Return the schema of a part; a reference for a named type."""
        return (
            {"$ref": self.reference(shape)} if isinstance(shape, Named) else of_shape(shape, self)
        )

    def reference(self, shape: Named) -> str:
        """Return the reference to a named type."""
        return self.refs + self.names[shape.kind]

    def component(self, shape: Named) -> Schema:
        """Return the schema of a named type."""
        if isinstance(shape, shapes.Model):
            return of_shape(shape, self)
        notes = {
            "title": self.names[shape.kind].rpartition(".")[2],
            "description": _described(shape),
        }
        return {**{name: text for name, text in notes.items() if text}, **of_shape(shape, self)}


def _described(shape: Named) -> str:
    """Return the docstring of the class, unless Python generated the text."""
    kind = shapes.plain(shape.kind)
    text = (kind.__dict__.get("__doc__") or "").strip()
    generated = text.startswith((f"{kind.__name__}(", "An enumeration"))
    return "" if generated else "\n".join(line.strip() for line in text.split("\n"))


def _json(value: object) -> Value:
    """Return a value in the types of JSON, equal in every process. TypeError if JSON lacks it."""
    plain = msgspec.to_builtins(value, str_keys=True, order="deterministic")
    data = msgspec.json.encode(plain, order="deterministic")
    result: Value = msgspec.json.decode(data)
    if msgspec.json.encode(result, order="deterministic") != data or _has_lost_a_number(
        plain, result
    ):
        raise TypeError("a number that JSON lacks")
    return result


def _has_lost_a_number(plain: object, result: object) -> bool:
    """True if a number has become null: NaN or infinity."""
    if isinstance(plain, float):
        return result is None
    if isinstance(plain, dict):
        members = cast(dict[str, object], plain)
        return any(
            _has_lost_a_number(inner, cast(dict[str, object], result)[name])
            for name, inner in members.items()
        )
    if isinstance(plain, list | tuple):
        elements = cast(Sequence[object], plain)
        return any(map(_has_lost_a_number, elements, cast(list[object], result)))
    return False


def _present(bounds: Schema) -> Schema:
    return {name: value for name, value in bounds.items() if value is not None}


@singledispatch
def of_shape(shape: Shape, _: _Writer) -> Schema:
    """Return the schema of a shape, inline."""
    if shape.kind is object:
        return {}
    title = getattr(shape.kind, "__name__", shape.kind)
    raise InvalidValue(f"{title} has no JSON Schema.", _INSTEAD)


@of_shape.register(shapes.Model)
def _(shape: shapes.Model, writer: _Writer) -> Schema:
    """Return pydantic's own schema, closed for input."""
    refs = f"{writer.reference(shape)}."
    schema = cast(Schema, _json(models.json_schema(shape.kind, closed=writer.closed, refs=refs)))
    return everywhere(schema, closed) if writer.closed else schema


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
    if len(tagged) > 1:  # only then does msgspec need the tag, for arms that are objects
        written["required"] = [tagged[0].tag_field]
    if len(tagged) == len(arms):
        mapping: Schema = {str(arm.tag): writer.reference(arm) for arm in tagged}
        written["discriminator"] = {"propertyName": tagged[0].tag_field, "mapping": mapping}
    return written


@of_shape.register(shapes.OpenChoice)
def _(shape: shapes.OpenChoice, writer: _Writer) -> Schema:
    """Return the Structs' schemas, and the schema of objects with other tags.

    There is no discriminator, since a discriminator would have to list all tags.
    """
    options: list[Value] = [writer.schema(arm) for arm in reading.arms(shape).values()]
    tag_field = shape.kind.tag_field
    if not writer.known_only:
        unknown_tag: Schema = {"type": "string", "not": {"enum": list[Value](shape.kind.arms)}}
        options.append(
            {"type": "object", "properties": {tag_field: unknown_tag}, "required": [tag_field]}
        )
    return {"anyOf": options, "required": [tag_field]}


@of_shape.register(shapes.Object)
def _(shape: shapes.Object, writer: _Writer) -> Schema:
    properties: dict[str, Value] = {}
    required: list[Value] = []
    if shape.tag_field is not None:
        properties[shape.tag_field] = {"const": shape.tag}
        # The tag is always written. For input the union decides.
        required += [] if writer.closed else [shape.tag_field]
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


@of_shape.register(shapes.ObjectTuple)
def _(shape: shapes.ObjectTuple, writer: _Writer) -> Schema:
    # The names of positions: with the same types, another order would be misread in silence.
    fields: list[Value] = [{"title": field.name, **_field(field, writer)} for field in shape.fields]
    if shape.tag is not None:
        fields.insert(0, {"const": shape.tag})
    least = len(fields) - sum(not field.required for field in shape.fields)
    written: Schema = {
        "type": "array",
        **({"prefixItems": fields} if fields else {}),
        "minItems": least,
    }
    return {**written, "maxItems": len(fields)} if shape.limited else written


@of_shape.register(shapes.Tuple)
def _(shape: shapes.Tuple, writer: _Writer) -> Schema:
    count = len(shape.items)
    written: Schema = {"type": "array", "minItems": count, "maxItems": count}
    return (
        {**written, "prefixItems": [writer.schema(item) for item in shape.items]}
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
    return {**written, **_present(bounds)}


@of_shape.register(shapes.Map)
def _(shape: shapes.Map, writer: _Writer) -> Schema:
    written: Schema = {"type": "object"}
    if keys := _keys(shape.key, writer):
        written["propertyNames"] = keys
    if values := writer.schema(shape.value):
        written["additionalProperties"] = values
    return {
        **written,
        **_present({"minProperties": shape.min_length, "maxProperties": shape.max_length}),
    }


def _keys(shape: Shape, writer: _Writer) -> Schema:
    """Return the schema of the names; empty if every text is a name."""
    bare = shapes.bare(shape)
    if not isinstance(bare, shapes.Choice):
        return key_schemas.names(shape, writer.schema(shape), read=writer.closed)
    arms = [_keys(arm, writer) for arm in bare.arms if not isinstance(arm, shapes.Null)]
    return {"anyOf": list[Value](arms)} if all(arms) else {}


@of_shape.register(shapes.Number)
def _(shape: shapes.Number, _: _Writer) -> Schema:
    bounds: Schema = {
        "minimum": shape.ge,
        "exclusiveMinimum": shape.gt,
        "maximum": shape.le,
        "exclusiveMaximum": shape.lt,
        "multipleOf": shape.multiple_of,
    }
    return {"type": "integer" if shape.integer else "number", **_present(bounds)}


@of_shape.register(shapes.Exact)
def _(_shape: shapes.Exact, writer: _Writer) -> Schema:
    return {"type": ["string", "number"] if writer.closed else "string", "format": "decimal"}


@of_shape.register(shapes.Text)
def _(shape: shapes.Text, _: _Writer) -> Schema:
    bounds: Schema = {
        "minLength": shape.min_length,
        "maxLength": shape.max_length,
        "pattern": None if shape.pattern is None else dialect.translated(shape.pattern).exported,
    }
    return {"type": "string", **_present(bounds)}


@of_shape.register(shapes.Binary)
def _(shape: shapes.Binary, _: _Writer) -> Schema:
    least, most = (
        None if size is None else 4 * ((size + 2) // 3)
        for size in (shape.min_length, shape.max_length)
    )
    bounds = _present({"minLength": least, "maxLength": most})
    return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, **bounds}


@of_shape.register(shapes.Formatted)
def _(shape: shapes.Formatted, _: _Writer) -> Schema:
    # https://spec.openapis.org/registry/format/: the formats of RFC 3339 require a zone.
    return {"type": "string", "format": shape.format if shape.zone else f"{shape.format}-local"}


@of_shape.register(shapes.Enumeration)
def _(shape: shapes.Enumeration, writer: _Writer) -> Schema:
    values = [_json(member) for member in shape.kind]
    return (
        {"type": "string", "examples": values}
        if shape.open and not writer.known_only
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
