"""Items in the representation of DynamoDB, and back.

The adapters of AWS use them after `numbers.check`.

DynamoDB refuses a null in the key of an index. So a null of such an attribute is stored as an
attribute of its own, the null mark `~name`, and the attribute itself is left out. This also keeps
the item out of the index.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from oort.model.errors import Unreadable
from oort.model.items import Item, Key, Number, Value
from oort.model.resources import TableModel
from oort.rules.types import numbers

if TYPE_CHECKING:
    Attribute: TypeAlias = dict[str, str | bool | list["Attribute"] | dict[str, "Attribute"]]
else:
    Attribute = dict  # an alias that contains itself is for type checkers only
Attributes: TypeAlias = dict[str, Attribute]

NULL: Attribute = {"NULL": True}
_PLAIN = 40  # zeros before or behind the digits of a number that is written without an exponent


def indexed(table: TableModel) -> frozenset[str]:
    """Return the attributes in the key of a secondary index.

    DynamoDB does not permit a null there.
    """
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
    """Return the name of an attribute's null mark."""
    return f"~{name}"


def attribute(value: Value) -> Attribute:
    """Return a value in the representation of DynamoDB.

    >>> attribute({"n": [1, None]})
    {'M': {'n': {'L': [{'N': '1'}, {'NULL': True}]}}}
    """
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return NULL
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float | Decimal):
        return {"N": _digits(value)}
    if isinstance(value, dict):
        return {"M": {name: attribute(inner) for name, inner in value.items()}}
    return {"L": [attribute(inner) for inner in value]}


def value(stored: Attribute) -> Value:
    """Return the value of an attribute. Raises Unreadable for types that Oort never writes.

    Whole numbers come back as integers, whatever they were: DynamoDB does not distinguish 2.0 from
    2. An integer can be read as a float without loss, but a float not as an integer. A number with
    more digits than a float comes back as a Decimal.
    """
    ((kind, content),) = stored.items()
    if kind == "S" and isinstance(content, str):
        return content
    if isinstance(content, bool):
        return None if kind == "NULL" else content
    if isinstance(content, dict):
        return {name: value(inner) for name, inner in content.items()}
    if kind == "N" and isinstance(content, str):
        return _number(content)
    if kind == "L" and isinstance(content, list):
        return [value(inner) for inner in content]
    raise Unreadable(
        f"An attribute has DynamoDB's type {kind}, which Oort does not write.",
        "Write through Oort.",
    )


def attributes(item: Item, *, indexed: frozenset[str]) -> Attributes:
    """Return an item in the representation of DynamoDB.

    `indexed` are the attributes with null marks.

    >>> attributes({"id": "a", "rank": None}, indexed=frozenset({"rank"}))
    {'id': {'S': 'a'}, '~rank': {'NULL': True}}
    """
    return {
        mark(name) if inner is None and name in indexed else name: attribute(inner)
        for name, inner in item.items()
    }


def item(stored: Attributes) -> Item:
    """Return the item of stored attributes, independent of the indexes at the time of the write."""
    return {name[1:] if name[:1] == "~" else name: value(inner) for name, inner in stored.items()}


def _digits(number: Number) -> str:
    """Return the number as text.

    A whole float becomes an integer, so that both are the same key.
    """
    if isinstance(number, Decimal):
        number = numbers.narrowed(number)
    text = str(number).removesuffix(".0")
    if "e" in text or "E" in text:
        exact = numbers.exact(number)
        return f"{exact:f}" if abs(exact.adjusted()) < _PLAIN else text
    return "0" if text == "-0" else text


def _number(digits: str) -> Number:
    return int(digits) if digits.lstrip("-").isdigit() else numbers.narrowed(Decimal(digits))
