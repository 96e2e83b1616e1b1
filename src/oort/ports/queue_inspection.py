"""Inspection of queues: what operators see of them, and the way back of dead letters."""

from typing import Protocol

from oort.model.messages import DeadLetter, Message, QueueDepth


class QueueInspection(Protocol):
    """Looks into queues. SQS keeps no word of why a message failed: its dead letters have no error, and as their time that of
    the first hand-over.
    """

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """Waiting messages, oldest first, without receiving them. SQS cannot: there each look hands them over for a moment,
        counts as an attempt, and shows what it happens to find."""

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """Dead letters, oldest first, left where they are. On SQS others do not see them while they are listed."""

    def redrive(self, queue: str) -> int:
        """Put every dead letter back on the queue with fresh attempts; how many there were. On SQS, how many were found."""

    def depth(self, queue: str) -> QueueDepth:
        """How many wait, are in flight, are dead. Approximate on SQS."""
