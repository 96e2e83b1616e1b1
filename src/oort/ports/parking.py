"""Parking: where messages wait that their consumer cannot read, until a consumer is there that can."""

from collections.abc import Callable
from typing import Protocol

from oort.model.messages import ParkedMessage


class Parking(Protocol):
    """A place beside each queue. What is parked is neither tried again nor dead: it did not fail, it is not understood.

    - A parked message keeps its id, its body to the byte, and the headers that came with it.
    - What is released has fresh attempts, and is handed over like any other message of the queue.
    - On SQS it is kept for 14 days, as every message is; on the engine until it is released.
    - `ports.deliveries` says how a message is parked.
    """

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """What is parked from this queue, oldest first, left where it is."""

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """Put those back on the queue that are `ready`; how many. On SQS, of those that were found."""

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """Remove the `chosen` ones for good; how many. On SQS, of those that were found."""
