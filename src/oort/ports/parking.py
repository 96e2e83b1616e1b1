"""Parking: where messages wait that their consumer cannot read, until a consumer is there that can."""

from collections.abc import Callable
from typing import Protocol

from oort.model.messages import Delivery, Fault, ParkedMessage


class Parking(Protocol):
    """A place beside each queue. What is parked is neither tried again nor dead: it did not fail, it is not understood.

    - A parked message keeps its id, its body to the byte, and the headers that came with it.
    - What is released has fresh attempts, and is handed over like any other message of the queue.
    - On SQS a message is parked and then taken from its queue, in two requests: if the process dies in between, it is parked
      twice, with one id, so that the inbox knows the second one. There it is kept for 14 days, as every message is; on the
      engine it is kept until it is released.
    """

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """End this hand-over: the message leaves the queue and is parked.

        With a stale receipt it stays on the queue, whoever has it now. The engine then parks nothing; SQS, which has taken a
        copy by then, keeps it, under the same id.
        """

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """Park it, for a caller who ends the hand-over himself: what polls a queue of SQS deletes all that did not fail."""

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """What is parked from this queue, oldest first, left where it is."""

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """Put those back on the queue that are `ready`; how many. On SQS, of those that were found."""

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """Remove the `chosen` ones for good; how many. On SQS, of those that were found."""
