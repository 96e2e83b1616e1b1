"""Items of tables, their keys, and the conditions and changes of writes. All are serialisable.

A number of an item is a decimal number. It is an int, or a float that stands for its printed
number, or a Decimal if neither has all its digits (`rules.types.numbers.narrowed`). MessagePack
has none of the Decimals and of the integers beyond 64 bits: who writes it needs an extension for them.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    Number: TypeAlias = int | float | Decimal
    Value: TypeAlias = bool | Number | str | list["Value"] | dict[str, "Value"] | None
    KeyPart: TypeAlias = str | Number
else:
    Value = object  # msgspec cannot decode into a recursive alias; any JSON value is allowed
    KeyPart = Number = object  # msgspec has no union with what an extension stands for
PartForm: TypeAlias = Literal["text", "number", "float", "any"]  # of the declared type
Item: TypeAlias = dict[str, Value]
Key: TypeAlias = tuple[KeyPart, ...]  # one part, or two with a sort key
REVISION = "oort:revision"  # the attribute with the revision of an item; absent for revision 1
RESERVED = ("oort:", "~")  # the beginnings of names that belong to Oort
Path: TypeAlias = tuple[str, ...]  # attribute names from the item inwards


class Equals(msgspec.Struct, frozen=True, tag="equals"):
    """The attribute at `path` has exactly this value; a missing attribute equals only None.

    `before` is the same value as earlier versions stored it, such as a Decimal as a text. It is met
    too; None if there is no such form.
    """

    path: Path
    value: Value
    before: Value = None


class Between(msgspec.Struct, frozen=True, tag="between"):
    """The attribute at `path` lies between the bounds, both inclusive."""

    path: Path
    low: KeyPart
    high: KeyPart


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every part holds."""

    parts: "tuple[Equals | Between | All, ...]"


Condition: TypeAlias = Equals | Between | All


class SetTo(msgspec.Struct, frozen=True, tag="set"):
    """Write the value at the path."""

    path: Path
    value: Value


class Bounds(msgspec.Struct, frozen=True):
    """The bounds of a number: at least, more than, at most, less than."""

    ge: int | float | None = None
    gt: int | float | None = None
    le: int | float | None = None
    lt: int | float | None = None


class AddTo(msgspec.Struct, frozen=True, tag="add"):
    """Add to the number at the path; a missing number counts as 0. The sum must be within bounds.

    With `texts` also a text counts as its number: earlier versions stored Decimals so.
    """

    path: Path
    amount: Number
    within: Bounds | None = None
    texts: bool = False


class AppendTo(msgspec.Struct, frozen=True, tag="append"):
    """Append to the list at the path; a missing list counts as empty.

    The list then has at most `most` elements, if given.
    """

    path: Path
    values: list[Value]
    most: int | None = None


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Remove the attribute."""

    path: Path


Change: TypeAlias = SetTo | AddTo | AppendTo | Remove
