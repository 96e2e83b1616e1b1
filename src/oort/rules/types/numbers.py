"""Values that both targets store without loss: finite 38-digit numbers, and valid Unicode.

Numbers are decimal, as in DynamoDB: a float stands for its printed number.
"""

import math
from collections.abc import Callable, Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import TypeAlias

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.items import Number, Value

_Judge: TypeAlias = Callable[[Number, str], None]
_SMALL = 10**15
_TINY, _HUGE = 1e-129, 1e125  # a float between them is within every limit: it has at most 17 digits
_LARGE = 10**limits.NUMBER_EXPONENT_HIGHEST * 10
_UNROUNDED = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)


def exact(number: Number) -> Decimal:
    """Return the decimal number that a number of an item stands for.

    >>> exact(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def narrowed(number: Decimal) -> Number:
    """Return a decimal number as items hold it: all its digits, without trailing zeros.

    `check` refuses a number that is returned unchanged because it is out of range.

    >>> narrowed(Decimal("2.00")), narrowed(Decimal("1.10")), narrowed(Decimal("1.00000000000000001"))
    (2, 1.1, Decimal('1.00000000000000001'))
    """
    if not number:
        return 0
    if not number.is_finite() or not _is_in_range(number):
        return number
    short = number.normalize(_UNROUNDED)
    if short == short.to_integral_value():
        return int(short)
    printed = float(short)
    return printed if exact(printed) == short else short


def is_float(number: int) -> bool:
    """True if a float holds the integer exactly.

    >>> is_float(2**53), is_float(2**53 + 1)
    (True, False)
    """
    try:
        return int(float(number)) == number
    except OverflowError:
        return False


def added(left: Number, right: Number) -> Number:
    """Return the exact sum. A sum with more digits than a number may have is returned for `check`.

    >>> added(0.1, 0.2)
    0.3
    """
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return narrowed(_UNROUNDED.add(exact(left), exact(right)))


def hold_decimal(values: Iterable[Value]) -> bool:
    """True if a Decimal is among the values, or inside of them."""
    for value in values:
        if isinstance(value, dict):
            if hold_decimal(value.values()):
                return True
        elif isinstance(value, list | tuple):
            if hold_decimal(value):
                return True
        elif isinstance(value, Decimal):
            return True
    return False


def check(value: Value, *, at: str = "") -> None:
    """Raise InvalidValue, with the path, for a value that cannot round-trip on both targets.

    Raises LimitExceeded for values nested deeper than DynamoDB permits; `value` itself is not
    counted.
    """
    if not _fits([value], limits.ITEM_DEPTH):
        _check(value, at, limits.ITEM_DEPTH, _check_number)


def check_message(value: Value) -> None:
    """Raise InvalidValue for a value that no message can hold, as `check` does for tables.

    Every finite float can be in a message, and every integer that its readers take.
    """
    if not _fits([value], limits.ITEM_DEPTH):
        _check(value, "", limits.ITEM_DEPTH, _check_sent)


def _fits(values: Iterable[Value], deeper: int) -> bool:
    """True for most values that `_check` accepts, with few calls and no paths.

    False is no verdict.
    """
    for value in values:
        if isinstance(value, str):
            if not (value.isascii() or _is_unicode(value)):
                return False
        elif isinstance(value, dict):
            named = all(name.isascii() or _is_unicode(name) for name in value)
            if deeper < 0 or not (named and _fits(value.values(), deeper - 1)):
                return False
        elif isinstance(value, list | tuple):
            if deeper < 0 or not _fits(value, deeper - 1):
                return False
        elif not _is_ordinary(value):
            return False
    return True


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_ordinary(value: Value) -> bool:
    """True for None, for true and false, and for numbers far from every limit."""
    if isinstance(value, float):
        return value == 0 or _TINY < abs(value) < _HUGE
    if isinstance(value, Decimal):
        return False
    return value is None or (isinstance(value, int) and abs(value) < _SMALL)


def _check(value: Value, at: str, deeper: int, judge: _Judge) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, at)
    elif isinstance(value, int | float | Decimal):
        judge(value, at)
    elif deeper < 0:
        raise LimitExceeded(
            f"{at} is nested more than {limits.ITEM_DEPTH} levels deep.",
            "Flatten it, or store it as JSON text.",
        )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, at)
            _check(inner, f"{at}/{name}", deeper - 1, judge)
    else:
        _check_list(value, at, deeper, judge)


def _check_list(value: Value, at: str, deeper: int, judge: _Judge) -> None:
    if not isinstance(value, list | tuple):  # msgspec.to_builtins leaves a tuple as it is
        raise InvalidValue(
            f"{at or 'the value'} is a {type(value).__name__}.",
            "Store None, bool, numbers, str, list, dict.",
        )
    for position, inner in enumerate(value):
        _check(inner, f"{at}/{position}", deeper - 1, judge)


def _check_text(value: str, at: str) -> None:
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(
            f"{at or 'the value'} holds half of a surrogate pair, which is not text.",
            "Decode the text with its own encoding.",
        ) from error


def _check_finite(value: Number, at: str) -> None:
    if not isinstance(value, int) and not _is_finite(value):
        raise InvalidValue(
            f"{at or 'the value'} is {value}.",
            "Only finite numbers can be stored or sent; leave the attribute out instead.",
        )


def _check_sent(value: Number, at: str) -> None:
    _check_finite(value, at)
    if isinstance(value, int) and not _is_readable(value):
        raise InvalidValue(
            f"{at or 'the value'} has more than {limits.MESSAGE_DIGITS} digits.",
            "Send it as a string.",
        )


def _is_readable(value: int) -> bool:
    try:
        return len(str(value)) <= limits.MESSAGE_DIGITS  # with the sign
    except ValueError:  # Python writes no more digits
        return False


def _check_number(value: Number, at: str) -> None:
    where = at or "the value"
    _check_finite(value, at)
    if isinstance(value, int) and (abs(value) < _SMALL or abs(value) >= _LARGE):
        _check_range(-_LARGE < value < _LARGE, where)
        return
    # Never normalize(): it rounds to the 28 digits of the default context.
    number = exact(value)
    _check_range(not number or _is_in_range(number), where)
    if len("".join(map(str, number.as_tuple().digits)).strip("0")) > limits.NUMBER_DIGITS:
        raise InvalidValue(
            f"{where} has more than {limits.NUMBER_DIGITS} digits.", "Store it as a string."
        )


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _is_in_range(number: Decimal) -> bool:
    return limits.NUMBER_EXPONENT_LOWEST <= number.adjusted() <= limits.NUMBER_EXPONENT_HIGHEST


def _check_range(fits: bool, where: str) -> None:  # noqa: FBT001
    if not fits:
        raise InvalidValue(
            f"{where} is out of range (1E-130 to 9.9E+125).", "Store it as a string."
        )
