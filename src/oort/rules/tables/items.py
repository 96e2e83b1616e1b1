"""Rules for items on both targets: the key, the keys of indexes, numbers, names and the size."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.items import Item, Key, Value
from oort.model.resources import TableModel
from oort.rules.tables import keys
from oort.rules.types import numbers

Address: TypeAlias = tuple[bytes, bytes]  # partition and sort key, as ordered bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """An item that may be stored: its address and its size."""

    at: Address
    size: int


def located(table: TableModel, key: Key) -> Address:
    """Return the address of the key. InvalidValue if the key is no key of this table."""
    if len(key) != (1 if table.sort is None else 2):
        raise InvalidValue(
            f"A key of {table.name} has {len(table.key)} part(s), not {len(key)}.",
            "Give each part a value.",
        )
    keys.check(key)
    return keys.ordered(key[0]), keys.ordered(key[1]) if len(key) > 1 else b""


def judged(table: TableModel, item: Item) -> Judged:
    """Return the item's address and size.

    InvalidValue or LimitExceeded if it must not be stored.
    """
    numbers.check(item)
    check_names(item)
    key = keys.of(item, table)
    if key is None:
        raise InvalidValue(
            f"An item of {table.name} lacks {' or '.join(table.key)}.",
            "Give it every key attribute.",
        )
    at = located(table, key)
    for index in table.indexes:
        keys.check(keys.of(item, index) or ())
    size = item_size(item)
    if size > limits.ITEM_BYTES:
        raise too_large(table, f"{size} bytes")
    return Judged(at, size)


def check_names(names: Iterable[str]) -> None:
    """Raise InvalidValue for a name in the form of a null mark (`rules.tables.attributes`)."""
    for name in names:
        if name[:1] == "~":
            raise InvalidValue(
                f"{name} begins with a tilde, as Oort's own attributes do.", "Give it another name."
            )


def key_changed(table: TableModel) -> InvalidValue:
    """Return the error for an update of a key attribute."""
    return InvalidValue(
        f"An update of {table.name} cannot change the key.", "Delete the item and put a new item."
    )


def too_large(table: TableModel, size: str) -> LimitExceeded:
    """Return the error for an item beyond 400 KB."""
    return LimitExceeded(
        f"An item of {table.name} has {size}; at most {limits.ITEM_BYTES} are allowed.",
        "Store the large part elsewhere and keep a reference.",
    )


def item_size(item: Item) -> int:
    """Return the bytes of an item, as counted for the limit of 400 KB.

    `numbers.check` comes before.

    >>> item_size({"id": "ab", "n": 1})
    7
    """
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Value) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, list | tuple):
        return 3 + sum(1 + _size(inner) for inner in value)
    if isinstance(value, dict):
        return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in value.items())
    digits = str(value).lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2
