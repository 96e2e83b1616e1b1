"""The engine's broker: it knows the holder of each token and the grants of its function, and
performs granted operations.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import msgspec

from oort.engine.invoking.plans import ItemWrite, Plans, Write
from oort.engine.rows.planned import Planned
from oort.engine.services.tables import Tables
from oort.engine.store.store import Store
from oort.model.errors import NotGranted, Refusal
from oort.model.operations import (
    ClaimEffect,
    DeleteItem,
    Done,
    GetItem,
    Lease,
    Operation,
    PutItem,
    Refused,
    ReleaseEffect,
    Request,
    Result,
    UpdateItem,
)
from oort.model.platform import PlatformModel
from oort.ports.entropy import Entropy
from oort.rules import permissions
from oort.runtime.operations import Operations, refused

_TOKENS = 32  # drawn at once: a draw costs more than its bits
_BITS = 128
_DIGITS = _BITS // 4
T = TypeVar("T")
Direct = TypeVar("Direct", bound=GetItem | ItemWrite)


# Made for each request: a Struct costs a tenth of a frozen dataclass.
class _Holder(msgspec.Struct, frozen=True):
    """The holder of a token: a function, and the messages that its invocation delivers."""

    function: str
    messages: Collection[str]
    leases: list[Lease] = msgspec.field(default_factory=list[Lease])  # of effects that it has begun


class EngineBroker:
    """Grants and ports of a platform. Safe to call from every environment's thread.

    `tables`, `plans` and `store` are for callers that do not wait in a thread: see `read` and `plan`.
    """

    def __init__(
        self,
        platform: PlatformModel,
        *,
        operations: Operations,
        tables: Tables,
        plans: Plans,
        store: Store,
        entropy: Entropy,
    ) -> None:
        self._granted = {
            function.name: permissions.compiled(function.grants) for function in platform.functions
        }
        self._operations = operations
        self._tables = tables
        self._plans = plans
        self.store = store
        self._entropy = entropy
        self._tokens: list[str] = []
        self._holders: dict[str, _Holder] = {}

    def open(self, function: str, *, messages: Collection[str] = ()) -> str:
        """Return a token for an invocation of the function that delivers these messages.

        Valid until `close`.
        """
        try:
            token = self._tokens.pop()
        except IndexError:
            token, *others = self._drawn()
            self._tokens += others
        self._holders[token] = _Holder(function, messages)
        return token

    def close(self, token: str) -> None:
        """End the invocation. Its later requests are refused."""
        self._holders.pop(token, None)

    def abandon(self, token: str) -> None:
        """End the invocation of a process that is gone, and the leases of its effects.

        Nobody carries these effects out any more, so the next delivery need not wait.
        """
        holder = self._holders.pop(token, None)
        for lease in holder.leases if holder is not None else ():
            self._operations.perform(ReleaseEffect(lease))

    def read(self, request: Request, operation: GetItem) -> bytes | Refused | None:
        """Return the stored bytes of an item, if the function that holds the token may read them."""
        return self._granted_on(self._tables.stored, request, operation)

    def plan(self, request: Request, operation: Write) -> Planned[Any] | Refused | None:
        """Return an operation that the holder of the token may perform, ready for the store.

        None if it can wait or take long.
        """
        if isinstance(operation, PutItem | UpdateItem | DeleteItem):
            return self._granted_on(self._plans.of, request, operation)
        refusal = self._refusal(request, operation)
        try:
            return self._plans.of(operation) if refusal is None else refusal
        except Refusal as error:
            return refused(error)

    def _granted_on(
        self, work: Callable[[Direct], T], request: Request, operation: Direct
    ) -> T | Refused:
        """Return the result of the work, or the refusal of the operation."""
        holder = self._holders.get(request.token)
        need = (operation.kind, operation.table, operation.action)
        if holder is None or need not in self._granted[holder.function]:
            result = self.perform(request)
            assert isinstance(result, Refused), result
            return result
        try:
            return work(operation)
        except Refusal as error:
            return refused(error)

    def perform(self, request: Request) -> Result:
        """Perform the operation if the function that holds the token may."""
        refusal = self._refusal(request, request.operation)
        if refusal is not None:
            return refusal
        result = self._operations.perform(request.operation)
        if isinstance(request.operation, ClaimEffect) and isinstance(result, Done):
            holder = self._holders.get(request.token)
            if holder is not None:
                holder.leases.append(request.operation.lease)
            else:  # the invocation has ended meanwhile: nobody carries the effect out
                self._operations.perform(ReleaseEffect(request.operation.lease))
        return result

    def _refusal(self, request: Request, operation: Operation) -> Refused | None:
        holder = self._holders.get(request.token)
        if holder is None:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        return permissions.refusal(
            holder.function,
            granted=self._granted[holder.function],
            messages=holder.messages,
            operation=operation,
        )

    def _drawn(self) -> list[str]:
        digits = f"{self._entropy.bits(_TOKENS * _BITS):0{_TOKENS * _DIGITS}x}"
        return [digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)]
