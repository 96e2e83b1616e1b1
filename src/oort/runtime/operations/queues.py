"""Operations on queues."""

from typing import TYPE_CHECKING

from oort.model.operations import Done, SendMessage
from oort.rules.messaging import messages

if TYPE_CHECKING:
    from oort.ports.queues import Queues


def perform(operation: SendMessage, queues: "Queues") -> Done:
    """Perform the operation on the port."""
    queues.send(operation.queue, operation.message, delay=messages.delay(operation.delay))
    return Done()
