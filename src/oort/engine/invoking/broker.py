"""The engine's broker: it knows which invocation holds a token and what its function may do, and passes on what is granted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from oort.model.errors import NotGranted
from oort.model.operations import CallFunction, Commit, Objected, Refused, Request, Result
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
        self._answer: Callable[[CallFunction], Result] = _nobody

    def answering(self, answer: Callable[[CallFunction], Result]) -> None:
        """From now on, calls are handed to this; the invoker behind it needs the broker first."""
        self._answer = answer

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
        holder = held.function
        missing = permissions.missing(self._granted[holder], request.operation)
        if missing is not None:
            kind, resource, action = missing
            return Refused(NotGranted.code, f"{holder} may not {action} on the {kind} {resource}.")
        if isinstance(request.operation, Commit) and request.operation.mark is not None:
            marked = request.operation.mark.function
            if marked != holder:  # it would keep that function from ever applying the message
                return Refused(NotGranted.code, f"{holder} may not mark a message for {marked}.")
        if (message := permissions.astray(request.operation, held.messages)) is not None:
            return Refused(NotGranted.code, f"{holder} is not delivering the message {message}.")
        if isinstance(request.operation, CallFunction):
            return self._answer(request.operation)
        return self._operations.perform(request.operation)


def _nobody(operation: CallFunction) -> Result:
    return Objected(502, "CallFailed", f"Nobody answers {operation.call} here.")
