"""Queues: at-least-once hand-over with a visibility time-out, attempts and dead letters."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from oort.model.messages import DeadLetter, Delivery, Message, QueueDepth


class Queues(Protocol):
    """Durable queues, standard in the SQS sense: at least once, order best effort.

    - `send` returns when the message is durable.
    - A received message is invisible until its visibility time-out ends or `retry` says otherwise; each hand-over counts
      as an attempt. A message that is neither acknowledged nor retried comes back with the next attempt number.
    - After the queue's last attempt the message becomes a dead letter: at `retry` on this engine, at the next receive on
      SQS. Suites poll for it.
    - SQS counts in whole seconds, so that delays and times to come back are rounded up there; and it keeps no word of why
      a message failed, so that its dead letters have no error, and as their time that of the first hand-over.
    - A receipt is good for the hand-over it came with. `acknowledge` with a stale one has no effect; so has `retry`.
    """

    def send(self, queue: str, message: Message, *, delay: timedelta = timedelta(0)) -> None:
        """Add a message, visible after the delay. Bodies are at most 256 KiB (LimitExceeded)."""

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """Up to `most` visible messages, at most 10. An empty list if there are none; never waits."""

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """These are done and must not come back."""

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        """This hand-over failed: visible again after the time, or a dead letter with the error if it was the last attempt."""

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """Waiting messages, oldest first, without receiving them. SQS cannot: there each look hands them over for a moment,
        counts as an attempt, and shows what it happens to find."""

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """Dead letters, oldest first, left where they are. On SQS others do not see them while they are listed."""

    def redrive(self, queue: str) -> int:
        """Put every dead letter back on the queue with fresh attempts; how many there were. On SQS, how many were found."""

    def depth(self, queue: str) -> QueueDepth:
        """How many wait, are in flight, are dead. Approximate on SQS."""
