"""The engine's broker: it knows the holder of each token and the grants of its function, and
performs granted operations.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from oort.model.errors import NotGranted
from oort.model.operations import (
    ClaimEffect,
    Done,
    Lease,
    Refused,
    ReleaseEffect,
    Request,
    Result,
)
from oort.model.platform import PlatformModel
from oort.ports.entropy import Entropy
from oort.rules import permissions
from oort.runtime.operations import Operations


@dataclass(frozen=True, slots=True)
class _Holder:
    """The holder of a token: a function, and the messages that its invocation delivers."""

    function: str
    messages: Collection[str]
    leases: list[Lease] = field(default_factory=list[Lease])  # of effects that it has begun


class EngineBroker:
    """Grants and ports of a platform. Safe to call from every environment's thread."""

    def __init__(
        self, platform: PlatformModel, *, operations: Operations, entropy: Entropy
    ) -> None:
        self._granted = {
            function.name: permissions.compiled(function.grants) for function in platform.functions
        }
        self._operations = operations
        self._entropy = entropy
        self._holders: dict[str, _Holder] = {}

    def open(self, function: str, *, messages: Collection[str] = ()) -> str:
        """Return a token for an invocation of the function that delivers these messages.

        Valid until `close`.
        """
        token = f"{self._entropy.bits(128):032x}"
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

    def perform(self, request: Request) -> Result:
        """Perform the operation if the function that holds the token may."""
        holder = self._holders.get(request.token)
        if holder is None:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        refused = permissions.refusal(
            holder.function,
            granted=self._granted[holder.function],
            messages=holder.messages,
            operation=request.operation,
        )
        if refused is not None:
            return refused
        result = self._operations.perform(request.operation)
        if isinstance(request.operation, ClaimEffect) and isinstance(result, Done):
            holder.leases.append(request.operation.lease)
        return result
