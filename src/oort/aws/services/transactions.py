"""The Transactions port on DynamoDB: items, outbox rows and the inbox mark in one TransactWriteItems.

What can be refused without asking is refused first, as the engine does. A cancelled transaction says for each action why;
from that comes either our error, or what the next try must know.
"""

from collections.abc import Sequence
from datetime import datetime

from oort.aws.client_types import Reason
from oort.aws.clients import Clients
from oort.aws.dynamodb import condition_failures, updates
from oort.aws.dynamodb.condition_failures import CANCELLED, INVALID
from oort.aws.dynamodb.conflict_retries import Patience
from oort.aws.dynamodb.transact_items import Action, Places
from oort.aws.dynamodb.updates import Known
from oort.aws.failures import Rejected, ask
from oort.aws.services.tables import Tables
from oort.aws.system import MachineEntropy
from oort.model.operations import Mark, UpdateItem, Write
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.cloud.cloud_names import Location
from oort.rules.tables import transactions as rules

_FAILED = "ConditionalCheckFailed"
_MISFIT = "ValidationError"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_BUSY = frozenset({
    "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict", "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip
_DOING = "committing a transaction"


class Transactions:
    """Transactions of one service: its outbox takes the messages, its inbox the marks."""

    def __init__(
        self,
        clients: Clients,
        *,
        platform: PlatformModel,
        location: Location,
        service: str,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._clients = clients
        self._places = Places(platform, location, service)
        self._clock = clock
        self._patience = patience or Patience(MachineEntropy())
        self._tables = Tables(
            clients, platform=platform, location=location, patience=self._patience
        )

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`."""
        rules.check_count(len(writes) + (mark is not None))
        now = self._clock.now()
        actions = [self._places.action(write, now=now) for write in writes]
        rules.check_once((action.table, action.at) for action in actions)
        rules.check_size(sum(action.size for action in actions))
        if not actions and mark is None:
            return True
        return self._committed(actions, mark, now)

    def _committed(self, actions: Sequence[Action], mark: Mark | None, now: datetime) -> bool:
        known = [Known()] * len(actions)
        for turn in range(self._patience.tries):
            items = [
                self._places.item(action, one) for action, one in zip(actions, known, strict=True)
            ]
            if mark is not None:
                items.append(self._places.mark(mark, now=now))
            try:
                reasons = self._cancelled(items)
            except Rejected as error:
                known = self._suspected(actions, known, error)
                continue
            if reasons is None:
                return True
            if mark is not None and _code(reasons[-1]) == _FAILED:
                return False  # whatever else failed: it was applied before
            if any(_code(reason) in _BUSY for reason in reasons):
                self._patience.wait(turn)
                continue
            known = [
                self._learned(action, known[location], reasons[location], location)
                for location, action in enumerate(actions)
            ]
        raise self._patience.lost("the items of a transaction")

    def _cancelled(self, items: Sequence[object]) -> list[Reason] | None:
        """Why nothing was written, action by action; None if everything was. Rejected if it is not said of which action.

        botocore makes a token for each call, so that a request it repeats is not carried out twice.
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

    def _suspected(
        self, actions: Sequence[Action], known: Sequence[Known], error: Rejected
    ) -> list[Known]:
        """What the next try must know, when DynamoDB refused the whole request: any of the updates may not fit."""
        then = list(known)
        for location, action in enumerate(actions):
            write = action.write
            if (
                isinstance(write, UpdateItem)
                and not known[location].absent
                and not condition_failures.is_size(error.message)
            ):
                then[location] = updates.misfit(
                    action.model, write, self._tables.look(action.model, write.key)
                )
        if then == list(known):
            raise condition_failures.invalid("a transaction", error.message) from error
        return then

    def _learned(self, action: Action, known: Known, reason: Reason, position: int) -> Known:
        """What the next try must know of an item. Raises what the failure of this action means."""
        code, write = _code(reason), action.write
        if code in {"", "None"}:
            return known
        if code == _FAILED:
            if isinstance(write, UpdateItem):
                return updates.learned(
                    action.model, write, known, reason.get("Item") or None, position=position
                )
            raise condition_failures.condition(action.table, position=position)
        message = reason.get("Message", code)
        if (
            code != _MISFIT
            or not isinstance(write, UpdateItem)
            or known.absent
            or condition_failures.is_size(message)
        ):
            raise condition_failures.invalid(action.table, message)
        then = updates.misfit(action.model, write, self._tables.look(action.model, write.key))
        if then == known:
            raise condition_failures.invalid(action.table, message)
        return then


def _code(reason: Reason) -> str:
    return reason.get("Code", "")


def _reasons(error: Rejected, count: int) -> list[Reason]:
    """One reason for each action. An error that names none is one of them all."""
    found = error.answer.get("CancellationReasons")
    if isinstance(found, list) and len(found) == count:
        return found
    code = error.code if error.code in _BUSY else "TransactionConflict"
    return [Reason(Code=code, Message=error.message)] * count
