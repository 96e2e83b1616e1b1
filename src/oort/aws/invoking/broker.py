"""The broker inside a Lambda function: it asks the function's grants first, then the ports. IAM asks once more behind it."""

from collections.abc import Collection

from oort.model.errors import NotGranted
from oort.model.functions import FunctionModel
from oort.model.operations import Refused, Request, Result
from oort.rules import permissions
from oort.runtime.operations import Operations


class LambdaBroker:
    """See `ports.broker`. One function, one invocation at a time: the token is that of the one that runs."""

    def __init__(self, function: FunctionModel, *, operations: Operations) -> None:
        self._name = function.name
        self._granted = permissions.compiled(function.grants)
        self._operations = operations
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
        refused = permissions.refusal(
            self._name, granted=self._granted, messages=self._messages, operation=operation
        )
        if refused is not None:
            return refused
        return self._operations.perform(operation)
