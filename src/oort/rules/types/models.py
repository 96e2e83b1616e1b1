"""Types that msgspec does not know: pydantic models wherever a Struct may stand, and open unions.

`dump` and `load` are the hooks for msgspec. pydantic is never imported here: the user's classes
bring it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import (
    Annotated,
    Literal,
    NewType,
    Protocol,
    Union,
    cast,
    get_args,
    get_origin,
    runtime_checkable,
)

import msgspec

from oort.model.items import Value
from oort.model.opens import OpenUnion, Unknown
from oort.model.problems import Json

_WRITTEN = "__oort_written__"
_TWO_PATHS = re.compile(r" - at (?P<key>`key` in )?`\$(?P<inner>[^`]*)` - at `\$(?P<outer>[^`]*)`$")


class _Alias(Protocol):
    __value__: object


class _Noted(Protocol):
    __metadata__: tuple[object, ...]


class _Form(Protocol):
    def __getitem__(self, arguments: object, /) -> object: ...


class _Field(Protocol):
    annotation: object
    alias: str | None
    serialization_alias: str | None
    validation_alias: object

    def is_required(self) -> bool:
        """True if a value must be present."""
        ...


@runtime_checkable
class _Model(Protocol):
    model_fields: Mapping[str, _Field]

    def model_dump(self, *, mode: str, by_alias: bool, warnings: str) -> object:
        """Return the instance as JSON types."""
        ...


class _Decorators(Protocol):
    computed_fields: Mapping[str, object]
    field_serializers: Mapping[str, object]
    model_serializers: Mapping[str, object]


class _Kind(Protocol):
    model_fields: Mapping[str, _Field]
    __pydantic_decorators__: _Decorators

    def model_construct(self) -> object:
        """Return an instance without fields and without checks."""
        ...

    def model_validate(self, value: object) -> object:
        """Return an instance of the class. ValueError if the value does not fit."""
        ...

    def model_json_schema(self, *, by_alias: bool, mode: str, ref_template: str) -> object:
        """Return the model's own JSON Schema, with `$defs`."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a model: its name, its name in JSON, its type."""

    name: str
    wire: str
    kind: object
    required: bool


def opened(kind: object, *, new_types: bool = False) -> object:
    """Return the type behind aliases: `type X = …` and TypeAliasType, at any depth.

    With `new_types` also the type behind `NewType`.

    >>> from typing import NewType
    >>> UserId = NewType("UserId", str)
    >>> opened(list[UserId] | None, new_types=True)
    list[str] | None
    """
    if _is_alias(kind):
        return opened(cast(_Alias, kind).__value__, new_types=new_types)
    if new_types and isinstance(kind, NewType):
        return opened(kind.__supertype__, new_types=True)
    origin, arguments = get_origin(kind), get_args(kind)
    if _is_alias(origin):  # a generic alias with its arguments
        generic = cast(_Form, cast(_Alias, origin).__value__)
        return opened(generic[arguments], new_types=new_types)
    if origin is None or origin is Literal:
        return kind
    inner = tuple(opened(argument, new_types=new_types) for argument in arguments)
    if all(new is old for new, old in zip(inner, arguments, strict=True)):
        return kind
    if origin is Annotated:
        return cast(_Form, Annotated)[(inner[0], *cast(_Noted, kind).__metadata__)]
    if origin in (Union, UnionType):
        return reduce(or_, inner)
    return cast(_Form, origin)[inner]


def _is_alias(kind: object) -> bool:
    return type(kind).__name__ == "TypeAliasType"  # of typing or of typing_extensions


def is_model(kind: object) -> bool:
    """True if the type is a pydantic model."""
    return (
        isinstance(kind, type) and hasattr(kind, "model_validate") and hasattr(kind, "model_fields")
    )


def members(kind: object) -> tuple[Member, ...]:
    """Return the fields of a model."""
    fields: Mapping[str, _Field] = cast(_Model, kind).model_fields
    return tuple(
        Member(name, field.alias or name, field.annotation, field.is_required())
        for name, field in fields.items()
    )


def written(kind: object) -> list[str]:
    """Return the names that the fields of a model have where it is written."""
    fields: Mapping[str, _Field] = cast(_Model, kind).model_fields
    return [field.serialization_alias or field.alias or name for name, field in fields.items()]


def dump(value: object) -> object:
    """Return an instance as JSON types.

    TypeError for other classes than models and Unknown, as msgspec expects.
    """
    if isinstance(value, Unknown):
        return value.data
    if is_model(type(value)):
        return _dumped(cast(_Model, value))
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def load(kind: type, value: object) -> object:
    """Return an instance of a model or an open union. ValueError if the value does not fit.

    TypeError for any other type.
    """
    if isinstance(kind, OpenUnion):
        return _read(kind, value)
    if is_model(kind):
        return cast(_Kind, kind).model_validate(value)
    if isinstance(value, kind):  # `object` accepts every value
        return value
    raise TypeError(f"{kind.__name__} cannot be read from JSON")


def builtins(value: object, *, keep: tuple[type, ...] = (), str_keys: bool = True) -> Value:
    """Return a value in the types of JSON and in those that are kept.

    TypeError, RecursionError or MsgspecError if it has none.
    """
    hook = _dump_exactly if Decimal in keep else dump
    built = msgspec.to_builtins(value, str_keys=str_keys, builtin_types=keep, enc_hook=hook)
    return cast(Value, built)


def load_written(kind: type, value: object) -> object:
    """Return an instance of a model or an open union that is being written, as `load` does.

    A model that writes other fields than it reads is not read again: pydantic has checked it.
    """
    if not is_model(kind) or _reads_what_it_writes(kind):
        return load(kind, value)
    written = cast(_Kind, kind).model_construct()
    object.__setattr__(written, _WRITTEN, value)
    return written


def _dumped(value: _Model) -> object:
    if (written := value.__dict__.get(_WRITTEN)) is not None:
        return written
    # With "error", a field that was set to a value of another type is no warning.
    return value.model_dump(mode="json", by_alias=True, warnings="error")


def _dump_exactly(value: object) -> object:
    return _exact(value, dump(value))


def _exact(value: object, dumped: object) -> object:
    """Return a dumped value of a model with its Decimals, where no serializer has changed them."""
    if isinstance(value, Decimal):
        return value if dumped == str(value) else dumped
    if isinstance(value, list | tuple) and isinstance(dumped, list):
        pairs = zip(cast(list[object], value), cast(list[object], dumped), strict=False)
        return [_exact(inner, plain) for inner, plain in pairs]
    if not isinstance(dumped, dict):
        return dumped
    members = cast(dict[str, object], dumped)
    if isinstance(value, dict):  # the order is the same, and the names may be texts of other types
        inside = dict(zip(members, cast(dict[object, object], value).values(), strict=False))
    elif is_model(type(value)):
        fields = cast(_Kind, type(value)).model_fields
        inside = {
            field.serialization_alias or field.alias or name: getattr(value, name)
            for name, field in fields.items()
        }
    else:
        return dumped
    return {name: _exact(inside.get(name), plain) for name, plain in members.items()}


@cache
def _reads_what_it_writes(kind: type) -> bool:
    """False for a model with computed fields, serializers, or other names for writing."""
    model = cast(_Kind, kind)
    decorators = model.__pydantic_decorators__
    special = (
        decorators.computed_fields or decorators.field_serializers or decorators.model_serializers
    )
    return not special and all(
        field.alias == field.serialization_alias and field.validation_alias in (None, field.alias)
        for field in model.model_fields.values()
    )


def joined(message: str) -> str:
    """Join the two paths in msgspec's message.

    One is the path inside of an open union, the other the path of the union.

    >>> joined("Expected `int`, got `str` - at `$.radius` - at `$.shapes[0]`")
    'Expected `int`, got `str` - at `$.shapes[0].radius`'
    """
    return _TWO_PATHS.sub(
        lambda paths: f" - at {paths['key'] or ''}`${paths['outer']}{paths['inner']}`", message
    )


def _read(kind: OpenUnion, value: object) -> object:
    """Return the object as the Struct with its tag, or as Unknown.

    ValueError if the object does not fit.

    The error has msgspec's message.
    """
    try:
        fields = cast(
            dict[str, Json], value if isinstance(value, dict) else msgspec.convert(value, dict)
        )
        tag = _tag(fields, kind.tag_field)
        arm = kind.arms.get(tag)
        return (
            Unknown(tag, fields)
            if arm is None
            else msgspec.convert(fields, arm, str_keys=True, dec_hook=load)
        )
    except msgspec.ValidationError as error:
        # msgspec adds the path of the union to a ValueError, but not to its own errors.
        raise ValueError(joined(str(error))) from error


def _tag(fields: dict[str, Json], name: str) -> str:
    if name not in fields:
        raise msgspec.ValidationError(f"Object missing required field `{name}`")
    tag = fields[name]
    if not isinstance(tag, str):
        raise msgspec.ValidationError(f"Expected `str` - at `$.{name}`")
    return tag


def json_schema(kind: object, *, closed: bool, refs: str) -> dict[str, object]:
    """Return the model's own JSON Schema: for input (`closed`) or for output.

    `refs` is the prefix of names in its `$defs`.
    """
    mode, template = "validation" if closed else "serialization", refs + "{model}"
    schema = cast(_Kind, kind).model_json_schema(by_alias=True, mode=mode, ref_template=template)
    return cast(dict[str, object], schema)


def reasons(error: BaseException | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """Return the errors of a model's validation as (steps of the path, message).

    Empty for other errors.
    """
    listed = getattr(error, "errors", None)
    if not callable(listed):
        return
    for detail in cast(list[dict[str, object]], listed()):
        steps = cast(tuple[object, ...], detail.get("loc", ()))
        yield tuple(str(step) for step in steps), str(detail.get("msg", "It does not fit"))
