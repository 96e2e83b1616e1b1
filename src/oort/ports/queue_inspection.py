"""Inspection of queues by operators: waiting messages, dead letters and depths.

Redrive of dead letters.
"""

from typing import Protocol

from oort.model.messages import DeadLetter, Message, QueueDepth


class QueueInspection(Protocol):
    """Inspects queues. SQS records no error of a failed message.

    On SQS a dead letter has no error, and its time is the time of the first hand-over.
    """

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """Return waiting messages, oldest first, without receiving them.

        SQS cannot do so: each peek hands the messages over for a moment, counts as an attempt, and
        returns only a sample.
        """

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """Return dead letters, oldest first. They stay on their queue.

        On SQS other readers do not see them during the listing.
        """

    def redrive(self, queue: str) -> int:
        """Put every dead letter back on the queue with fresh attempts, and return their number.

        Not at once: after an interruption, the others are still dead letters.
        On SQS, the number of dead letters that were received.
        """

    def depth(self, queue: str) -> QueueDepth:
        """Return the numbers of waiting, in-flight and dead messages. Approximate on SQS."""
