"""What msgspec does not know by itself: models of pydantic wherever a Struct may stand, and open unions.

`dump` and `load` are the hooks that it asks. pydantic is never imported here: its own classes bring it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import msgspec

from oort.model.opens import OpenUnion, Unknown
from oort.model.problems import Json

_PLACES = re.compile(r" - at (?P<key>`key` in )?`\$(?P<inner>[^`]*)` - at `\$(?P<outer>[^`]*)`$")


class _Field(Protocol):
    annotation: object
    alias: str | None

    def is_required(self) -> bool:
        """Whether a value must be given."""
        ...


@runtime_checkable
class _Model(Protocol):
    model_fields: Mapping[str, _Field]

    def model_dump(self, *, mode: str, by_alias: bool) -> object:
        """The instance as JSON types."""
        ...


class _Kind(Protocol):
    def model_validate(self, value: object) -> object:
        """An instance of the class. ValueError if the value does not fit."""
        ...

    def model_json_schema(self, *, by_alias: bool, mode: str, ref_template: str) -> object:
        """The model's own JSON Schema, with `$defs`."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a model: its name, its name in JSON, its type."""

    name: str
    wire: str
    kind: object
    required: bool


def is_model(kind: object) -> bool:
    """Whether the type is a pydantic model."""
    return (
        isinstance(kind, type) and hasattr(kind, "model_validate") and hasattr(kind, "model_fields")
    )


def members(kind: object) -> tuple[Member, ...]:
    """The fields of a model."""
    fields: Mapping[str, _Field] = cast(_Model, kind).model_fields
    return tuple(
        Member(name, one.alias or name, one.annotation, one.is_required())
        for name, one in fields.items()
    )


def dump(value: object) -> object:
    """An instance in the types of JSON. TypeError for anything that is not a model or Unknown, as msgspec expects."""
    if isinstance(value, Unknown):
        return value.data
    if is_model(type(value)):
        return cast(_Model, value).model_dump(mode="json", by_alias=True)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def load(kind: type, value: object) -> object:
    """The instance of a model or of an open union. ValueError if the value does not fit; TypeError for any other type."""
    if isinstance(kind, OpenUnion):
        return _read(kind, value)
    if is_model(kind):
        return cast(_Kind, kind).model_validate(value)
    if isinstance(value, kind):  # `object` takes everything
        return value
    raise TypeError(f"{kind.__name__} cannot be read from JSON")


def joined(message: str) -> str:
    """msgspec's message with one place: it names the place inside of an open union, and then that of the union.

    >>> joined("Expected `int`, got `str` - at `$.radius` - at `$.shapes[0]`")
    'Expected `int`, got `str` - at `$.shapes[0].radius`'
    """
    return _PLACES.sub(
        lambda found: f" - at {found['key'] or ''}`${found['outer']}{found['inner']}`", message
    )


def _read(kind: OpenUnion, value: object) -> object:
    """The object as the Struct that has its tag, or as Unknown. ValueError, in msgspec's words, if it does not fit."""
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
        raise ValueError(
            joined(str(error))
        ) from error  # to this one, not to its own, msgspec adds the place of the union


def _tag(fields: dict[str, Json], name: str) -> str:
    if name not in fields:
        raise msgspec.ValidationError(f"Object missing required field `{name}`")
    tag = fields[name]
    if not isinstance(tag, str):
        raise msgspec.ValidationError(f"Expected `str` - at `$.{name}`")
    return tag


def json_schema(kind: object, *, closed: bool, refs: str) -> dict[str, object]:
    """The model's own JSON Schema: what it accepts (`closed`) or what it writes. `refs` stands before the names in its `$defs`."""
    mode, template = "validation" if closed else "serialization", refs + "{model}"
    found = cast(_Kind, kind).model_json_schema(by_alias=True, mode=mode, ref_template=template)
    return cast(dict[str, object], found)


def reasons(error: BaseException | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """What a model objected to: (steps to the place, what). Nothing if the error is not a model's."""
    listed = getattr(error, "errors", None)
    if not callable(listed):
        return
    for one in cast(list[dict[str, object]], listed()):
        place = cast(tuple[object, ...], one.get("loc", ()))
        yield tuple(str(step) for step in place), str(one.get("msg", "It does not fit"))
