"""The Parking port on SQS: each queue has another queue without a consumer.

`deliveries` fills it.
"""

from collections.abc import Callable

import msgspec

from oort.aws.client_types import SqsMessage
from oort.aws.clients import Clients
from oort.aws.sqs import sqs_queues
from oort.aws.sqs.sqs_queues import SqsQueues
from oort.model.messages import Fault, ParkedMessage, Reason
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location

_UNKNOWN_FAULT = Fault(Reason.MALFORMED, "It does not say why it was parked.")
_headers = msgspec.json.Decoder(dict[str, str])


class Parking:
    """Parked messages of a stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._sqs = SqsQueues(clients, platform=platform, location=location)

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """See `ports.parking`."""
        return [_message(received, queue) for received in self._sqs.parked(queue).peek(most=most)]

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`. Headers are dropped: no consumer of Oort reads them."""
        return self._sqs.parked(queue).move(
            self._sqs.queue(queue), ready=lambda received: ready(_message(received, queue))
        )

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`."""
        return self._sqs.parked(queue).move(
            None, ready=lambda received: chosen(_message(received, queue))
        )


def _message(received: SqsMessage, queue: str) -> ParkedMessage:
    attributes = dict(sqs_queues.headers(received))
    message, _ = sqs_queues.message(received, queue)
    return ParkedMessage(
        id=received["MessageId"],
        queue=queue,
        message=message,
        fault=_fault(attributes),
        parked=sqs_queues.sent(received),
        raw=received["Body"],
        headers=tuple(_headers.decode(attributes["headers"]).items())
        if "headers" in attributes
        else (),
    )


def _fault(attributes: dict[str, str]) -> Fault:
    """The fault in the attributes. A message that Oort did not park may have none."""
    try:
        return Fault(Reason(attributes["reason"]), attributes.get("detail", ""))
    except (KeyError, ValueError):
        return _UNKNOWN_FAULT
