"""Deliveries: the hand-overs of a queue's messages, and their ends."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from oort.model.messages import Delivery, Fault


class PushedDeliveries(Protocol):
    """The end of a failed hand-over, where the target deletes successful messages itself.

    Lambda is such a target.
    """

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        """End a failed hand-over: the message is visible again after the time.

        After the queue's last attempt the message becomes a dead letter with the error.
        """

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """Park a copy. On SQS the message stays on its queue for Lambda's poller.

        The poller deletes every message that the response does not list as failed.
        """


class Deliveries(PushedDeliveries, Protocol):
    """Hand-overs with a visibility time-out, attempts and dead letters.

    - A received message is invisible until its visibility time-out ends, or until the time that
      `retry` sets. Each hand-over counts as an attempt. A message without `acknowledge` and `retry`
      comes back with the next attempt number.
    - After the queue's last attempt the message becomes a dead letter: at `retry` on this engine,
      at the next receive on SQS. Suites poll for the dead letter.
    - SQS counts in whole seconds, so that times are rounded up there.
    - A receipt is valid for its own hand-over only. `acknowledge` and `retry` with a stale receipt
      have no effect.
    - On SQS a message is parked and then deleted from its queue, in two requests. If the process
      dies between the two, the message is parked twice with the same id, so that the inbox
      recognises the second copy.
    """

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """Return up to `most` visible messages, at most 10.

        An empty list if there are none; never waits.
        """

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """Delete finished messages, so that they do not come back."""

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """End this hand-over: the message leaves the queue and is parked, see `ports.parking`.

        With a stale receipt the message stays on the queue, for its present receiver. The engine
        then parks no message. SQS, which has parked a copy by then, keeps the copy under the same
        id.
        """
