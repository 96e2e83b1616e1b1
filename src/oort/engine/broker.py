"""The engine's broker: it knows which invocation holds a token and what its function may do, and carries out what is granted."""

from datetime import timedelta

from oort.model.errors import (
    ConditionFailed,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    NotGranted,
    OortError,
)
from oort.model.operations import (
    CheckItem,
    Commit,
    DeleteItem,
    Done,
    Found,
    GetItem,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    Refused,
    Request,
    Result,
    ScanTable,
    SendMessage,
    UpdateItem,
)
from oort.model.platform import PlatformModel
from oort.ports.entropy import Entropy
from oort.ports.queues import Queues
from oort.ports.tables import Tables
from oort.ports.topics import Topics
from oort.ports.transactions import Transactions
from oort.rules import permissions
from oort.rules.permissions import Permission

_REFUSALS = (ConditionFailed, InvalidCursor, InvalidUse, InvalidValue, LimitExceeded, NoSuchItem)


class EngineBroker:
    """Grants and state behind one door. Safe to call from every environment's thread."""

    def __init__(
        self,
        platform: PlatformModel,
        *,
        tables: Tables,
        queues: Queues,
        topics: Topics,
        transactions: Transactions,
        entropy: Entropy,
    ) -> None:
        self._granted = {function.name: permissions.compiled(function.grants) for function in platform.functions}
        self._tables = tables
        self._queues = queues
        self._topics = topics
        self._transactions = transactions
        self._entropy = entropy
        self._holders: dict[str, str] = {}

    def open(self, function: str) -> str:
        """A token for one invocation of the function; good until `close`."""
        token = f"{self._entropy.bits(128):032x}"
        self._holders[token] = function
        return token

    def close(self, token: str) -> None:
        """The invocation is over; what it still asks for is refused."""
        self._holders.pop(token, None)

    def perform(self, request: Request) -> Result:
        """Carry out the operation if the holder of the token may."""
        holder = self._holders.get(request.token)
        if holder is None:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        granted: frozenset[Permission] = self._granted[holder]
        missing = permissions.missing(granted, request.operation)
        if missing is not None:
            kind, resource, action = missing
            return Refused(NotGranted.code, f"{holder} may not {action} on the {kind} {resource}.")
        try:
            return self._carry_out(request.operation)
        except _REFUSALS as error:
            return _refused(error)

    def _carry_out(self, operation: Operation) -> Result:
        match operation:
            case GetItem():
                return Found(self._tables.get(operation.table, operation.key))
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
                self._queues.send(operation.queue, operation.message, delay=timedelta(seconds=operation.delay))
            case PublishEvent():
                self._topics.publish(operation.event, operation.message)


def _refused(error: OortError) -> Refused:
    position = error.position if isinstance(error, ConditionFailed | NoSuchItem) else 0
    return Refused(error.code, str(error), position)
