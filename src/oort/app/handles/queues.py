"""Work queues: one message, one consumer, with retries and dead letters."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic

from oort.app.handles import codecs
from oort.app.handles.actions import Can, M, Send
from oort.app.handles.handle import Declaration, ResourceHandle, ask, check_action
from oort.model import limits, operations
from oort.model.errors import InvalidUse, LimitExceeded
from oort.model.resources import QueueModel


@dataclass(frozen=True, slots=True)
class QueueDeclaration(Declaration):
    """What `@service.queue` records on the class."""

    model: QueueModel
    message: object


class Queue(ResourceHandle, Generic[M, Can]):
    """A work queue. Declare it with `@service.queue(name)`, receive it as `Outgoing[Send]`, consume it with `@service.worker`.

    A message is delivered at least once; after its attempts (with growing waits between) it becomes a dead letter.
    """

    __oort__: QueueDeclaration
    _ACTIONS = (Send,)

    def send(self: "Queue[M, Send]", message: M, *, delay: timedelta = timedelta(0)) -> None:
        """Add a message, durable at return, visible after the delay (at most 15 minutes, as on SQS).

        In a consumer a redelivery sends again; `tx.send` inside `atomic()` does not.
        """
        check_action(self, Send)
        ask(self._link, prepare_send(self, message, delay))


def prepare_send(
    queue: Queue[M, Send], message: M, delay: timedelta = timedelta(0)
) -> operations.SendMessage:
    """The operation of a send."""
    if not timedelta(0) <= delay <= limits.MESSAGE_DELAY:
        raise LimitExceeded(
            f"A delay of {delay} is not possible.",
            f"It is at most {limits.MESSAGE_DELAY}; use a schedule for more.",
        )
    declared = queue.__oort__
    if isinstance(declared.message, type) and not isinstance(message, declared.message):
        wanted = declared.message.__name__
        raise InvalidUse(
            f"{declared.model.name} takes {wanted}, not {type(message).__name__}.",
            f"Send a {wanted}.",
        )
    name = declared.model.name
    stamped = queue._link.message(name=name, body=codecs.body(message), key="", version=1)
    return operations.SendMessage(name, stamped, delay.total_seconds())
