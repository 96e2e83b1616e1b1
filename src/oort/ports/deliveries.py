"""Deliveries: the messages of a queue as they are handed over, and the end of each hand-over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from oort.model.messages import Delivery, Fault


class PushedDeliveries(Protocol):
    """The end of a hand-over that did not succeed, where the target itself takes away what succeeded, as on Lambda."""

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        """This hand-over failed: visible again after the time, or a dead letter with the error if it was the last attempt."""

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """Park a copy. On SQS the message stays on its queue: Lambda's poller deletes every message that did not fail."""


class Deliveries(PushedDeliveries, Protocol):
    """Hand-overs with a visibility time-out, attempts and dead letters.

    - A received message is invisible until its visibility time-out ends or `retry` says otherwise; each hand-over counts
      as an attempt. A message that is neither acknowledged nor retried comes back with the next attempt number.
    - After the queue's last attempt the message becomes a dead letter: at `retry` on this engine, at the next receive on
      SQS. Suites poll for it.
    - SQS counts in whole seconds, so that times to come back are rounded up there.
    - A receipt is good for the hand-over it came with. `acknowledge` with a stale one has no effect; so has `retry`.
    - On SQS a message is parked and then taken from its queue, in two requests: if the process dies in between, it is parked
      twice, with one id, so that the inbox knows the second one.
    """

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """Up to `most` visible messages, at most 10. An empty list if there are none; never waits."""

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """These are done and must not come back."""

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """End this hand-over: the message leaves the queue and is parked, see `ports.parking`.

        With a stale receipt it stays on the queue, whoever has it now. The engine then parks nothing; SQS, which has taken a
        copy by then, keeps it, under the same id.
        """
