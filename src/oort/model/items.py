"""Items of tables, their keys, and the conditions and changes of writes. All are serialisable."""

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
else:
    Value = object  # msgspec cannot decode into a recursive alias; any JSON value is allowed
Item: TypeAlias = dict[str, Value]
KeyPart: TypeAlias = str | int | float
Key: TypeAlias = tuple[KeyPart, ...]  # one part, or two with a sort key
REVISION = "oort:revision"  # the attribute with the revision of an item; absent for revision 1
Path: TypeAlias = tuple[str, ...]  # attribute names from the item inwards


class Equals(msgspec.Struct, frozen=True, tag="equals"):
    """The attribute at `path` has exactly this value; a missing attribute equals only None."""

    path: Path
    value: Value


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
    """Add to the number at the path; a missing number counts as 0. The sum must be within bounds."""

    path: Path
    amount: int | float
    within: Bounds | None = None


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
