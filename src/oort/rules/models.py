"""Models of another library, pydantic's, wherever a Struct may stand. It is never imported here: its own classes bring it.

The two hooks are what msgspec asks for types that it does not know.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable


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
    return isinstance(kind, type) and hasattr(kind, "model_validate") and hasattr(kind, "model_fields")


def members(kind: object) -> tuple[Member, ...]:
    """The fields of a model."""
    fields: Mapping[str, _Field] = cast(_Model, kind).model_fields
    return tuple(Member(name, one.alias or name, one.annotation, one.is_required()) for name, one in fields.items())


def dump(value: object) -> object:
    """An instance in the types of JSON. TypeError for anything that is not a model, as msgspec expects."""
    if is_model(type(value)):
        return cast(_Model, value).model_dump(mode="json", by_alias=True)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def load(kind: type, value: object) -> object:
    """The instance of a model. ValueError if the value does not fit; TypeError if the type is no model."""
    if is_model(kind):
        return cast(_Kind, kind).model_validate(value)
    if isinstance(value, kind):  # `object` takes everything
        return value
    raise TypeError(f"{kind.__name__} cannot be read from JSON")


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
