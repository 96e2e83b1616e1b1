"""The broker inside a Lambda function: it checks the function's grants, then calls the ports.

IAM checks once more.
"""

from collections.abc import Collection

from oort.model.errors import NotGranted
from oort.model.functions import FunctionModel
from oort.model.operations import Refused, Request, Result
from oort.rules import permissions
from oort.runtime.operations import Operations


class LambdaBroker:
    """See `ports.broker`.

    Serves a function in a single invocation at a time, the holder of the token.
    """

    def __init__(self, function: FunctionModel, *, operations: Operations) -> None:
        self._name = function.name
        self._granted = permissions.compiled(function.grants)
        self._operations = operations
        self._token = ""
        self._messages: Collection[str] = ()

    def open(self, token: str, *, messages: Collection[str] = ()) -> None:
        """Begin an invocation that delivers these messages: from now on its token is valid."""
        self._token = token
        self._messages = messages

    def close(self) -> None:
        """End the invocation."""
        self._token = ""

    def perform(self, request: Request) -> Result:
        """Perform the operation if the function may."""
        if not self._token or request.token != self._token:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        operation = request.operation
        refused = permissions.refusal(
            self._name, granted=self._granted, messages=self._messages, operation=operation
        )
        if refused is not None:
            return refused
        return self._operations.perform(operation)
