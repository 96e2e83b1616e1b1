"""One example of a type, as JSON that the type accepts. The command line prints it in the curl commands it suggests.

A type's own examples come first (`Meta(examples=[...])`), then a field's default, then something readable. The same type
always gives the same example; the only things that vary are arguments.
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import msgspec
from msgspec import inspect

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.model.opens import OpenUnion
from oort.rules.types import type_parts, validation

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
    """One value of the type. `tag` makes e-mail addresses unique; times lie on `today`.

    Raises InvalidValue for a type without an example, such as a text with a pattern that nothing readable matches.

    >>> example(dict[str, list[int]])
    {'example': [1]}
    """
    shape = validation.compiled(kind)
    try:
        described = inspect.type_info(kind)
    except TypeError as error:
        raise InvalidValue(f"{kind!r} has no example: {error}") from error
    refused: frozenset[str] = frozenset()
    found: list[validation.Violation] = []
    for _ in range(
        2
    ):  # a default may be one that the type itself refuses; the second time it is left aside
        value = _value(described, _Wish(tag, today or _TODAY, "example", frozenset(), refused))
        found = validation.violations(shape, value)
        if not found:
            return value
        refused = frozenset(step for violation in found for step in violation.pointer.split("/"))
    raise InvalidValue(
        f"There is no example of {found[0].pointer or kind}: {found[0].detail}.", _INSTEAD
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the example is for: the field's name, the types it is already inside of, and fields with unusable defaults."""

    tag: str
    today: date
    name: str
    inside: frozenset[object]
    refused: frozenset[str]

    def tagged(self, value: Value) -> Value:
        """The value with the tag in every e-mail address: ada@example.com becomes ada+TAG@example.com."""
        if isinstance(value, dict):
            return {name: self.tagged(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.tagged(inner) for inner in value]
        if self.tag and isinstance(value, str) and (address := _EMAIL.fullmatch(value)):
            return f"{address[1]}+{self.tag}@{address[2]}"
        return value

    def within(self, kind: object) -> "_Wish":
        """The wish for a part of the type; InvalidValue if the type contains itself and so has no end."""
        if kind in self.inside:
            raise InvalidValue(
                f"{kind!r} contains itself without end.", "Make one of its fields optional."
            )
        return replace(self, inside=self.inside | {kind})


def _value(described: inspect.Type, wish: _Wish) -> Value:
    for kind, make in _MAKERS:
        if isinstance(described, kind):
            return make(described, wish)
    raise InvalidValue(f"{described!r} has no example.", _INSTEAD)


def _metadata(described: inspect.Metadata, wish: _Wish) -> Value:
    given = (described.extra_json_schema or {}).get("examples")
    return wish.tagged(_plain(given[0])) if given else _value(described.type, wish)


def _plain(value: object) -> Value:
    return cast(Value, msgspec.json.decode(msgspec.json.encode(value)))


def _union(described: inspect.UnionType, wish: _Wish) -> Value:
    return _first(sorted(described.types, key=lambda arm: isinstance(arm, inspect.NoneType)), wish)


def _first(arms: Iterable[inspect.Type], wish: _Wish) -> Value:
    refusal: InvalidValue | None = None
    for arm in arms:
        try:
            return _value(arm, wish)
        except InvalidValue as error:
            refusal = refusal or error
    raise refusal or InvalidValue("A union of nothing has no example.")


def _object(
    described: inspect.StructType | inspect.DataclassType | inspect.TypedDictType, wish: _Wish
) -> Value:
    inner = wish.within(described.cls)
    result: dict[str, Value] = {}
    if isinstance(described, inspect.StructType) and described.tag_field is not None:
        result[described.tag_field] = described.tag
    for field in described.fields:
        if _settable(described.cls, field):
            result[field.encode_name] = _field(field, inner)
    if isinstance(described, inspect.StructType) and described.array_like:
        return list(result.values())
    return result


def _settable(kind: type, field: inspect.Field) -> bool:
    """False for a field without a value of its own (UNSET, NotRequired) and for a dataclass's field(init=False)."""
    unset = not field.required and field.default is field.default_factory is msgspec.NODEFAULT
    declared = getattr(kind, "__dataclass_fields__", {}).get(field.name)
    return not unset and (declared is None or bool(declared.init))


def _field(field: inspect.Field, wish: _Wish) -> Value:
    named = replace(wish, name=field.encode_name)
    if field.required or field.encode_name in wish.refused or _has_examples(field.type):
        return _value(field.type, named)
    if field.default_factory in (list, dict, set, tuple, frozenset):
        return {} if field.default_factory is dict else []
    if (
        field.default is msgspec.NODEFAULT
    ):  # a factory of the user's own may give something else each time
        return _value(field.type, named)
    try:
        return wish.tagged(_plain(field.default))
    except TypeError:  # a default that is not JSON
        return _value(field.type, named)


def _has_examples(described: inspect.Type) -> bool:
    if isinstance(described, inspect.UnionType):
        return any(_has_examples(arm) for arm in described.types)
    return isinstance(described, inspect.Metadata) and bool(
        (described.extra_json_schema or {}).get("examples")
    )


def _row(described: inspect.NamedTupleType, wish: _Wish) -> Value:
    inner = wish.within(described.cls)
    return [_field(field, inner) for field in described.fields]


def _collection(described: inspect.CollectionType, wish: _Wish) -> Value:
    if described.max_length == 0:
        return []
    try:
        element = _value(described.item_type, wish)
    except InvalidValue:
        if described.min_length:
            raise
        return []
    if (described.min_length or 0) > 1 and isinstance(
        described, inspect.SetType | inspect.FrozenSetType
    ):
        raise InvalidValue(
            f"A set of {described.min_length} different elements has no example.", _INSTEAD
        )
    return [element] * max(1, described.min_length or 0)


def _map(described: inspect.DictType, wish: _Wish) -> Value:
    if described.max_length == 0:
        return {}
    try:
        key = _value(described.key_type, wish)
        return {
            key if isinstance(key, str) else _plain_text(key): _value(described.value_type, wish)
        }
    except InvalidValue:
        if described.min_length:
            raise
        return {}


def _plain_text(value: Value) -> str:
    return msgspec.json.encode(value).decode()


def _text(described: inspect.StrType, wish: _Wish) -> Value:
    named = (
        "ada@example.com"
        if "email" in wish.name.lower().replace("-", "").replace("_", "")
        else wish.name
    )
    for text in _sized((named, *_TEXTS), described.min_length or 0, described.max_length):
        if described.pattern is None or re.search(described.pattern, text):
            return wish.tagged(text)
    raise InvalidValue(f"No readable text matches {described.pattern} for {wish.name}.", _INSTEAD)


def _sized(texts: Iterable[str], least: int, most: int | None) -> Iterable[str]:
    """The texts, repeated or cut until they fit."""
    return [
        (text * -(-least // len(text)) if len(text) < least else text)[:most]
        for text in texts
        if text
    ]


def _number(described: inspect.IntType | inspect.FloatType, wish: _Wish) -> Value:
    low = described.ge if described.ge is not None else described.gt
    high = described.le if described.le is not None else described.lt
    step = described.multiple_of
    edges = [edge for edge in (low, high) if edge is not None]
    if low is not None and high is not None:
        edges.append((low + high) / 2)
    near = [number for edge in edges for number in (edge, edge + 1, edge - 1)]
    if step:
        near = [(number // step + up) * step for number in (*_NUMBERS, *edges) for up in (0, 1)]
    for number in (*_NUMBERS, *near):
        if isinstance(described, inspect.FloatType) or number == int(number):
            fitting = (
                float(number)
                if isinstance(described, inspect.FloatType) and number != int(number)
                else int(number)
            )
            if _fits(fitting, described):
                return fitting
    raise InvalidValue(f"No example lies within the bounds of {wish.name}.", _INSTEAD)


def _fits(number: float, described: inspect.IntType | inspect.FloatType) -> bool:
    return (
        (described.ge is None or number >= described.ge)
        and (described.gt is None or number > described.gt)
        and (described.le is None or number <= described.le)
        and (described.lt is None or number < described.lt)
        and (not described.multiple_of or number % described.multiple_of == 0)
    )


def _bytes(
    described: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType, wish: _Wish
) -> Value:
    (text,) = _sized((wish.name or "example",), described.min_length or 0, described.max_length)
    return base64.b64encode(text.encode()).decode()


def _custom(described: inspect.CustomType, wish: _Wish) -> Value:
    if isinstance(described.cls, OpenUnion):
        return _first(type_parts.arms(described.cls), wish)
    if described.cls is not object:
        raise InvalidValue(
            f"{described.cls!r} has no example.", "Use a type that msgspec can decode."
        )
    return wish.name


_Maker = Callable[[inspect.Type, _Wish], Value]


def _maker(kind: type | tuple[type, ...], make: object) -> tuple[type | tuple[type, ...], _Maker]:
    return kind, cast(_Maker, make)  # the kind in front is what makes the cast right


_MAKERS = (
    _maker(inspect.Metadata, _metadata),
    _maker(inspect.UnionType, _union),
    _maker((inspect.StructType, inspect.DataclassType, inspect.TypedDictType), _object),
    _maker(inspect.NamedTupleType, _row),
    _maker(inspect.CollectionType, _collection),
    _maker(inspect.TupleType, lambda row, wish: [_value(item, wish) for item in row.item_types]),
    _maker(inspect.DictType, _map),
    _maker(inspect.StrType, _text),
    _maker((inspect.IntType, inspect.FloatType), _number),
    _maker((inspect.BytesType, inspect.ByteArrayType, inspect.MemoryViewType), _bytes),
    _maker(inspect.EnumType, lambda enum, _: _plain(next(iter(enum.cls)))),
    _maker(inspect.LiteralType, lambda literal, _: literal.values[0]),
    _maker(inspect.NoneType, lambda _, __: None),
    _maker(inspect.BoolType, lambda _, __: True),
    _maker(inspect.AnyType, lambda _, wish: wish.name),
    _maker(inspect.DateType, lambda _, wish: wish.today.isoformat()),
    _maker(
        inspect.DateTimeType,
        lambda time, wish: (
            f"{wish.today.isoformat()}T12:00:00{'Z' if time.tz is not False else ''}"
        ),
    ),
    _maker(inspect.TimeType, lambda time, _: f"12:00:00{'Z' if time.tz else ''}"),
    _maker(inspect.TimeDeltaType, lambda _, __: "PT1H"),
    _maker(inspect.UUIDType, lambda _, __: "01890a5d-ac96-774b-bcce-b302099a8057"),
    _maker(inspect.DecimalType, lambda _, __: "9.90"),
    _maker(inspect.CustomType, _custom),
)
