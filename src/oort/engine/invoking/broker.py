"""The engine's broker: it knows which invocation holds a token and what its function may do, and passes on what is granted."""

from collections.abc import Collection
from dataclasses import dataclass

from oort.model.errors import NotGranted
from oort.model.operations import Refused, Request, Result
from oort.model.platform import PlatformModel
from oort.ports.entropy import Entropy
from oort.rules import permissions
from oort.runtime.operations import Operations


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a token: a function, and the messages that its invocation delivers."""

    function: str
    messages: Collection[str]


class EngineBroker:
    """Grants and state behind one door. Safe to call from every environment's thread."""

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
        """A token for one invocation of the function, which delivers these messages; good until `close`."""
        token = f"{self._entropy.bits(128):032x}"
        self._holders[token] = _Holder(function, messages)
        return token

    def close(self, token: str) -> None:
        """The invocation is over; what it still asks for is refused."""
        self._holders.pop(token, None)

    def perform(self, request: Request) -> Result:
        """Carry out the operation if the holder of the token may."""
        held = self._holders.get(request.token)
        if held is None:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        refused = permissions.refusal(
            held.function,
            granted=self._granted[held.function],
            messages=held.messages,
            operation=request.operation,
        )
        if refused is not None:
            return refused
        return self._operations.perform(request.operation)
