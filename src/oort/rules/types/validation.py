"""All that is wrong with a JSON value, at once, with JSON pointers. msgspec decides each leaf; this walks the types around it.

Bodies are closed: a field that the type does not know is refused, in nested objects too. A value nested deeper than
`limits.JSON_DEPTH` is refused without being walked, and at most `limits.VIOLATIONS` are reported.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from types import NoneType
from typing import ClassVar, Protocol

import msgspec

from oort.model import limits
from oort.model.items import Value
from oort.rules.types import models, reading, shapes
from oort.rules.types.shapes import Shape


class Violation(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong. `pointer` is an RFC 6901 JSON pointer; "" is the whole value."""

    pointer: str
    detail: str


class Validator(Protocol):
    """A type, ready to check values."""

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        """Add everything that is wrong with the value."""

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        """Add only the fields that the type does not know: what msgspec itself lets pass."""


def compiled(kind: object) -> Validator:
    """The validator of a type that msgspec can decode. Recursive types are fine."""
    return _compile(reading.compiled(kind), {})


def violations(validator: Validator, value: Value) -> list[Violation]:
    """Everything that is wrong with the value, in the order of the type's fields and the value's elements.

    >>> violations(compiled(list[int]), [1, "two", None])[0]
    Violation(pointer='/1', detail='Expected `int`, got `str`')
    """
    found = _depth(value)
    if not found:
        validator.check(value, "", found)
    return found[: limits.VIOLATIONS]


def stray(validator: Validator, value: Value) -> list[Violation]:
    """The unknown fields of a value that msgspec has accepted."""
    found = _depth(value)
    if not found:
        validator.stray(value, "", found)
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


class _Leaf(msgspec.Struct, eq=False):
    """A value without parts; `exact` if it may be a Decimal."""

    kind: object
    exact: bool = False

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
        if self.exact and isinstance(value, str) and _is_not_finite(value):
            found.append(Violation(pointer, "Expected a finite number"))


class _Whole(msgspec.Struct, eq=False):
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


class _Object(msgspec.Struct, eq=False):
    """A Struct, dataclass or TypedDict. `fields` is filled after creation, since a type may contain itself."""

    takes: ClassVar[type] = dict
    fields: dict[str, Validator]
    required: frozenset[str]
    tag: str | None

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            found.append(Violation(pointer, f"Expected an object, got {_named(value)}"))
            return
        for name, validator in self.fields.items():
            here = f"{pointer}/{escaped(name)}"
            if name in value:
                validator.check(value[name], here, found)
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


class _Map(msgspec.Struct, eq=False):
    """An object with free names."""

    takes: ClassVar[type] = dict
    element: Validator

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{escaped(name)}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{escaped(name)}", found)


class _List(msgspec.Struct, eq=False):
    """An array of equal elements."""

    takes: ClassVar[type] = list
    element: Validator

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, inner in enumerate(value) if isinstance(value, list) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{position}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, inner in enumerate(value) if isinstance(value, list) else ():
            if len(found) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{position}", found)


class _Row(msgspec.Struct, eq=False):
    """An array with a type for each position."""

    takes: ClassVar[type] = list
    elements: list[Validator]

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, (validator, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            validator.check(inner, f"{pointer}/{position}", found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        for position, (validator, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            validator.stray(inner, f"{pointer}/{position}", found)


class _Choice(msgspec.Struct, eq=False):
    """A union. msgspec allows at most one kind of array and one kind of object, or objects told apart by a tag."""

    takes: ClassVar[type] = object
    array: Validator | None
    single: Validator | None
    field: str
    variants: dict[Value, Validator]

    def check(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if validator := self._chosen(value):
            validator.check(value, pointer, found)

    def stray(self, value: Value, pointer: str, found: list[Violation]) -> None:
        if validator := self._chosen(value):
            validator.stray(value, pointer, found)

    def _chosen(self, value: Value) -> Validator | None:
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


def _is_not_finite(text: str) -> bool:
    try:
        return not Decimal(text).is_finite()
    except ArithmeticError:  # no number: in a pydantic model, which has said so itself
        return False


def _at(pointer: str, steps: tuple[str, ...], what: str) -> Violation:
    return Violation(pointer + "".join(f"/{escaped(step)}" for step in steps), what)


def _compile(shape: Shape, seen: dict[object, _Whole]) -> Validator:
    match shape:
        case shapes.Noted():
            return _compile(shape.shape, seen)
        case shapes.Object() | shapes.ObjectRow() | shapes.Model():
            return seen[shape.kind] if shape.kind in seen else _object(shape, seen)
        case shapes.Choice():
            return _choice(shape, seen)
        case shapes.OpenChoice():
            arms: dict[Value, Validator] = {
                tag: _compile(arm, seen) for tag, arm in reading.arms(shape).items()
            }
            return _Whole(_Choice(None, None, shape.kind.tag_field, arms), _Leaf(shape.kind))
        case shapes.Array():
            return _Whole(_List(_compile(shape.item, seen)), _Leaf(shape.kind))
        case shapes.Map():
            return _Whole(_Map(_compile(shape.value, seen)), _Leaf(shape.kind))
        case shapes.Row():
            return _Whole(_Row([_compile(inner, seen) for inner in shape.items]), _Leaf(shape.kind))
        case _:
            return _Leaf(shape.kind, exact=isinstance(shape, shapes.Exact))


def _object(
    shape: shapes.Object | shapes.ObjectRow | shapes.Model, seen: dict[object, _Whole]
) -> Validator:
    """A validator that is known before its fields are, since a type may contain itself."""
    leaf = _Leaf(shape.kind)
    if isinstance(shape, shapes.ObjectRow):
        if shape.tag is not None:
            return leaf
        row = _Row([])
        seen[shape.kind] = whole = _Whole(row, leaf)
        row.elements += [_compile(field.shape, seen) for field in shape.fields]
        return whole
    known = shape.declared if isinstance(shape, shapes.Object) else reading.members(shape)
    fields = [field for field in known if field.settable]
    required = frozenset(field.wire for field in fields if field.required)
    inner = _Object({}, required, shape.tag_field if isinstance(shape, shapes.Object) else None)
    seen[shape.kind] = whole = _Whole(inner, leaf)
    inner.fields.update({field.wire: _compile(field.shape, seen) for field in fields})
    return whole


def _choice(shape: shapes.Choice, seen: dict[object, _Whole]) -> Validator:
    """The lists and objects of a union; a leaf if it has none."""
    arms = [(arm, _compile(arm, seen)) for arm in shapes.alternatives(shape)]
    wholes = [(arm, validator) for arm, validator in arms if isinstance(validator, _Whole)]
    if not wholes:
        return _Leaf(shape.kind, exact=any(isinstance(arm, shapes.Exact) for arm, _ in arms))
    for _, validator in wholes:
        if isinstance(
            validator.inner, _Choice
        ):  # an open union, beside which msgspec allows only None
            return _Whole(validator.inner, _Leaf(shape.kind))
    arrays = [validator for _, validator in wholes if validator.inner.takes is list]
    objects = [(arm, validator) for arm, validator in wholes if validator.inner.takes is dict]
    array = arrays[0] if len(arrays) == 1 else None
    if len(objects) == 1:
        return _Whole(_Choice(array, objects[0][1], "", {}), _Leaf(shape.kind))
    field, variants = "", dict[Value, Validator]()
    for arm, validator in objects:
        if isinstance(arm, shapes.Object) and arm.tag_field is not None:
            field, variants[arm.tag] = arm.tag_field, validator
    return _Whole(_Choice(array, None, field, variants), _Leaf(shape.kind))


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
