"""The parts of a request to DynamoDB that an expression or a key makes."""

from typing import TYPE_CHECKING

from oort.model.items import Key
from oort.model.resources import TableModel
from oort.rules.tables.attributes import Attributes, attribute

if TYPE_CHECKING:
    from oort.rules.tables.expressions import Expression


def key(table: TableModel, key: Key) -> Attributes:
    """The key of an item."""
    return {name: attribute(part) for name, part in zip(table.key, key, strict=True)}


def said(expression: "Expression") -> dict[str, object]:
    """The parameters of an expression. DynamoDB refuses empty ones."""
    parameters: dict[str, object] = {
        "ConditionExpression": expression.condition,
        "UpdateExpression": expression.update,
        "KeyConditionExpression": expression.key,
        "ExpressionAttributeNames": expression.names,
        "ExpressionAttributeValues": expression.values,
    }
    sent = {name: value for name, value in parameters.items() if value}
    return sent if expression.condition or expression.update or expression.key else {}
