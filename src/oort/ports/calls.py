"""Calls: one service asks another and waits for the answer."""

from typing import Protocol

from oort.model.operations import Answered, CallFunction, Objected


class Calls(Protocol):
    """Hands a declared call to the function that answers it.

    - The caller waits. What the handler returned is Answered; a problem that it raised is Objected with the problem's status.
    - A handler that fails is Objected with a status of 5xx. One that is late is Objected with 504.
    - A call that no function answers is Objected with 502, see `rules.messaging.calls`.
    - A call is not tried again by itself. What the answering function has written stays, whatever the caller gets.
    """

    def call(self, operation: CallFunction) -> Answered | Objected:
        """Ask, and wait for the end. Exceptions mean that the target failed."""
