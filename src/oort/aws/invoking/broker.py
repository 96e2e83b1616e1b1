"""The broker inside a Lambda function: it asks the function's grants first, then the ports. IAM asks once more behind it."""

from collections.abc import Collection

from oort.model.errors import NotGranted
from oort.model.functions import FunctionModel
from oort.model.operations import CallFunction, Commit, Refused, Request, Result
from oort.rules import permissions
from oort.runtime.operations import Caller, Operations


class LambdaBroker:
    """See `ports.broker`. One function, one invocation at a time: the token is that of the one that runs."""

    def __init__(self, function: FunctionModel, *, operations: Operations, caller: Caller) -> None:
        self._name = function.name
        self._granted = permissions.compiled(function.grants)
        self._operations = operations
        self._caller = caller
        self._token = ""
        self._messages: Collection[str] = ()

    def open(self, token: str, *, messages: Collection[str] = ()) -> None:
        """From now on this invocation may ask, which delivers these messages."""
        self._token = token
        self._messages = messages

    def close(self) -> None:
        """The invocation is over."""
        self._token = ""

    def perform(self, request: Request) -> Result:
        """Carry out the operation if the function may."""
        if not self._token or request.token != self._token:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        operation = request.operation
        missing = permissions.missing(self._granted, operation)
        if missing is not None:
            kind, resource, action = missing
            return Refused(
                NotGranted.code, f"{self._name} may not {action} on the {kind} {resource}."
            )
        if (
            isinstance(operation, Commit)
            and operation.mark is not None
            and operation.mark.function != self._name
        ):
            return Refused(
                NotGranted.code,
                f"{self._name} may not mark a message for {operation.mark.function}.",
            )
        if (message := permissions.astray(operation, self._messages)) is not None:
            return Refused(
                NotGranted.code, f"{self._name} is not delivering the message {message}."
            )
        if isinstance(operation, CallFunction):
            return self._caller.call(operation)
        return self._operations.perform(operation)
