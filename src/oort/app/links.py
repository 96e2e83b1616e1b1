"""The line from a handle to the platform. The runtime gives each environment one; the test kit gives fakes another."""

from typing import Protocol

from oort.model.errors import (
    ConditionFailed,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    NotGranted,
    OortError,
)
from oort.model.messages import Message
from oort.model.operations import Mark, Operation, Refused, Result
from oort.model.problems import BadRequest, Conflict, NotFound


class Link(Protocol):
    """What a handle needs of the invocation it works for."""

    def perform(self, operation: Operation) -> Result:
        """Send the operation through the broker, and record its span."""
        ...

    def message(self, *, name: str, body: bytes, key: str, version: int) -> Message:
        """A message with a new id, the time, and the trace of this invocation."""
        ...

    def mark(self) -> Mark | None:
        """The inbox mark of a delivery, until a block has committed with it; None afterwards and for requests."""


def refusal(refused: Refused) -> Exception:
    """The exception a handler sees for a refused operation."""
    if refused.code == ConditionFailed.code:
        return Conflict(refused.detail)
    if refused.code == NoSuchItem.code:
        return NotFound(refused.detail)
    if refused.code == InvalidCursor.code:
        return BadRequest(refused.detail)
    kinds: dict[str, type[OortError]] = {
        kind.code: kind for kind in (NotGranted, InvalidUse, InvalidValue, LimitExceeded)
    }
    return kinds.get(refused.code, OortError)(refused.detail)
