"""Calls: one service asks another and waits for the answer."""

from typing import Protocol

from oort.model.operations import Answered, CallFunction, Objected


class Calls(Protocol):
    """Hands a declared call to the function that answers the call.

    - The caller waits. The value that the handler returned is Answered. A problem that the handler
      raised is Objected, with the problem's status.
    - A failed handler is Objected with a status of 5xx. A late handler is Objected with 504.
    - A call that no function answers is Objected with 502, see `rules.messaging.calls`.
    - A call is never retried automatically. Writes of the answering function stay, whatever the
      result of the call.
    """

    def call(self, operation: CallFunction) -> Answered | Objected:
        """Call the function, and wait for the end. Exceptions mean that the target failed."""
