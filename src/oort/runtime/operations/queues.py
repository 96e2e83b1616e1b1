"""Operations on queues."""

from oort.model.operations import Done, SendMessage
from oort.ports.queues import Queues
from oort.rules.messaging import messages


def perform(operation: SendMessage, queues: Queues) -> Done:
    """Carry it out on the port."""
    queues.send(operation.queue, operation.message, delay=messages.delay(operation.delay))
    return Done()
