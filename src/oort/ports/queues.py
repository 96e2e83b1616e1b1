"""Queues: messages for one consumer, sent by handlers."""

from datetime import timedelta
from typing import Protocol

from oort.model.messages import Message


class Queues(Protocol):
    """Durable queues, standard in the SQS sense: at least once, order best effort.

    `ports.deliveries` is the contract of deliveries, `ports.queue_inspection` that of inspection.
    SQS counts in whole seconds, so that delays are rounded up there.
    """

    def send(self, queue: str, message: Message, *, delay: timedelta = timedelta(0)) -> None:
        """Add a message, visible after the delay. Durable at return.

        Bodies are at most 256 KiB (LimitExceeded). The engine refuses a message with QueueFull if
        1,000,000 wait on the queue, and with StateUnwritable if its disk is nearly full.
        """
