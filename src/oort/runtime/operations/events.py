"""Operations on events."""

from oort.model.operations import Done, PublishEvent
from oort.ports.events import Events


def perform(operation: PublishEvent, events: Events) -> Done:
    """Carry it out on the port."""
    events.publish(operation.event, operation.message)
    return Done()
