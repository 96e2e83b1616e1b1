"""Grants on tables."""

from collections.abc import Iterator

from oort.model.functions import Grant
from oort.model.resources import TableModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee, Statement, named

# Every operation of a transaction is authorised by the same action as if it stood alone.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
PUT, UPDATE = "dynamodb:PutItem", "dynamodb:UpdateItem"
_ITEM_ACTIONS = {
    "get": "dynamodb:GetItem",
    "put": PUT,
    "update": UPDATE,
    "delete": "dynamodb:DeleteItem",
    "check": "dynamodb:ConditionCheckItem",
    "scan": "dynamodb:Scan",
}
_QUERY = "query"
_READS = frozenset({"get", _QUERY, "scan", "check"})


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """The actions on the table, and a query on its indexes."""
    name, location = named(grant), grantee.location
    table = next(table for table in grantee.platform.of(TableModel) if table.name == grant.resource)
    if actions := tuple(_ITEM_ACTIONS[action] for action in grant.actions if action != _QUERY):
        yield Statement(name, actions, (location.table_arn(table.name),))
    if _QUERY in grant.actions:
        yield Statement(f"{name}Query", ("dynamodb:Query",), tuple(_queried(table, location)))


def edge(action: str) -> EdgeKind:
    """A function reads or writes a table."""
    return EdgeKind.READS if action in _READS else EdgeKind.WRITES


def _queried(table: TableModel, location: Location) -> Iterator[str]:
    """The table where an index is its own key, and each other index."""
    if not table.indexes or any(index.primary for index in table.indexes):
        yield location.table_arn(table.name)
    yield from (
        location.index_arn(table.name, index.name) for index in table.indexes if not index.primary
    )
