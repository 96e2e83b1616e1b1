"""Operations on events."""

from typing import TYPE_CHECKING

from oort.model.operations import Done, PublishEvent

if TYPE_CHECKING:
    from oort.ports.events import Events


def perform(operation: PublishEvent, events: "Events") -> Done:
    """Perform the operation on the port."""
    events.publish(operation.event, operation.message)
    return Done()
