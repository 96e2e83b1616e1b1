"""Operations on tables."""

from typing import TYPE_CHECKING

from oort.model.operations import (
    DeleteItem,
    Done,
    Found,
    GetItem,
    GetItems,
    PutItem,
    QueryIndex,
    Result,
    ScanTable,
    UpdateItem,
)

if TYPE_CHECKING:
    from oort.ports.tables import Tables


def perform(
    operation: GetItem | GetItems | PutItem | UpdateItem | DeleteItem | QueryIndex | ScanTable,
    tables: "Tables",
) -> Result:
    """Perform the operation on the port."""
    match operation:
        case GetItem():
            return Found(tables.get(operation.table, operation.key))
        case GetItems():
            return tables.get_many(operation)
        case PutItem():
            tables.put(operation)
            return Done()
        case UpdateItem():
            return Found(tables.update(operation))
        case DeleteItem():
            tables.delete(operation)
            return Done()
        case QueryIndex():
            return tables.query(operation)
        case ScanTable():
            return tables.scan(operation)
