"""Events: one message, many subscribers."""

from typing import Protocol

from oort.model.messages import Message


class Events(Protocol):
    """Fan-out.

    Each subscriber has a queue of its own, so that a failing subscriber does not affect the others.

    `publish` returns when every subscriber's queue is sure to get the event, at least once; order
    is not promised. Without subscribers the event is lost. Bodies are at most 256 KiB
    (LimitExceeded). The engine refuses an event like a message of `ports.queues`, for each
    subscriber's queue.
    """

    def publish(self, event: str, message: Message) -> None:
        """Give the message to every subscriber."""
