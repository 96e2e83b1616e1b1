"""The line from a handle to the platform. The runtime gives each environment one; the test kit gives fakes another."""

from datetime import timedelta
from typing import Protocol

from oort.model.errors import (
    ConditionFailed,
    EffectInProgress,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    NotGranted,
    OortError,
)
from oort.model.messages import Message, Older
from oort.model.operations import Lease, Mark, Operation, Refused, Result
from oort.model.problems import BadRequest, Conflict, NotFound


class Link(Protocol):
    """What a handle needs of the invocation it works for."""

    def perform(self, operation: Operation) -> Result:
        """Send the operation through the broker, and record its span."""
        ...

    def message(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int = 0,
        older: tuple[Older, ...] = (),
    ) -> Message:
        """A message with a new id, the time, and the trace of this invocation. See `Message` for the rest."""
        ...

    def mark(self) -> Mark | None:
        """The inbox mark of a delivery, until a block has committed with it; None afterwards and for requests."""
        ...

    def lease(self, name: str) -> Lease:
        """A claim of this delivery to its effect of that name, with a holder of its own. InvalidUse outside deliveries."""
        ...


def refusal(refused: Refused) -> Exception:
    """The exception a handler sees for a refused operation."""
    if refused.code == ConditionFailed.code:
        return Conflict(refused.detail)
    if refused.code == NoSuchItem.code:
        return NotFound(refused.detail)
    if refused.code == InvalidCursor.code:
        return BadRequest(refused.detail)
    if refused.code == EffectInProgress.code:
        return EffectInProgress(refused.detail, after=timedelta(seconds=refused.after))
    kinds: dict[str, type[OortError]] = {
        kind.code: kind for kind in (NotGranted, InvalidUse, InvalidValue, LimitExceeded)
    }
    return kinds.get(refused.code, OortError)(refused.detail)
