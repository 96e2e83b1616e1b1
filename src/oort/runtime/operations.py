"""Carries out operations on the ports, whoever asks. The brokers put grants in front of it; fakes use it as it is."""

from typing import Protocol, TypeAlias

from oort.model.errors import (
    ConditionFailed,
    EffectInProgress,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    OortError,
)
from oort.model.operations import (
    CallFunction,
    CheckItem,
    ClaimEffect,
    Commit,
    DeleteItem,
    Done,
    FinishEffect,
    Found,
    GetItem,
    GetItems,
    Happened,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    Refused,
    ReleaseEffect,
    Result,
    ScanTable,
    SendMessage,
    UpdateItem,
)
from oort.ports.effects import Effects
from oort.ports.queues import Queues
from oort.ports.tables import Tables
from oort.ports.topics import Topics
from oort.ports.transactions import Transactions
from oort.rules.messaging import effects, messages

_REFUSALS = (
    ConditionFailed,
    EffectInProgress,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
)

_Data: TypeAlias = (
    GetItem
    | GetItems
    | UpdateItem
    | QueryIndex
    | ScanTable
    | Commit
    | CheckItem
    | PutItem
    | DeleteItem
    | SendMessage
    | PublishEvent
)
_External: TypeAlias = ClaimEffect | FinishEffect | ReleaseEffect


class Caller(Protocol):
    """Asks the functions that answer declared calls."""

    def call(self, operation: CallFunction) -> Result:
        """What it answered or objected. A function that fails or is late is an objection of 5xx."""


class Operations:
    """From the language of the broker port to the ports of the services."""

    def __init__(
        self,
        *,
        tables: Tables,
        queues: Queues,
        topics: Topics,
        transactions: Transactions,
        effects: Effects,
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._topics = topics
        self._transactions = transactions
        self._effects = effects

    def perform(self, operation: Operation) -> Result:
        """Carry it out; what the ports refuse is a result. A call needs a function, which the broker has."""
        if isinstance(operation, CallFunction):
            return Refused(InvalidUse.code, f"Nobody answers {operation.call} here.")
        try:
            if isinstance(operation, ClaimEffect | FinishEffect | ReleaseEffect):
                return self._record(operation)
            return self._carry_out(operation)
        except _REFUSALS as error:
            return _refused(error)

    def _carry_out(self, operation: _Data) -> Result:
        match operation:
            case GetItem():
                return Found(self._tables.get(operation.table, operation.key))
            case GetItems():
                return self._tables.get_many(operation)
            case UpdateItem():
                return Found(self._tables.update(operation))
            case QueryIndex():
                return self._tables.query(operation)
            case ScanTable():
                return self._tables.scan(operation)
            case Commit():
                return Done(applied=self._transactions.commit(operation.writes, operation.mark))
            case CheckItem():
                return Done(applied=self._transactions.commit((operation,), None))
            case _:
                self._write(operation)
                return Done()

    def _write(self, operation: PutItem | DeleteItem | SendMessage | PublishEvent) -> None:
        match operation:
            case PutItem():
                self._tables.put(operation)
            case DeleteItem():
                self._tables.delete(operation)
            case SendMessage():
                self._queues.send(
                    operation.queue, operation.message, delay=messages.delay(operation.delay)
                )
            case PublishEvent():
                self._topics.publish(operation.event, operation.message)

    def _record(self, operation: _External) -> Result:
        match operation:
            case ClaimEffect():
                result = self._effects.claim(
                    operation.lease, length=effects.length(operation.seconds)
                )
                return Done() if result is None else Happened(result)
            case FinishEffect():
                return Done(applied=self._effects.finish(operation.lease, operation.result))
            case ReleaseEffect():
                self._effects.release(operation.lease)
                return Done()


def _refused(error: OortError) -> Refused:
    position = error.position if isinstance(error, ConditionFailed | NoSuchItem) else 0
    after = error.after.total_seconds() if isinstance(error, EffectInProgress) else 0.0
    return Refused(error.code, str(error), position, after)
