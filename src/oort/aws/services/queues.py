"""The Queues port on SQS.

SQS moves a message to the dead letters itself, when it would be handed over once more, and keeps no word about why it
failed: that stands in the function's log and in the trace that the message names.
"""

import math
from collections.abc import Sequence
from datetime import timedelta

from oort.aws.client_types import SqsMessage
from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.aws.sqs import batches, sqs_queues
from oort.aws.sqs.message_text import sealed
from oort.aws.sqs.sqs_queues import Shelves
from oort.model import limits
from oort.model.messages import DeadLetter, Delivery, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Place
from oort.rules.messaging import messages as rules

_NOTHING = timedelta(0)


class Queues:
    """Queues of one stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, place: Place) -> None:
        self._clients = clients
        self._queues = {queue.name: queue for queue in platform.queues}
        self._shelves = Shelves(clients, platform=platform, place=place)

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`. SQS counts in whole seconds: the delay is rounded up."""
        own = self._shelves.own(queue)
        text = sealed(message).text
        seconds = math.ceil(rules.delay(delay.total_seconds()).total_seconds())
        request = {
            "QueueUrl": own.url,
            "MessageBody": text,
            **({"DelaySeconds": seconds} if seconds else {}),
        }
        ask(self._clients.sqs.send_message, request, doing=f"sending to {own.title}")

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """See `ports.queues`. A text that is no envelope is handed over as it is, with what is wrong with it."""
        own = self._shelves.own(queue)
        return (
            [_delivery(one, queue) for one in own.receive(most=min(most, limits.BATCH))]
            if most > 0
            else []
        )

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """See `ports.queues`."""
        own = self._shelves.own(queue)
        for batch in batches.cut(receipts):
            own.delete(batch, doing=f"acknowledging messages of {own.title}")

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:  # noqa: ARG002  SQS keeps no error
        """See `ports.queues`. Whole seconds, rounded up; the error is not kept."""
        self._shelves.own(queue).visible_after(
            receipt, math.ceil(rules.visibility(after).total_seconds())
        )

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queues`. SQS shows nothing without a hand-over: each look counts as an attempt."""
        return [
            sqs_queues.message(one, queue)[0]
            for one in self._shelves.own(queue).look(most=most, expected=most)
        ]

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """See `ports.queues`. When one died is not known exactly: SQS tells when it was first handed over."""
        attempts = self._queues[queue].attempts
        return [
            DeadLetter(
                message=sqs_queues.message(one, queue)[0],
                queue=queue,
                attempts=attempts,
                error="",
                died=_first_received(one),
            )
            for one in self._shelves.dead(queue).look(most=most)
        ]

    def redrive(self, queue: str) -> int:
        """See `ports.queues`. As many as there were at the start; one that dies meanwhile waits for the next time."""
        return self._shelves.dead(queue).move(self._shelves.own(queue))

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queues`. SQS may take a minute to count right."""
        waiting, in_flight = self._shelves.own(queue).counts()
        dead, parked = self._shelves.dead(queue).count(), self._shelves.parked(queue).count()
        return QueueDepth(
            queue=queue, waiting=waiting, in_flight=in_flight, dead=dead, parked=parked
        )


def _delivery(found: SqsMessage, queue: str) -> Delivery:
    message, fault = sqs_queues.message(found, queue)
    return Delivery(
        message=message,
        receipt=found["ReceiptHandle"],
        attempt=_attempts(found),
        fault=fault,
        raw=found["Body"],
        headers=sqs_queues.headers(found),
    )


def _attempts(found: SqsMessage) -> int:
    return int(found.get("Attributes", {}).get("ApproximateReceiveCount", "1"))


def _first_received(found: SqsMessage) -> float:
    return float(found.get("Attributes", {}).get("ApproximateFirstReceiveTimestamp", "0")) / 1000
