"""The Transactions port on DynamoDB: items, outbox rows and the inbox mark in
one TransactWriteItems.

Mistakes that show without DynamoDB are refused first, as on the engine. A cancelled
transaction has a reason for each action. The reasons become either an error, or the state of
the items for the next attempt.
"""

from collections.abc import Sequence
from datetime import datetime

from oort.aws.client_types import Reason
from oort.aws.clients import Clients
from oort.aws.dynamodb import condition_failures, updates
from oort.aws.dynamodb.condition_failures import CANCELLED, INVALID
from oort.aws.dynamodb.conflict_retries import ConflictRetries
from oort.aws.dynamodb.transact_items import Action, TransactItems
from oort.aws.dynamodb.updates import ItemState
from oort.aws.failures import Rejected, ask
from oort.aws.services.tables import Tables
from oort.model.operations import Mark, UpdateItem, Write
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.cloud.cloud_names import Location
from oort.rules.tables import transactions as rules
from oort.runtime.system import MachineEntropy

_FAILED = "ConditionalCheckFailed"
_MISFIT = "ValidationError"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_BUSY = frozenset({
    "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict",
    "TransactionConflictException", "TransactionInProgressException",
})  # fmt: skip
_DOING = "committing a transaction"


class Transactions:
    """Transactions of a service: its outbox takes the messages, its inbox the marks."""

    def __init__(
        self,
        clients: Clients,
        *,
        platform: PlatformModel,
        location: Location,
        service: str,
        clock: Clock,
        retries: ConflictRetries | None = None,
    ) -> None:
        self._clients = clients
        self._entries = TransactItems(platform, location, service)
        self._clock = clock
        self._retries = retries or ConflictRetries(MachineEntropy())
        self._tables = Tables(clients, platform=platform, location=location, retries=self._retries)

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`."""
        rules.check_count(len(writes) + (mark is not None))
        now = self._clock.now()
        actions = [self._entries.action(write, now=now) for write in writes]
        rules.check_once((action.table, action.at) for action in actions)
        rules.check_size(sum(action.size for action in actions))
        if not actions and mark is None:
            return True
        return self._commit(actions, mark, now)

    def _commit(self, actions: Sequence[Action], mark: Mark | None, now: datetime) -> bool:
        states = [ItemState()] * len(actions)
        for attempt in range(self._retries.attempts):
            items = [
                self._entries.item(action, state)
                for action, state in zip(actions, states, strict=True)
            ]
            if mark is not None:
                items.append(self._entries.mark(mark, now=now))
            try:
                reasons = self._send(items)
            except Rejected as error:
                states = self._next_states(actions, states, error)
                continue
            if reasons is None:
                return True
            if mark is not None and _code(reasons[-1]) == _FAILED:
                return False  # the message was applied before, whatever else failed
            if any(_code(reason) in _BUSY for reason in reasons):
                self._retries.wait(attempt)
                continue
            states = [
                self._next_state(action, states[position], reasons[position], position)
                for position, action in enumerate(actions)
            ]
        raise self._retries.exhausted("the items of a transaction")

    def _send(self, items: Sequence[object]) -> list[Reason] | None:
        """Send the transaction and return the cancellation reasons, by action;
        None if it succeeded.

        Rejected if the response names no action. botocore makes a token for each call, so that a
        repeated request is executed once.
        """
        expect = frozenset({CANCELLED, INVALID, *_BUSY})
        try:
            ask(
                self._clients.dynamodb.transact_write_items,
                {"TransactItems": items},
                doing=_DOING,
                expect=expect,
            )
        except Rejected as error:
            if error.code == INVALID:
                raise
            return _reasons(error, len(items))
        return None

    def _next_states(
        self, actions: Sequence[Action], states: Sequence[ItemState], error: Rejected
    ) -> list[ItemState]:
        """State for the next attempt after DynamoDB refused the request: any of the
        updates may be invalid.
        """
        next_states = list(states)
        for position, action in enumerate(actions):
            write = action.write
            if (
                isinstance(write, UpdateItem)
                and not states[position].absent
                and not condition_failures.is_size(error.message)
            ):
                next_states[position] = updates.after_invalid(
                    action.model, write, self._tables.look(action.model, write.key)
                )
        if next_states == list(states):
            raise condition_failures.invalid("a transaction", error.message) from error
        return next_states

    def _next_state(
        self, action: Action, state: ItemState, reason: Reason, position: int
    ) -> ItemState:
        """State of an item for the next attempt.

        Raises the error that the failure of the action stands for.
        """
        code, write = _code(reason), action.write
        if code in {"", "None"}:
            return state
        if code == _FAILED:
            if isinstance(write, UpdateItem):
                return updates.after_failed_condition(
                    action.model, write, state, reason.get("Item") or None, position=position
                )
            raise condition_failures.condition(action.table, position=position)
        message = reason.get("Message", code)
        if (
            code != _MISFIT
            or not isinstance(write, UpdateItem)
            or state.absent
            or condition_failures.is_size(message)
        ):
            raise condition_failures.invalid(action.table, message)
        next_state = updates.after_invalid(
            action.model, write, self._tables.look(action.model, write.key)
        )
        if next_state == state:
            raise condition_failures.invalid(action.table, message)
        return next_state


def _code(reason: Reason) -> str:
    return reason.get("Code", "")


def _reasons(error: Rejected, count: int) -> list[Reason]:
    """A reason for each action. An error without reasons is the reason of every action."""
    reasons = error.answer.get("CancellationReasons")
    if isinstance(reasons, list) and len(reasons) == count:
        return reasons
    code = error.code if error.code in _BUSY else "TransactionConflict"
    return [Reason(Code=code, Message=error.message)] * count
