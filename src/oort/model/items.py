"""What a table stores and how it is addressed: items, keys, and the conditions and changes a write carries.

All of it crosses the broker port, so all of it is serialisable.
"""

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
else:
    Value = object  # msgspec cannot decode into an alias that contains itself; inside an item anything JSON-like goes
Item: TypeAlias = dict[str, Value]
KeyPart: TypeAlias = str | int | float
Key: TypeAlias = tuple[KeyPart, ...]  # one part, or two with a sort key
Path: TypeAlias = tuple[str, ...]  # attribute names from the item inwards


class Equals(msgspec.Struct, frozen=True, tag="equals"):
    """The attribute at `path` has exactly this value; a missing attribute equals None only."""

    path: Path
    value: Value


class Between(msgspec.Struct, frozen=True, tag="between"):
    """The attribute at `path` lies between the two, both included."""

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


class AddTo(msgspec.Struct, frozen=True, tag="add"):
    """Add to the number at the path; a missing one counts as 0."""

    path: Path
    amount: int | float


class AppendTo(msgspec.Struct, frozen=True, tag="append"):
    """Append to the list at the path; a missing one counts as empty."""

    path: Path
    values: list[Value]


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Take the attribute away."""

    path: Path


Change: TypeAlias = SetTo | AddTo | AppendTo | Remove
