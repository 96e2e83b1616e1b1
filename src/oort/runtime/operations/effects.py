"""Operations on external effects."""

from typing import TYPE_CHECKING

from oort.model.operations import ClaimEffect, Done, FinishEffect, Happened, ReleaseEffect
from oort.rules.messaging import effects as rules

if TYPE_CHECKING:
    from oort.ports.effects import Effects


def perform(
    operation: ClaimEffect | FinishEffect | ReleaseEffect, effects: "Effects"
) -> Done | Happened:
    """Perform the operation on the port."""
    match operation:
        case ClaimEffect():
            result = effects.claim(operation.lease, length=rules.length(operation.seconds))
            return Done() if result is None else Happened(result)
        case FinishEffect():
            return Done(applied=effects.finish(operation.lease, operation.result))
        case ReleaseEffect():
            effects.release(operation.lease)
            return Done()
