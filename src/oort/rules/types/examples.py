"""Examples of types, as JSON that the type accepts, for the curl commands of the command line.

A type's own examples have priority (`Meta(examples=[...])`), then a field's default, then a
readable value. The same type always has the same example; only the arguments vary it.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import singledispatch
from typing import cast

import msgspec

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.patterns import dialect, searches
from oort.rules.types import reading, shapes, validation
from oort.rules.types.shapes import Field, Shape

_TODAY = date(2026, 1, 1)
_EMAIL = re.compile(r"([^@\s]+)@([^@\s]+)")
_TEXTS = (
    "example",
    "Example",
    "a",
    "A",
    "1",
    "ab",
    "AB",
    "123",
    "1.5",
    "ada@example.com",
    "https://example.com",
    "2026-01-01",
)
_NUMBERS: tuple[int | float, ...] = (1, 0, 1.5)
_INSTEAD = 'Give it one: Annotated[..., Meta(examples=["..."])].'


def example(kind: object, *, tag: str = "", today: date | None = None) -> Value:
    """Return an example of the type. `tag` makes e-mail addresses unique; times lie on `today`.

    Raises InvalidValue for a type without an example, for instance a text with a pattern that no
    readable text matches.

    >>> example(dict[str, list[int]])
    {'example': [1]}
    """
    validator, shape = validation.compiled(kind), reading.compiled(kind)
    if isinstance(shape, shapes.Unreadable):
        raise InvalidValue(f"{kind!r} has no example: {shape.problem}")
    refused: frozenset[str] = frozenset()
    errors: list[validation.Violation] = []
    for _ in range(2):  # the second time without defaults that the type itself refuses
        value = of_shape(shape, _Wish(tag, today or _TODAY, "example", frozenset(), refused))
        errors = validation.violations(validator, value)
        if not errors:
            return value
        refused = frozenset(step for error in errors for step in error.pointer.split("/"))
    raise InvalidValue(
        f"There is no example of {errors[0].pointer or kind}: {errors[0].detail}.", _INSTEAD
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """The context of an example: its field's name, its enclosing types, and unusable defaults."""

    tag: str
    today: date
    name: str
    inside: frozenset[object]
    refused: frozenset[str]

    def tagged(self, value: Value) -> Value:
        """Add the tag to every e-mail address: ada@example.com becomes ada+TAG@example.com."""
        if isinstance(value, dict):
            return {name: self.tagged(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.tagged(inner) for inner in value]
        if self.tag and isinstance(value, str) and (address := _EMAIL.fullmatch(value)):
            return f"{address[1]}+{self.tag}@{address[2]}"
        return value

    def within(self, kind: object) -> "_Wish":
        """Return the context for a part of the type.

        InvalidValue for a type that contains itself endlessly.
        """
        if kind in self.inside:
            raise InvalidValue(
                f"{kind!r} contains itself without end.", "Make one of its fields optional."
            )
        return replace(self, inside=self.inside | {kind})


@singledispatch
def of_shape(shape: Shape, wish: _Wish) -> Value:
    """Return the example of a shape."""
    if shape.kind is object:
        return wish.name
    raise InvalidValue(f"{shape.kind!r} has no example.", "Use a type that msgspec can decode.")


def _json(value: object) -> Value:
    return cast(Value, msgspec.json.decode(msgspec.json.encode(value)))


@of_shape.register(shapes.Noted)
def _(shape: shapes.Noted, wish: _Wish) -> Value:
    examples = _examples(shape)
    return wish.tagged(_json(examples[0])) if examples else of_shape(shape.shape, wish)


def _examples(shape: shapes.Noted) -> list[object]:
    return cast(list[object], shape.notes.get("examples") or [])


@of_shape.register(shapes.Choice)
def _(shape: shapes.Choice, wish: _Wish) -> Value:
    return _first(sorted(shape.members, key=lambda arm: isinstance(arm, shapes.Null)), wish)


@of_shape.register(shapes.OpenChoice)
def _(shape: shapes.OpenChoice, wish: _Wish) -> Value:
    return _first(reading.arms(shape).values(), wish)


def _first(arms: Iterable[Shape], wish: _Wish) -> Value:
    refusal: InvalidValue | None = None
    for arm in arms:
        try:
            return of_shape(arm, wish)
        except InvalidValue as error:
            refusal = refusal or error
    raise refusal or InvalidValue("A union of nothing has no example.")


@of_shape.register(shapes.Object)
def _(shape: shapes.Object, wish: _Wish) -> Value:
    tag: dict[str, Value] = {} if shape.tag_field is None else {shape.tag_field: shape.tag}
    inner = wish.within(shape.kind)
    fields = [field for field in shape.fields if field.settable and not field.may_be_unset]
    return tag | {field.wire: _field(field, inner) for field in fields}


@of_shape.register(shapes.ObjectTuple)
def _(shape: shapes.ObjectTuple, wish: _Wish) -> Value:
    tag: list[Value] = [] if shape.tag is None else [shape.tag]
    inner = wish.within(shape.kind)
    return tag + [_field(field, inner) for field in shape.fields if not field.may_be_unset]


def _field(field: Field, wish: _Wish) -> Value:
    named = replace(wish, name=field.wire)
    if field.required or field.wire in wish.refused or _has_examples(field.shape):
        return of_shape(field.shape, named)
    if field.default_factory in (list, dict, set, tuple, frozenset):
        return {} if field.default_factory is dict else []
    if field.default is msgspec.NODEFAULT:  # the user's factory may return another value each time
        return of_shape(field.shape, named)
    try:
        return wish.tagged(_json(field.default))
    except TypeError:  # a default that is not JSON
        return of_shape(field.shape, named)


def _has_examples(shape: Shape) -> bool:
    if isinstance(shape, shapes.Choice):
        return any(_has_examples(arm) for arm in shape.members)
    return isinstance(shape, shapes.Noted) and bool(_examples(shape))


@of_shape.register(shapes.Array)
def _(shape: shapes.Array, wish: _Wish) -> Value:
    if shape.max_length == 0:
        return []
    try:
        element = of_shape(shape.item, wish)
    except InvalidValue:
        if shape.min_length:
            raise
        return []
    if (shape.min_length or 0) > 1 and shape.unique:
        raise InvalidValue(
            f"A set of {shape.min_length} different elements has no example.", _INSTEAD
        )
    return [element] * max(1, shape.min_length or 0)


@of_shape.register(shapes.Tuple)
def _(shape: shapes.Tuple, wish: _Wish) -> Value:
    return [of_shape(item, wish) for item in shape.items]


@of_shape.register(shapes.Map)
def _(shape: shapes.Map, wish: _Wish) -> Value:
    if shape.max_length == 0:
        return {}
    try:
        key = of_shape(shape.key, wish)
        return {key if isinstance(key, str) else _plain_text(key): of_shape(shape.value, wish)}
    except InvalidValue:
        if shape.min_length:
            raise
        return {}


def _plain_text(value: Value) -> str:
    return msgspec.json.encode(value).decode()


@of_shape.register(shapes.Text)
def _(shape: shapes.Text, wish: _Wish) -> Value:
    named = (
        "ada@example.com"
        if "email" in wish.name.lower().replace("-", "").replace("_", "")
        else wish.name
    )
    for text in _sized((named, *_TEXTS), shape.min_length or 0, shape.max_length):
        if shape.pattern is None or _matches(shape.pattern, text):
            return wish.tagged(text)
    written = _written(shape.pattern or "", shape.min_length or 0, shape.max_length)
    if written is None:
        raise InvalidValue(f"No readable text matches {shape.pattern} for {wish.name}.", _INSTEAD)
    return written


def _matches(pattern: str, text: str) -> bool:
    return searches.matches(dialect.translated(pattern).exported, text) is True


def _written(pattern: str, least: int, most: int | None) -> str | None:
    exported = dialect.translated(pattern).exported
    try:
        return searches.shortest([exported], least=least, most=most)
    except searches.Open:
        return None


def _sized(texts: Iterable[str], least: int, most: int | None) -> Iterable[str]:
    """Repeat or cut the texts until they fit."""
    return [
        (text * -(-least // len(text)) if len(text) < least else text)[:most]
        for text in texts
        if text
    ]


@of_shape.register(shapes.Number)
def _(shape: shapes.Number, wish: _Wish) -> Value:
    low = shape.ge if shape.ge is not None else shape.gt
    high = shape.le if shape.le is not None else shape.lt
    step = shape.multiple_of
    edges = [edge for edge in (low, high) if edge is not None]
    if low is not None and high is not None:
        edges.append((low + high) / 2)
    near = [number for edge in edges for number in (edge, edge + 1, edge - 1)]
    if step:
        near = [(number // step + up) * step for number in (*_NUMBERS, *edges) for up in (0, 1)]
    for number in (*_NUMBERS, *near):
        if not shape.integer or number == int(number):
            fitting = int(number) if number == int(number) else float(number)
            if _fits(fitting, shape):
                return fitting
    raise InvalidValue(f"No example lies within the bounds of {wish.name}.", _INSTEAD)


def _fits(number: float, shape: shapes.Number) -> bool:
    return (
        (shape.ge is None or number >= shape.ge)
        and (shape.gt is None or number > shape.gt)
        and (shape.le is None or number <= shape.le)
        and (shape.lt is None or number < shape.lt)
        and (not shape.multiple_of or number % shape.multiple_of == 0)
    )


@of_shape.register(shapes.Binary)
def _(shape: shapes.Binary, wish: _Wish) -> Value:
    (text,) = _sized((wish.name or "example",), shape.min_length or 0, shape.max_length)
    return base64.b64encode(text.encode()).decode()


@of_shape.register(shapes.Enumeration)
def _(shape: shapes.Enumeration, _: _Wish) -> Value:
    return _json(next(iter(shape.kind)))


@of_shape.register(shapes.Constant)
def _(shape: shapes.Constant, _: _Wish) -> Value:
    return shape.values[0]


@of_shape.register(shapes.Null)
@of_shape.register(shapes.Boolean)
def _(shape: shapes.Null | shapes.Boolean, _: _Wish) -> Value:
    return None if isinstance(shape, shapes.Null) else True


@of_shape.register(shapes.Anything)
def _(_shape: shapes.Anything, wish: _Wish) -> Value:
    return wish.name


@of_shape.register(shapes.Exact)
def _(_shape: shapes.Exact, _: _Wish) -> Value:
    return "9.90"


@of_shape.register(shapes.Formatted)
def _(shape: shapes.Formatted, wish: _Wish) -> Value:
    day = wish.today.isoformat()
    match shape.format:
        case "date":
            return day
        case "date-time":
            return f"{day}T12:00:00{'Z' if shape.zone else ''}"
        case "time":
            return f"12:00:00{'Z' if shape.zone else ''}"
        case "duration":
            return "PT1H"
        case _:  # "uuid"
            return "01890a5d-ac96-774b-bcce-b302099a8057"
