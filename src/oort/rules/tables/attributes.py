"""Items as DynamoDB keeps them, and back. The adapters of AWS call it; `numbers.check` has let every value pass before.

DynamoDB refuses a null in the key of an index. So a null of such an attribute is kept as a mark of its own, `~name`, while
the attribute itself is left out, as it must be to keep the item out of that index.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from oort.model.errors import Unreadable
from oort.model.items import Item, Key, Value
from oort.model.resources import TableModel

if TYPE_CHECKING:
    Attribute: TypeAlias = dict[str, str | bool | list["Attribute"] | dict[str, "Attribute"]]
else:
    Attribute = dict  # an alias that contains itself is for type checkers only
Attributes: TypeAlias = dict[str, Attribute]

NULL: Attribute = {"NULL": True}


def indexed(table: TableModel) -> frozenset[str]:
    """The attributes that DynamoDB does not let be null, since they are in the key of an index."""
    names = {
        name
        for index in table.indexes
        for name in (index.partition, index.sort)
        if name is not None
    }
    return frozenset(names - set(table.key))


def key(table: TableModel, parts: Key) -> Attributes:
    """The key of an item, as a request names it."""
    return {name: attribute(part) for name, part in zip(table.key, parts, strict=True)}


def mark(name: str) -> str:
    """The attribute that says that the one of this name is null."""
    return f"~{name}"


def attribute(value: Value) -> Attribute:
    """A value as DynamoDB takes it.

    >>> attribute({"n": [1, None]})
    {'M': {'n': {'L': [{'N': '1'}, {'NULL': True}]}}}
    """
    if value is None:
        return NULL
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        return {"N": _digits(value)}
    if isinstance(value, dict):
        return {"M": {name: attribute(inner) for name, inner in value.items()}}
    return {"L": [attribute(inner) for inner in value]}


def value(found: Attribute) -> Value:
    """The value of an attribute. Raises Unreadable for kinds that Oort never writes.

    Whole numbers come back as integers, whatever they were: DynamoDB does not tell 2.0 from 2, and an integer can be read
    as a float without loss, but not the other way round.
    """
    ((kind, content),) = found.items()
    if isinstance(content, bool):
        return None if kind == "NULL" else content
    if isinstance(content, dict):
        return {name: value(inner) for name, inner in content.items()}
    if kind == "S" and isinstance(content, str):
        return content
    if kind == "N" and isinstance(content, str):
        return _number(content)
    if kind == "L" and isinstance(content, list):
        return [value(inner) for inner in content]
    raise Unreadable(
        f"An attribute is of DynamoDB's kind {kind}, which Oort does not write.",
        "Write through Oort.",
    )


def attributes(item: Item, *, indexed: frozenset[str]) -> Attributes:
    """An item as DynamoDB takes it. `indexed` are the attributes that must not be null.

    >>> attributes({"id": "a", "rank": None}, indexed=frozenset({"rank"}))
    {'id': {'S': 'a'}, '~rank': {'NULL': True}}
    """
    return {
        mark(name) if inner is None and name in indexed else name: attribute(inner)
        for name, inner in item.items()
    }


def item(found: Attributes) -> Item:
    """The item of such attributes, whichever indexes there were when it was written."""
    return {name[1:] if name[:1] == "~" else name: value(inner) for name, inner in found.items()}


def _digits(number: int | float) -> str:
    """The number as text; a whole float as the integer it equals, so that both are one key, as on DynamoDB."""
    text = repr(number).removesuffix(".0")
    return "0" if text == "-0" else text


def _number(digits: str) -> int | float:
    if digits.lstrip("-").isdigit():
        return int(digits)
    exact = Decimal(digits)
    return int(exact) if exact == exact.to_integral_value() else float(digits)
