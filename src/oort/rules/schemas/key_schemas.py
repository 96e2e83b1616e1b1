"""Schemas of the names in an object that is a dict: names are texts, also those of numbers.

`schemas` uses it. The schemas say what msgspec reads as a key and writes for it.
"""

import math
from typing import cast

from oort.model.errors import InvalidValue
from oort.model.items import Value
from oort.rules.schemas.schema_keywords import Schema
from oort.rules.types import shapes
from oort.rules.types.shapes import Shape

_FLOAT = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_READ = "^-?(?:0|[1-9][0-9]*)$"
_WRITTEN = "^(?:0|-?[1-9][0-9]*)$"
_LISTED = 200  # names that are listed, if no pattern can say which
_INSTEAD = "Use str as the type of the keys, or a type without these bounds."


def names(shape: Shape, schema: Schema, *, read: bool) -> Schema:
    """Return the schema of the names for a type of keys; `schema` is that of its values.

    `read` is True for names that are read: the integer 0 may then be written as -0.

    >>> names(shapes.Number(int, True, ge=1, le=12), {}, read=False)
    {'pattern': '^(?:[1-9]|1[0-2])$'}
    """
    match shape:
        case shapes.Noted():
            return {**names(shape.shape, schema, read=read), **_notes(shape)}
        case shapes.Number(integer=True):
            return _integers(shape, read=read)
        case shapes.Number():
            if _bounds(shape) or shape.multiple_of is not None:
                raise InvalidValue("The bounds of a float have no JSON Schema for names.", _INSTEAD)
            return {"pattern": _FLOAT}
        case shapes.Constant():
            return _listed(shape.values, read=read)
        case shapes.Enumeration() if not all(isinstance(each.value, str) for each in shape.kind):
            return _listed(tuple(each.value for each in shape.kind), read=read)
        case _:
            return {name: value for name, value in schema.items() if name != "type"}


def _notes(shape: shapes.Noted) -> Schema:
    return cast(Schema, {name: value for name, value in shape.notes.items() if name != "examples"})


def _listed(values: tuple[object, ...], *, read: bool) -> Schema:
    texts: list[Value] = [str(value) for value in values if value is not None]
    return {"enum": [*texts, "-0"] if read and 0 in values else texts}


def _bounds(shape: shapes.Number) -> bool:
    return any(bound is not None for bound in (shape.ge, shape.gt, shape.le, shape.lt))


def _integers(shape: shapes.Number, *, read: bool) -> Schema:
    lows = [math.ceil(shape.ge)] if shape.ge is not None else []
    lows += [math.floor(shape.gt) + 1] if shape.gt is not None else []
    highs = [math.floor(shape.le)] if shape.le is not None else []
    highs += [math.ceil(shape.lt) - 1] if shape.lt is not None else []
    low, high = max(lows, default=None), min(highs, default=None)
    if shape.multiple_of is not None:
        return _multiples(low, high, shape.multiple_of, read=read)
    if low is None and high is None:
        return {"pattern": _READ if read else _WRITTEN}
    if low is not None and high is not None and low > high:
        return {"enum": []}
    return {"pattern": f"^(?:{'|'.join(_written(low, high, read=read))})$"}


def _multiples(low: int | None, high: int | None, step: float, *, read: bool) -> Schema:
    if low is None or high is None or (high - low) / step > _LISTED:
        what = "The multiples of a number have no JSON Schema for names, if they are many."
        raise InvalidValue(what, _INSTEAD)
    numbers = tuple(number for number in range(low, high + 1) if number % step == 0)
    return _listed(numbers, read=read)


def _written(low: int | None, high: int | None, *, read: bool) -> list[str]:
    """Return patterns for all integers within the limits, as JSON writes them."""
    ways: list[str] = []
    if (low is None or low <= 0) and (high is None or high >= 0):
        ways.append("-?0" if read else "0")
    if high is None or high > 0:
        ways += _naturals(max(low or 1, 1), high)
    if low is None or low < 0:
        least = max(1, -high) if high is not None else 1
        ways += [f"-{way}" for way in _naturals(least, None if low is None else -low)]
    return ways


def _naturals(low: int, high: int | None) -> list[str]:
    if low == 1 and high is None:
        return ["[1-9][0-9]*"]
    first, last = str(low), None if high is None else str(high)
    ways: list[str] = []
    for size in range(len(first), len(last or first) + 1):
        least = first if size == len(first) else "1" + "0" * (size - 1)
        most = last if last is not None and size == len(last) else "9" * size
        ways.append(_between(least, most))
    return ways if last is not None else [*ways, f"[1-9][0-9]{{{len(first)},}}"]


def _between(low: str, high: str) -> str:
    """Return a pattern for the digits from `low` to `high`, which are equally many."""
    if low == high:
        return low
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        return _digits(low[0], high[0]) + ("[0-9]" * (len(low) - 1))
    if low[0] == high[0]:
        return low[0] + _between(low[1:], high[1:])
    rest = len(low) - 1
    ways = [low[0] + _between(low[1:], "9" * rest)]
    if int(high[0]) - int(low[0]) > 1:
        ways.append(_between(f"{int(low[0]) + 1}{'0' * rest}", f"{int(high[0]) - 1}{'9' * rest}"))
    ways.append(high[0] + _between("0" * rest, high[1:]))
    return f"(?:{'|'.join(ways)})"


def _digits(low: str, high: str) -> str:
    return low if low == high else f"[{low}-{high}]"
