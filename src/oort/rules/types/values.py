"""Values of a declared type where they enter and leave a process: the same rules in both directions.

msgspec checks most of it. This module adds what msgspec does not know: no number is infinite or
NaN, a time has its zone, `1.0` is an integer as in JSON Schema, and a dataclass is written with the
fields that were defaulted.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from oort.model.errors import LimitExceeded
from oort.model.items import Value
from oort.rules.types import defaults, judges, models, numbers, reading, shapes
from oort.rules.types.shapes import Shape

T = TypeVar("T")
_DOUBTFUL = shapes.Anything | shapes.Model | shapes.Custom | shapes.OpenChoice
_TIMES = (datetime,)
_UNHASHABLE = "Expected items that a set can hold"
_LONGEST_INTEGER = 40  # digits of an integer that is written with an exponent


class Values(Generic[T]):
    """A type, compiled for reading and writing its values.

    >>> Values(list[int]).read(b"[1, 2.0]")
    [1, 2]
    """

    def __init__(self, kind: type[T]) -> None:
        shape = reading.compiled(kind)
        self.kind = kind
        self._shape = shape
        self._decoder = msgspec.json.Decoder(kind, dec_hook=models.load)
        self._judge = judges.judge(shape)
        self._judge_of_json = judges.judge(shape, of_json=True)
        self._fill = defaults.filler(shape)
        # JSON has no NaN: msgspec writes null, which only the value before can show.
        self._direct = self._fill is None and not _may_write_null(shape)
        self._may_be_exact = any(
            isinstance(inner, shapes.Exact | _DOUBTFUL) for inner in reading.inside([shape])
        )

    def read(self, data: bytes) -> T:
        """Return the JSON text as the type.

        Raises msgspec's ValidationError, and UnicodeDecodeError or RecursionError as msgspec does.
        """
        try:
            value = self._decoder.decode(data)
        except msgspec.ValidationError as error:
            if (exact := integers(data)) == data:
                raise _joined(error) from error.__cause__
            value = self._decoded(exact)
        except TypeError as error:  # a set cannot hold a list
            raise msgspec.ValidationError(_UNHASHABLE) from error
        if self._judge_of_json and (misfit := self._judge_of_json(value)) is not None:
            raise msgspec.ValidationError(misfit.message)
        return value

    def convert(self, value: object) -> T:
        """Return a value in the types of JSON as the type. Raises msgspec's ValidationError."""
        return self._converted(value, models.load)

    def plain(
        self, value: object, *, keep: tuple[type, ...] = (), most: int = sys.maxsize
    ) -> Value:
        """Return a value as the type reads it, in the types of JSON and in those that are kept.

        So the defaults of the type are there, and the further fields of a subclass are not. A
        Decimal is kept only where the type reads a Decimal. Raises msgspec's ValidationError if the
        value does not fit, TypeError if it cannot be encoded, and LimitExceeded if it certainly has
        more than `most` bytes: a huge value costs no further look.
        """
        if Decimal in keep and not self._may_be_exact:
            keep = _TIMES if datetime in keep else ()
        result = _builtins(value, keep=keep) if keep else models.builtins(value)
        # Without a judge, and with nothing to keep, no value is looked at here.
        if most < sys.maxsize and (keep or self._judge is not None):
            _check_size(result, most, of=value)
        if Decimal in keep and numbers.hold_decimal([result]):
            # msgspec takes a Decimal for a float, but not a text.
            self._converted(models.builtins(value), models.load_written)
        again = self._converted(result, models.load_written)
        if not _is_equal(again, value):
            self._check_instance(value)
            result = _builtins(again, keep=keep)
        if self._fill is not None:
            self._fill(result, keep)
        return result

    def write(self, value: object) -> bytes:
        """Return a value of the type as JSON. Raises as `plain` does."""
        if not self._direct:
            return msgspec.json.encode(self.plain(value))
        data = msgspec.json.encode(value)
        try:
            again = self._decoder.decode(data)
        except msgspec.ValidationError:
            self.plain(value)  # its error tells NaN from null
            raise
        self._hold(again)
        if _is_equal(again, value):
            return data
        self._check_instance(value)
        return msgspec.json.encode(again)

    def _converted(self, value: object, hook: Callable[[type, object], object]) -> T:
        try:
            converted = msgspec.convert(value, self.kind, str_keys=True, dec_hook=hook)
        except msgspec.ValidationError as error:
            raise _joined(error) from error.__cause__
        except TypeError as error:
            raise msgspec.ValidationError(_UNHASHABLE) from error
        if self._judge is not None and (misfit := self._judge(converted)) is not None:
            raise msgspec.ValidationError(misfit.message)
        return converted

    def _decoded(self, data: bytes) -> T:
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as error:
            raise _joined(error) from error.__cause__

    def _hold(self, value: object) -> None:
        if self._judge is not None and (misfit := self._judge(value)) is not None:
            raise msgspec.ValidationError(misfit.message)

    def _check_instance(self, value: object) -> None:
        """Raise ValidationError for a value of another type, which msgspec would convert."""
        from oort.rules.types import instances  # few values do not come back equal

        if (misfit := instances.misfit(self._shape, value)) is not None:
            raise msgspec.ValidationError(misfit.message)


def compiled(kind: type[T]) -> Values[T]:
    """Return the compiled type. The last 1,000 types are kept: a handler may write `list[int]` anew
    in each call.
    """
    try:
        return _compiled(kind)  # type: ignore[arg-type]  # some types cannot be hashed
    except TypeError:  # notes with a list, or a type that JSON cannot have
        return Values(kind)


@lru_cache(maxsize=1000)
def _compiled(kind: Any) -> Values[Any]:
    return Values(kind)


def integers(data: bytes) -> bytes:
    """Return the JSON text with whole numbers such as `1.0` and `1e2` written as integers.

    >>> integers(b'[1.0,1e2,1.5,"1.0"]')
    b'[1,100,1.5,"1.0"]'
    """
    if b"." not in data and b"e" not in data and b"E" not in data:
        return data
    return msgspec.json.encode(_exact.decode(data))


def _number(text: str) -> msgspec.Raw:
    number = Decimal(text)
    is_whole = number.adjusted() < _LONGEST_INTEGER and number == number.to_integral_value()
    return msgspec.Raw(str(int(number)).encode() if is_whole else text.encode())


_exact = msgspec.json.Decoder(float_hook=_number)


def _builtins(value: object, *, keep: tuple[type, ...]) -> Value:
    try:
        return models.builtins(value, keep=keep)
    except TypeError:
        # msgspec does not keep what is the name of a member.
        return cast(Value, _named(models.builtins(value, keep=keep, str_keys=False)))


def _check_size(result: Value, most: int, *, of: object) -> None:
    from oort.rules.types.sizes import exceeds  # for writes only

    if exceeds(result, most):
        raise LimitExceeded(
            f"{type(of).__name__} has more than {most:,} bytes.",
            "Store the data in parts, and keep a reference.",
        )


def _named(value: object) -> object:
    """Return the value with texts as the names of all members."""
    if isinstance(value, dict):
        members = cast(dict[object, object], value)
        return {
            name if isinstance(name, str) else _name(name): _named(inner)
            for name, inner in members.items()
        }
    if isinstance(value, list | tuple):
        return [_named(inner) for inner in cast(Sequence[object], value)]
    return value


def _name(value: object) -> str:
    (name,) = cast(dict[str, object], models.builtins({value: None}))
    return name


def _is_equal(again: object, value: object) -> bool:
    """True if the value had the declared type: instances of other classes are never equal."""
    try:
        return type(again) is type(value) and bool(again == value)
    except Exception:  # whatever a user's class does
        return False


def _joined(error: msgspec.ValidationError) -> msgspec.ValidationError:
    message = models.joined(str(error))
    return error if message == str(error) else msgspec.ValidationError(message)


def _may_write_null(shape: Shape) -> bool:
    """True if msgspec may write null for a number of the type, and the type takes null."""
    inside = list(reading.inside([shape]))
    return any(
        isinstance(inner, _DOUBTFUL)
        or (isinstance(inner, shapes.Map) and not isinstance(shapes.bare(inner.key), shapes.Text))
        for inner in inside
    ) or (
        any(isinstance(inner, shapes.Number) and not inner.integer for inner in inside)
        and any(isinstance(inner, shapes.Null) for inner in inside)
    )
