"""Parking: messages that their consumer cannot read, until a consumer can."""

from collections.abc import Callable
from typing import Protocol

from oort.model.messages import ParkedMessage


class Parking(Protocol):
    """A place for messages beside each queue.

    A parked message is neither retried nor dead: its consumer did not fail, but could not read the
    message.

    - A parked message keeps its id, its body byte by byte, and the headers of its delivery.
    - A released message has fresh attempts, and is handed over like any other message of the queue.
    - On SQS a parked message is kept for 14 days, as every message is; on the engine until its
      release.
    - `ports.deliveries` parks messages.
    """

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """Return messages parked from this queue, oldest first. They stay parked."""

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """Put the `ready` messages back on the queue, and return their number.

        On SQS, only messages that a receive returned are released and counted.
        """

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """Delete the `chosen` messages, and return their number.

        On SQS, only messages that a receive returned are deleted and counted.
        """
