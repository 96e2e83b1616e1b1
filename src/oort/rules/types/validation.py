"""All that is wrong with a JSON value, at once, with JSON pointers. msgspec decides each leaf; this walks the types around it.

Bodies are closed: a field that the type does not know is refused, in nested objects too. A value nested deeper than
`limits.JSON_DEPTH` is refused without being walked, and at most `limits.VIOLATIONS` are reported.
"""

import dataclasses
import re
import typing
from collections.abc import (
    Collection,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
    Set,
)
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import (
    Annotated,
    ClassVar,
    NotRequired,
    Protocol,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from oort.model import limits
from oort.model.items import Value
from oort.model.opens import OpenUnion
from oort.rules.types import models

_ARRAYS = (list, set, frozenset, Sequence, MutableSequence, Set, MutableSet, Collection)
_NOT_FINITE = re.compile(r"\s*[+-]?(?:s?nan|inf)", re.IGNORECASE)
_MAPS = (dict, Mapping, MutableMapping)


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that is wrong. `pointer` is an RFC 6901 JSON pointer; "" is the whole value."""

    pointer: str
    detail: str


class Shape(Protocol):
    """A compiled type."""

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        """Add everything that is wrong with the value."""

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        """Add only the fields that the type does not know: what msgspec itself lets pass."""


def compiled(kind: object) -> Shape:
    """The shape for a type that msgspec can decode. Recursive types are fine."""
    return _compile(kind, {})


def violations(shape: Shape, value: Value) -> list[Violation]:
    """Everything that is wrong with the value, in the order of the type's fields and the value's elements.

    >>> violations(compiled(list[int]), [1, "two", None])[0]
    Violation(pointer='/1', detail='Expected `int`, got `str`')
    """
    found = _depth(value)
    if not found:
        shape.check(value, "", found)
    return found[: limits.VIOLATIONS]


def stray(shape: Shape, value: Value) -> list[Violation]:
    """The unknown fields of a value that msgspec has accepted."""
    found = _depth(value)
    if not found:
        shape.stray(value, "", found)
    return found[: limits.VIOLATIONS]


def too_deep(value: Value) -> bool:
    """Whether lists and objects are nested more than `limits.JSON_DEPTH` deep.

    >>> too_deep([[1]])
    False
    """
    level = [value]
    for _ in range(limits.JSON_DEPTH):
        level = [
            inner for outer in level for inner in _inner(outer) if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def escaped(name: str) -> str:
    """A name as one step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _depth(value: Value) -> list[Violation]:
    return (
        [Violation("", f"Nested more than {limits.JSON_DEPTH} levels deep")]
        if too_deep(value)
        else []
    )


@dataclass(slots=True)
class _Leaf:
    kind: object

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        try:
            msgspec.convert(
                value, type=self.kind, str_keys=True, dec_hook=models.load
            )  # JSON has no other keys
        except msgspec.ValidationError as error:
            objected = [
                _at(pointer, steps, what) for steps, what in models.reasons(error.__cause__)
            ]
            found += objected or [_from_msgspec(str(error), value, pointer)]
        else:
            self.stray(value, pointer, found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        """A leaf has no fields; but msgspec takes the texts "NaN" and "Infinity" for a Decimal, and neither is stored."""
        if isinstance(value, str) and _NOT_FINITE.match(value):
            read: object = msgspec.convert(value, type=self.kind, dec_hook=models.load)
            if isinstance(read, Decimal):
                found.append(Violation(pointer, "Expected a finite number"))


@dataclass(slots=True)
class _Whole:
    """What msgspec says of a container whose contents are right: lengths, keys, tags, `__post_init__`."""

    inner: "_Object | _Map | _List | _Row | _Choice"
    leaf: _Leaf

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if models.is_model(
            self.leaf.kind
        ):  # says everything that is wrong by itself, unknown fields apart
            self.leaf.check(value, pointer, found)
            self.inner.stray(value, pointer, found)
            return
        before = len(found)
        self.inner.check(value, pointer, found)
        if len(found) == before:
            self.leaf.check(value, pointer, found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        self.inner.stray(value, pointer, found)


@dataclass(slots=True)
class _Object:
    """A Struct, dataclass or TypedDict. `fields` is filled after creation, since a type may contain itself."""

    takes: ClassVar[type] = dict
    fields: dict[str, Shape]
    required: frozenset[str]
    tag: str | None

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            found.append(Violation(pointer, f"Expected an object, got {_named(value)}"))
            return
        for name, shape in self.fields.items():
            here = f"{pointer}/{escaped(name)}"
            if name in value:
                shape.check(value[name], here, found)
            elif name in self.required:
                found.append(Violation(here, "This field is required"))
        self._unknown(value, pointer, found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            if name in self.fields:
                self.fields[name].stray(inner, f"{pointer}/{escaped(name)}", found)
        self._unknown(value, pointer, found)

    def _unknown(self, value: dict[str, Value], pointer: str, found: list[Violation]) -> None:
        for name in value:
            if len(found) >= limits.VIOLATIONS:
                return
            if name not in self.fields and name != self.tag:
                known = ", ".join(self.fields) or "none"
                found.append(
                    Violation(
                        f"{pointer}/{escaped(name)}",
                        f"This field is not known; the fields are: {known}",
                    )
                )


@dataclass(slots=True)
class _Map:
    """An object with free names."""

    takes: ClassVar[type] = dict
    element: Shape

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{escaped(name)}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{escaped(name)}", found)


@dataclass(slots=True)
class _List:
    """An array of equal elements."""

    takes: ClassVar[type] = list
    element: Shape

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, inner in enumerate(value) if isinstance(value, list) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{position}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, inner in enumerate(value) if isinstance(value, list) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{position}", found)


@dataclass(slots=True)
class _Row:
    """An array with a type for each position."""

    takes: ClassVar[type] = list
    elements: tuple[Shape, ...]

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, (shape, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            shape.check(inner, f"{pointer}/{position}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, (shape, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            shape.stray(inner, f"{pointer}/{position}", found)


@dataclass(slots=True)
class _Choice:
    """A union. msgspec allows at most one kind of array and one kind of object, or objects told apart by a tag."""

    takes: ClassVar[type] = object
    array: Shape | None
    single: Shape | None
    field: str
    variants: dict[Value, Shape]

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if shape := self._chosen(value):
            shape.check(value, pointer, found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if shape := self._chosen(value):
            shape.stray(value, pointer, found)

    def _chosen(self, value: Value) -> Shape | None:
        if isinstance(value, list):
            return self.array
        if not isinstance(value, dict) or not self.field:
            return self.single if isinstance(value, dict) else None
        tag = value.get(self.field)
        return (
            self.variants.get(tag)
            if isinstance(tag, str | int) and not isinstance(tag, bool)
            else None
        )


def _at(pointer: str, steps: tuple[str, ...], what: str) -> Violation:
    return Violation(pointer + "".join(f"/{escaped(step)}" for step in steps), what)


def _compile(kind: object, seen: dict[object, _Whole]) -> Shape:
    kind = _unwrapped(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner = _compile(arguments[0], seen)
        return _Whole(inner.inner, _Leaf(kind)) if isinstance(inner, _Whole) else _Leaf(kind)
    if isinstance(kind, OpenUnion):
        arms: dict[Value, Shape] = {tag: _compile(arm, seen) for tag, arm in kind.arms.items()}
        return _Whole(_Choice(None, None, kind.tag_field, arms), _Leaf(kind))
    members = _members(kind)
    if members is not None:
        return seen[kind] if kind in seen else _object(kind, members, seen)
    if origin in (Union, UnionType):
        choice = _choice(tuple(_arms(kind)), seen)
        return _Whole(choice, _Leaf(kind)) if choice else _Leaf(kind)
    if origin in _ARRAYS or (origin is tuple and arguments[-1:] == (...,)):
        return _Whole(_List(_compile(arguments[0], seen)), _Leaf(kind))
    if origin in _MAPS:
        return _Whole(_Map(_compile(arguments[1], seen)), _Leaf(kind))
    positions = _positions(kind)
    if positions is None:
        return _Leaf(kind)
    return _Whole(_Row(tuple(_compile(inner, seen) for inner in positions)), _Leaf(kind))


def _unwrapped(kind: object) -> object:
    """The type behind a NewType or a `type` statement."""
    while (inner := getattr(kind, "__supertype__", None) or _aliased(kind)) is not None:
        kind = inner
    return kind


def _aliased(kind: object) -> object:
    return getattr(kind, "__value__", None) if type(kind).__name__ == "TypeAliasType" else None


def _arms(kind: object) -> Iterator[object]:
    """The members of a union, and of unions inside it."""
    plain = _unwrapped(kind)
    origin = get_origin(plain)
    if origin is Annotated and get_origin(get_args(plain)[0]) in (Union, UnionType):
        yield from _arms(get_args(plain)[0])
    elif origin in (Union, UnionType):
        for member in get_args(plain):
            yield from _arms(member)
    else:
        yield plain


def _choice(arguments: tuple[object, ...], seen: dict[object, _Whole]) -> _Choice | None:
    """The lists and objects of a union; None if it has only leaves."""
    shapes = [(kind, _compile(kind, seen)) for kind in arguments]
    wholes = [(kind, shape) for kind, shape in shapes if isinstance(shape, _Whole)]
    if not wholes:
        return None
    for _, shape in wholes:
        if isinstance(shape.inner, _Choice):  # an open union, beside which msgspec allows only None
            return shape.inner
    arrays = [shape for _, shape in wholes if shape.inner.takes is list]
    objects = [(kind, shape) for kind, shape in wholes if shape.inner.takes is dict]
    array = arrays[0] if len(arrays) == 1 else None
    if len(objects) == 1:
        return _Choice(array, objects[0][1], "", {})
    variants: dict[Value, Shape] = {}
    field = ""
    for kind, shape in objects:
        config = getattr(get_origin(kind) or kind, "__struct_config__", None)
        if config is not None and config.tag_field is not None:
            field, variants[config.tag] = config.tag_field, shape
    return _Choice(array, None, field, variants)


def _object(kind: object, members: "_Members", seen: dict[object, _Whole]) -> Shape:
    shape = _Object({}, members.required, members.tag)
    seen[kind] = whole = _Whole(shape, _Leaf(kind))
    shape.fields.update({name: _compile(inner, seen) for name, inner in members.fields.items()})
    return whole


@dataclass(frozen=True, slots=True)
class _Members:
    fields: dict[str, object]
    required: frozenset[str]
    tag: str | None


def _members(kind: object) -> _Members | None:
    """The fields of a type that is an object with known names in JSON; None for any other."""
    plain = get_origin(kind) or kind
    if not isinstance(plain, type):
        return None
    if models.is_model(plain):
        listed = models.members(plain)
        return _Members(
            {one.wire: one.kind for one in listed},
            frozenset(one.wire for one in listed if one.required),
            None,
        )
    if issubclass(plain, msgspec.Struct):
        return _struct(kind, plain.__struct_config__)
    if dataclasses.is_dataclass(plain):
        hints = _hints(kind)
        own = [field for field in dataclasses.fields(plain) if field.init]
        missing = dataclasses.MISSING
        required = [f.name for f in own if f.default is missing and f.default_factory is missing]
        return _Members({field.name: hints[field.name] for field in own}, frozenset(required), None)
    if typing.is_typeddict(plain):
        return _Members(_hints(kind), frozenset(getattr(plain, "__required_keys__", ())), None)
    return None


def _struct(kind: object, config: msgspec.structs.StructConfig) -> _Members | None:
    if config.array_like:
        return None
    fields = msgspec.structs.fields(kind)  # type: ignore[arg-type]  # a generic alias such as Page[int] is fine too
    return _Members(
        {field.encode_name: field.type for field in fields},
        frozenset(field.encode_name for field in fields if field.required),
        config.tag_field,
    )


def _hints(kind: object) -> dict[str, object]:
    """The annotations of a class, with its type variables filled in."""
    plain = get_origin(kind) or kind
    filled = dict(zip(getattr(plain, "__parameters__", ()), get_args(kind), strict=False))
    return {
        name: _filled(hint, filled)
        for name, hint in get_type_hints(plain, include_extras=True).items()
    }


def _filled(hint: object, filled: dict[object, object]) -> object:
    if get_origin(hint) in (Required, NotRequired):
        return _filled(get_args(hint)[0], filled)
    variables = getattr(hint, "__parameters__", ())
    if hint in filled or not filled or not variables:
        return filled.get(hint, hint)
    return hint[tuple(filled.get(variable, variable) for variable in variables)]  # type: ignore[index]


def _positions(kind: object) -> tuple[object, ...] | None:
    """The types of an array with one for each position; None for any other type."""
    plain = get_origin(kind) or kind
    if plain is tuple and get_args(kind):
        return get_args(kind)
    if not isinstance(plain, type):
        return None
    if issubclass(plain, tuple) and hasattr(plain, "_fields"):
        hints = _hints(kind)
        return tuple(hints.get(name, object) for name in plain._fields)
    if issubclass(plain, msgspec.Struct) and plain.__struct_config__.tag_field is None:
        return tuple(field.type for field in msgspec.structs.fields(kind))  # type: ignore[arg-type]
    return None


def _inner(value: Value, only: type | tuple[type, ...] = (list, dict)) -> Sequence[Value]:
    """What a list or an object holds; nothing for any other value."""
    if not isinstance(value, only):
        return ()
    return list(value.values()) if isinstance(value, dict) else value  # type: ignore[return-value]


_PLACE = re.compile(r" - at (?:`(?P<key>key)` in )?`\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def _from_msgspec(message: str, value: Value, pointer: str) -> Violation:
    """msgspec's message, with its path as far as that can be followed: it calls a key of a map `[...]`."""
    place = _PLACE.search(message)
    if place is None:
        return Violation(pointer, message)
    for name, number in _STEP.findall(place["path"]):
        step, here = name or number, value
        if isinstance(here, dict) and name in here:
            value = here[name]
        elif isinstance(here, list) and number.isdecimal() and int(number) < len(here):
            value = here[int(number)]
        else:
            break
        pointer += f"/{escaped(step)}"
    detail = message[: place.start()]
    return Violation(pointer, f"{detail} as the name of a field" if place["key"] else detail)


def _named(value: Value) -> str:
    names = {
        NoneType: "null",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
    }
    return names.get(type(value), "an object")
