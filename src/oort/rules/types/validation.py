"""All violations in a JSON value at once, with JSON pointers. msgspec validates the leaves.

This module walks the types around the leaves. Bodies are closed: an unknown field is refused, in
nested objects too. A value nested deeper than `limits.JSON_DEPTH` is refused without a walk, and at
most `limits.VIOLATIONS` are reported.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from types import NoneType
from typing import ClassVar, Protocol

import msgspec

from oort.model import limits
from oort.model.items import Value
from oort.rules.types import judges, models, reading, shapes
from oort.rules.types.shapes import Shape


class Violation(msgspec.Struct, frozen=True, order=True):
    """An error in a value. `pointer` is an RFC 6901 JSON pointer; "" is the root."""

    pointer: str
    detail: str


class Validator(Protocol):
    """A compiled type that checks values."""

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        """Add every violation of the value."""

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        """Add only the fields unknown to the type, which msgspec itself permits."""


def compiled(kind: object) -> Validator:
    """Return the validator of a type that msgspec can decode. Recursive types are allowed."""
    return _compile(reading.compiled(kind), {})


def violations(validator: Validator, value: Value) -> list[Violation]:
    """Return every violation, in the order of the type's fields and the value's elements.

    >>> violations(compiled(list[int]), [1, "two", None])[0]
    Violation(pointer='/1', detail='Expected `int`, got `str`')
    """
    errors = _depth(value)
    if not errors:
        validator.check(value, "", errors)
    return errors[: limits.VIOLATIONS]


def stray(validator: Validator, value: Value) -> list[Violation]:
    """Return the unknown fields of a value that msgspec has accepted."""
    errors = _depth(value)
    if not errors:
        validator.stray(value, "", errors)
    return errors[: limits.VIOLATIONS]


def too_deep(value: Value) -> bool:
    """True if lists and objects are nested more than `limits.JSON_DEPTH` deep.

    >>> too_deep([[1]])
    False
    """
    level: list[dict[str, Value] | list[Value]] = [value] if isinstance(value, dict | list) else []
    for _ in range(limits.JSON_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def escaped(name: str) -> str:
    """Return a name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _depth(value: Value) -> list[Violation]:
    return (
        [Violation("", f"Nested more than {limits.JSON_DEPTH} levels deep")]
        if too_deep(value)
        else []
    )


class _Leaf(msgspec.Struct, eq=False):
    """A value without parts; `exact` if a Decimal is allowed."""

    kind: object
    exact: bool = False
    judge: judges.Judge | None = None

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        try:
            # JSON has only text keys.
            converted: object = msgspec.convert(
                value, type=self.kind, str_keys=True, dec_hook=models.load
            )
        except msgspec.ValidationError as error:
            objected = [
                _at(pointer, steps, what) for steps, what in models.reasons(error.__cause__)
            ]
            errors += objected or [from_msgspec(str(error), value, pointer)]
        else:
            misfit = None if self.judge is None else self.judge(converted)
            errors += [] if misfit is None else [_at(pointer, misfit.steps, misfit.detail)]
            self.stray(value, pointer, errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        """Refuse the texts "NaN" and "Infinity", which msgspec accepts for a Decimal."""
        if self.exact and isinstance(value, str) and _is_not_finite(value):
            errors.append(Violation(pointer, "Expected a finite number"))


class _Container(msgspec.Struct, eq=False):
    """The checks of msgspec for a container with valid contents.

    They cover lengths, keys, tags and `__post_init__`.
    """

    inner: "_Object | _Map | _List | _Tuple | _Choice"
    leaf: _Leaf

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if models.is_model(self.leaf.kind):  # reports all violations but unknown fields
            self.leaf.check(value, pointer, errors)
            self.inner.stray(value, pointer, errors)
            return
        before = len(errors)
        self.inner.check(value, pointer, errors)
        if len(errors) == before:
            self.leaf.check(value, pointer, errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        self.inner.stray(value, pointer, errors)


class _Object(msgspec.Struct, eq=False):
    """A Struct, dataclass or TypedDict.

    `fields` is filled afterwards, since a type may contain itself.
    """

    takes: ClassVar[type] = dict
    fields: dict[str, Validator]
    required: frozenset[str]
    tag: str | None
    parts: list[tuple[str, Validator]] | None = None

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if not isinstance(value, dict):
            errors.append(Violation(pointer, f"Expected an object, got {_named(value)}"))
            return
        for name, validator in self.fields.items():
            here = f"{pointer}/{escaped(name)}"
            if name in value:
                validator.check(value[name], here, errors)
            elif name in self.required:
                errors.append(Violation(here, "This field is required"))
        self._unknown(value, pointer, errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if not isinstance(value, dict):
            return
        for name, validator in self._with_parts():
            if name in value:
                validator.stray(value[name], f"{pointer}/{escaped(name)}", errors)
        if not value.keys() <= self.fields.keys():
            self._unknown(value, pointer, errors)

    def _with_parts(self) -> list[tuple[str, Validator]]:
        """Return the fields that may hold something unknown."""
        if self.parts is None:  # at the first value: the fields are complete then
            self.parts = [each for each in self.fields.items() if not _is_plain(each[1])]
        return self.parts

    def _unknown(self, value: dict[str, Value], pointer: str, errors: list[Violation]) -> None:
        for name in value:
            if len(errors) >= limits.VIOLATIONS:
                return
            if name not in self.fields and name != self.tag:
                names = ", ".join(self.fields) or "none"
                detail = f"This field is not known; the fields are: {names}"
                errors.append(Violation(f"{pointer}/{escaped(name)}", detail))


class _Map(msgspec.Struct, eq=False):
    """An object with free names."""

    takes: ClassVar[type] = dict
    element: Validator

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if len(errors) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{escaped(name)}", errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if _is_plain(self.element) or not isinstance(value, dict):
            return
        for name, inner in value.items():
            if len(errors) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{escaped(name)}", errors)


class _List(msgspec.Struct, eq=False):
    """An array of equal elements."""

    takes: ClassVar[type] = list
    element: Validator

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        for position, inner in enumerate(value) if isinstance(value, list) else ():
            if len(errors) < limits.VIOLATIONS:
                self.element.check(inner, f"{pointer}/{position}", errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if _is_plain(self.element) or not isinstance(value, list):
            return
        for position, inner in enumerate(value):
            if len(errors) < limits.VIOLATIONS:
                self.element.stray(inner, f"{pointer}/{position}", errors)


class _Tuple(msgspec.Struct, eq=False):
    """An array with a type for each position."""

    takes: ClassVar[type] = list
    elements: list[Validator]

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        for position, (validator, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            validator.check(inner, f"{pointer}/{position}", errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        for position, (validator, inner) in enumerate(
            zip(self.elements, _inner(value, list), strict=False)
        ):
            validator.stray(inner, f"{pointer}/{position}", errors)


class _Choice(msgspec.Struct, eq=False):
    """A union. msgspec permits a single array type and a single object type, or tagged objects."""

    takes: ClassVar[type] = object
    array: Validator | None
    single: Validator | None
    field: str
    variants: dict[Value, Validator]

    def check(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if validator := self._chosen(value):
            validator.check(value, pointer, errors)

    def stray(self, value: Value, pointer: str, errors: list[Violation]) -> None:
        if validator := self._chosen(value):
            validator.stray(value, pointer, errors)

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


def _is_plain(validator: Validator) -> bool:
    """True if msgspec accepts nothing that has to be refused: a long list is not walked through."""
    return isinstance(validator, _Leaf) and not validator.exact


def _is_not_finite(text: str) -> bool:
    try:
        return not Decimal(text).is_finite()
    except ArithmeticError:  # not a number, in a pydantic model that reports this itself
        return False


def _at(pointer: str, steps: tuple[str, ...], what: str) -> Violation:
    return Violation(pointer + "".join(f"/{escaped(step)}" for step in steps), what)


def _compile(shape: Shape, seen: dict[object, _Container]) -> Validator:
    match shape:
        case shapes.Noted():
            return _compile(shape.shape, seen)
        case shapes.Object() | shapes.ObjectTuple() | shapes.Model():
            return seen[shape.kind] if shape.kind in seen else _object(shape, seen)
        case shapes.Choice():
            return _choice(shape, seen)
        case shapes.OpenChoice():
            arms: dict[Value, Validator] = {
                tag: _compile(arm, seen) for tag, arm in reading.arms(shape).items()
            }
            return _Container(_Choice(None, None, shape.kind.tag_field, arms), _Leaf(shape.kind))
        case shapes.Array():
            return _Container(_List(_compile(shape.item, seen)), _Leaf(shape.kind))
        case shapes.Map():
            leaf = _Leaf(shape.kind, judge=judges.judge(shape))
            return _Container(_Map(_compile(shape.value, seen)), leaf)
        case shapes.Tuple():
            return _Container(
                _Tuple([_compile(inner, seen) for inner in shape.items]), _Leaf(shape.kind)
            )
        case _:
            judge = judges.judge(shape) if isinstance(shape, shapes.Text) else None
            return _Leaf(shape.kind, exact=isinstance(shape, shapes.Exact), judge=judge)


def _object(
    shape: shapes.Object | shapes.ObjectTuple | shapes.Model, seen: dict[object, _Container]
) -> Validator:
    """Return a validator, registered before its fields, since a type may contain itself."""
    leaf = _Leaf(shape.kind)
    if isinstance(shape, shapes.ObjectTuple):
        if shape.tag is not None:
            return leaf
        tuple_ = _Tuple([])
        seen[shape.kind] = container = _Container(tuple_, leaf)
        tuple_.elements += [_compile(field.shape, seen) for field in shape.fields]
        return container
    declared = shape.declared if isinstance(shape, shapes.Object) else reading.members(shape)
    fields = [field for field in declared if field.settable]
    required = frozenset(field.wire for field in fields if field.required)
    inner = _Object({}, required, shape.tag_field if isinstance(shape, shapes.Object) else None)
    seen[shape.kind] = container = _Container(inner, leaf)
    inner.fields.update({field.wire: _compile(field.shape, seen) for field in fields})
    return container


def _choice(shape: shapes.Choice, seen: dict[object, _Container]) -> Validator:
    """Return the validator of a union's lists and objects; a leaf if there are none."""
    arms = [(arm, _compile(arm, seen)) for arm in shapes.alternatives(shape)]
    containers = [(arm, validator) for arm, validator in arms if isinstance(validator, _Container)]
    if not containers:
        exact = any(isinstance(arm, shapes.Exact) for arm, _ in arms)
        return _Leaf(shape.kind, exact=exact, judge=None if exact else judges.judge(shape))
    for _, validator in containers:
        # An open union. msgspec permits only None beside it.
        if isinstance(validator.inner, _Choice):
            return _Container(validator.inner, _Leaf(shape.kind))
    arrays = [validator for _, validator in containers if validator.inner.takes is list]
    objects = [(arm, validator) for arm, validator in containers if validator.inner.takes is dict]
    array = arrays[0] if len(arrays) == 1 else None
    if len(objects) == 1:
        return _Container(_Choice(array, objects[0][1], "", {}), _Leaf(shape.kind))
    field, variants = "", dict[Value, Validator]()
    for arm, validator in objects:
        if isinstance(arm, shapes.Object) and arm.tag_field is not None:
            field, variants[arm.tag] = arm.tag_field, validator
    return _Container(_Choice(array, None, field, variants), _Leaf(shape.kind))


def _inner(value: Value, only: type | tuple[type, ...] = (list, dict)) -> Sequence[Value]:
    """Return the elements of a list or an object; an empty list for any other value."""
    if not isinstance(value, only):
        return ()
    return list(value.values()) if isinstance(value, dict) else value  # type: ignore[return-value]


_PATH = re.compile(r" - at (?:`(?P<key>key)` in )?`\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def from_msgspec(message: str, value: Value, pointer: str) -> Violation:
    """Return msgspec's message with its path as a pointer, as far as the path leads.

    msgspec calls a key of a map `[...]`, so that the pointer ends at the map.
    """
    path = _PATH.search(message)
    if path is None:
        return Violation(pointer, message)
    for name, number in _STEP.findall(path["path"]):
        step, here = name or number, value
        if isinstance(here, dict) and name in here:
            value = here[name]
        elif isinstance(here, list) and number.isdecimal() and int(number) < len(here):
            value = here[int(number)]
        else:
            break
        pointer += f"/{escaped(step)}"
    detail = message[: path.start()]
    return Violation(pointer, f"{detail} as the name of a field" if path["key"] else detail)


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
