"""Operations as writes that are ready for the store, for callers that do not wait in a thread."""

from typing import Any, TypeAlias

from oort.engine.rows.planned import Planned
from oort.engine.services.events import Events
from oort.engine.services.queues import Queues
from oort.engine.services.tables import Tables
from oort.engine.services.transactions import Transactions
from oort.model.operations import (
    Commit,
    DeleteItem,
    PublishEvent,
    PutItem,
    SendMessage,
    UpdateItem,
)
from oort.ports.transactions import Transactions as AnyTransactions

ItemWrite: TypeAlias = PutItem | UpdateItem | DeleteItem
Write: TypeAlias = ItemWrite | SendMessage | PublishEvent | Commit


class Plans:
    """The plans of these services. Only the work of a plan changes the store."""

    def __init__(
        self, *, tables: Tables, queues: Queues, events: Events, transactions: AnyTransactions
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._events = events
        self._transactions = transactions

    def of(self, operation: Write) -> Planned[Any] | None:
        """Return the plan of an operation; None if the operation can wait or take long.

        Raises as the operation itself. A message is counted as admitted.
        """
        match operation:
            case SendMessage():
                return self._queues.planned(operation)
            case PublishEvent():
                return self._events.planned(operation)
            case Commit():
                if not isinstance(self._transactions, Transactions):
                    return None  # a test has replaced them
                return self._transactions.planned(operation)
            case _:
                return self._tables.planned(operation)
