"""Perform operations on the ports. Each kind has a module, loaded at its first use.

The brokers check grants before this; fakes use it directly.
"""

from typing import TYPE_CHECKING

from oort.model.errors import ConditionFailed, EffectInProgress, NoSuchItem, Refusal
from oort.model.operations import (
    CallFunction,
    CheckItem,
    ClaimEffect,
    Commit,
    DeleteItem,
    FinishEffect,
    GetItem,
    GetItems,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    ReadSecret,
    Refused,
    ReleaseEffect,
    Result,
    ScanTable,
    SendMessage,
    UpdateItem,
)

if TYPE_CHECKING:
    from oort.ports.bundle import HandlePorts


class Operations:
    """Perform the operations of the broker port on the ports of the services."""

    def __init__(self, ports: "HandlePorts") -> None:
        self._ports = ports

    def perform(self, operation: Operation) -> Result:
        """Perform the operation. A refusal of a port is a result."""
        try:
            return _perform(operation, self._ports)
        except Refusal as error:
            return refused(error)


def _perform(operation: Operation, ports: "HandlePorts") -> Result:
    """Choose the port. A function on Lambda imports only the kinds that it uses."""
    match operation:
        case (
            GetItem()
            | GetItems()
            | PutItem()
            | UpdateItem()
            | DeleteItem()
            | QueryIndex()
            | ScanTable()
        ):
            from oort.runtime.operations.tables import perform as on_tables

            return on_tables(operation, ports.tables)
        case CheckItem() | Commit():
            from oort.runtime.operations.transactions import perform as on_transactions

            return on_transactions(operation, ports.transactions)
        case SendMessage():
            from oort.runtime.operations.queues import perform as on_queues

            return on_queues(operation, ports.queues)
        case PublishEvent():
            from oort.runtime.operations.events import perform as on_events

            return on_events(operation, ports.events)
        case CallFunction():
            return ports.calls.call(operation)
        case ClaimEffect() | FinishEffect() | ReleaseEffect():
            from oort.runtime.operations.effects import perform as on_effects

            return on_effects(operation, ports.effects)
        case ReadSecret():
            from oort.runtime.operations.secrets import perform as on_secrets

            return on_secrets(operation, ports.secrets)


def refused(error: Refusal) -> Refused:
    """Return the result for a refusal of a port."""
    position = error.position if isinstance(error, ConditionFailed | NoSuchItem) else 0
    after = error.after.total_seconds() if isinstance(error, EffectInProgress) else 0.0
    return Refused(error.code, str(error), position, after)
