"""Work queues: each message has a single consumer, retries and dead letters."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic

from oort.app.handles import codecs
from oort.app.handles.actions import Can, M, Send
from oort.app.handles.handle import Declaration, ResourceHandle, Upgrade, ask, check_action
from oort.model import limits, operations
from oort.model.errors import InvalidUse, LimitExceeded
from oort.model.messages import Message
from oort.model.resources import QueueModel


@dataclass(frozen=True, slots=True)
class QueueDeclaration(Declaration):
    """The record of `@service.queue` on the class."""

    model: QueueModel
    message: object
    upgrades: tuple[Upgrade, ...] = ()

    def read(self, message: Message) -> object:
        """Return a message as the type of the queue. See `upgrades.message`."""
        from oort.app.handles import upgrades  # handlers only send

        return upgrades.message(message, self.message, self.upgrades)


class Queue(ResourceHandle, Generic[M, Can]):
    """A work queue.

    Declare a queue with `@service.queue(name)`, receive it as `Outgoing[Send]`, and consume it with
    `@service.worker`. A message is delivered at least once. Between failed attempts the waits grow;
    after the last attempt the message becomes a dead letter.
    """

    __oort__: QueueDeclaration
    _ACTIONS = (Send,)

    def send(self: "Queue[M, Send]", message: M, *, delay: timedelta = timedelta(0)) -> None:
        """Send a message. The message is durable when the method returns.

        `delay` hides the message from consumers at first, for at most 15 minutes (SQS). A
        redelivery of the consumer's message sends again; `tx.send` inside `atomic()` does not.
        Raises LimitExceeded for a longer delay and for a message above 256 KiB, InvalidUse for a
        message of another type.
        """
        check_action(self, Send)
        ask(self._link, prepare_send(self, message, delay))


def prepare_send(
    queue: Queue[M, Send], message: M, delay: timedelta = timedelta(0)
) -> operations.SendMessage:
    if not timedelta(0) <= delay <= limits.MESSAGE_DELAY:
        raise LimitExceeded(
            f"A delay of {delay} is not possible.",
            f"Use at most {limits.MESSAGE_DELAY}, or a schedule.",
        )
    declared = queue.__oort__
    if isinstance(declared.message, type) and not isinstance(message, declared.message):
        expected = declared.message.__name__
        raise InvalidUse(
            f"{declared.model.name} takes {expected}, not {type(message).__name__}.",
            f"Send a {expected}.",
        )
    name = declared.model.name
    stamped = queue._link.message(
        name=name,
        body=codecs.body(message, declared.message),
        key="",
        version=declared.model.revision,
    )
    return operations.SendMessage(name, stamped, delay.total_seconds())
