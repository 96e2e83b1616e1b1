"""What the suites ask of SQS and no function of Oort does: receiving by hand, inspection, and an outbox without its stream."""

from collections.abc import Sequence

from oort.aws.client_types import PageAnswer, SqsMessage
from oort.aws.clients import Clients
from oort.aws.dynamodb import outbox
from oort.aws.failures import ask
from oort.aws.services.deliveries import Deliveries
from oort.aws.services.relay import Relay
from oort.aws.sqs import sending, sqs_queues
from oort.aws.sqs.sqs_queues import SqsQueues
from oort.model import limits
from oort.model.messages import DeadLetter, Delivery, Fault, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.tables.attributes import Attributes


class PolledDeliveries(Deliveries):
    """See `ports.deliveries`: the whole port, for suites that poll."""

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """See `ports.deliveries`. A text that is no envelope is handed over as it is, with what is wrong with it."""
        own = self._sqs.queue(queue)
        return (
            [_delivery(one, queue) for one in own.receive(most=min(most, limits.BATCH))]
            if most > 0
            else []
        )

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """See `ports.deliveries`."""
        own = self._sqs.queue(queue)
        for batch in sending.batches(receipts):
            own.delete(batch, doing=f"acknowledging messages of {own.title}")

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """See `ports.deliveries`. Sent first and taken away then: never the other way round."""
        own = self._sqs.queue(queue)
        self.keep(queue, delivery, fault)
        own.delete([delivery.receipt], doing=f"parking a message of {own.title}")


class SqsInspection:
    """See `ports.queue_inspection`."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._queues = {queue.name: queue for queue in platform.queues}
        self._sqs = SqsQueues(clients, platform=platform, location=location)

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queue_inspection`. SQS shows nothing without a hand-over: each look counts as an attempt."""
        return [
            sqs_queues.message(one, queue)[0]
            for one in self._sqs.queue(queue).peek(most=most, expected=most)
        ]

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """See `ports.queue_inspection`. When one died is not known exactly: SQS tells when it was first handed over."""
        attempts = self._queues[queue].attempts
        return [
            DeadLetter(
                message=sqs_queues.message(one, queue)[0],
                queue=queue,
                attempts=attempts,
                error="",
                died=_first_received(one),
            )
            for one in self._sqs.dead(queue).peek(most=most)
        ]

    def redrive(self, queue: str) -> int:
        """See `ports.queue_inspection`. As many as there were at the start; one that dies meanwhile waits."""
        return self._sqs.dead(queue).move(self._sqs.queue(queue))

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queue_inspection`. SQS may take a minute to count right."""
        waiting, in_flight = self._sqs.queue(queue).counts()
        dead, parked = self._sqs.dead(queue).count(), self._sqs.parked(queue).count()
        return QueueDepth(
            queue=queue, waiting=waiting, in_flight=in_flight, dead=dead, parked=parked
        )


def sweep(relay: Relay, clients: Clients, *, table: str) -> int:
    """Send everything that is in the outbox now, as its stream would have it; how many messages were sent."""
    sent = 0
    start: Attributes | None = None
    while True:
        request: dict[str, object] = {"TableName": table, "ConsistentRead": True}
        if start is not None:
            request["ExclusiveStartKey"] = start
        page: PageAnswer = ask(clients.dynamodb.scan, request, doing="sweeping an outbox")
        rows = [outbox.read(found) for found in page.get("Items", ())]
        sent += len(rows) - len(relay.forward(rows))
        start = page.get("LastEvaluatedKey")
        if not start:
            return sent


def _delivery(found: SqsMessage, queue: str) -> Delivery:
    message, fault = sqs_queues.message(found, queue)
    return Delivery(
        message=message,
        receipt=found["ReceiptHandle"],
        attempt=int(found.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
        fault=fault,
        raw=found["Body"],
        headers=sqs_queues.headers(found),
    )


def _first_received(found: SqsMessage) -> float:
    return float(found.get("Attributes", {}).get("ApproximateFirstReceiveTimestamp", "0")) / 1000
