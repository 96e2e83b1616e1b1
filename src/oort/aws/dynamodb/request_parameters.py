"""Parameters of a request to DynamoDB, made from a key or an expression."""

from typing import TYPE_CHECKING

from oort.model.items import Key
from oort.model.resources import TableModel
from oort.rules.tables.attributes import Attributes, attribute

if TYPE_CHECKING:
    from oort.rules.tables.expressions import Expression


def key(table: TableModel, key: Key) -> Attributes:
    """Return the key of an item."""
    return {name: attribute(part) for name, part in zip(table.key, key, strict=True)}


def of_expression(expression: "Expression") -> dict[str, object]:
    """Return the parameters of an expression, without empty values, which DynamoDB refuses."""
    parameters: dict[str, object] = {
        "ConditionExpression": expression.condition,
        "UpdateExpression": expression.update,
        "KeyConditionExpression": expression.key,
        "ExpressionAttributeNames": expression.names,
        "ExpressionAttributeValues": expression.values,
    }
    sent = {name: value for name, value in parameters.items() if value}
    return sent if expression.condition or expression.update or expression.key else {}
