"""Sizes of items and writes, as DynamoDB counts: names and values in UTF-8, and structure."""

from oort.model.items import Item, Value


def item_size(item: Item) -> int:
    """Return the bytes of an item, as counted for the limit of 400 KB.

    `numbers.check` comes before.

    >>> item_size({"id": "ab", "n": 1})
    7
    """
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Value) -> int:
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, list | tuple):
        return 3 + sum(1 + _size(inner) for inner in value)
    if isinstance(value, dict):
        return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in value.items())
    digits = str(value).partition("e")[0].lstrip("-").replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2
