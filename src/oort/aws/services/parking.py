"""The Parking port on SQS: beside each queue another one that nobody consumes. What came is sent there to the character,
with why it was not understood and the headers it had.
"""

from collections.abc import Callable

import msgspec

from oort.aws.client_types import SqsMessage
from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.aws.sqs import sqs_queues
from oort.aws.sqs.message_text import text
from oort.aws.sqs.sqs_queues import Shelves
from oort.model.messages import Delivery, Fault, ParkedMessage, Reason
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Place

_DETAIL = 1000  # characters: attributes count towards the 1 MiB of a message
_UNTOLD = Fault(Reason.MALFORMED, "It does not say why it was parked.")
_headers = msgspec.json.Decoder(dict[str, str])


class Parking:
    """What is parked in one stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, place: Place) -> None:
        self._clients = clients
        self._shelves = Shelves(clients, platform=platform, place=place)

    def park(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """See `ports.parking`. Sent first and taken away then: never the other way round."""
        own = self._shelves.own(queue)
        self.keep(queue, delivery, fault)
        own.delete([delivery.receipt], doing=f"parking a message of {own.title}")

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """Park it and leave it to the caller to end the hand-over: Lambda's poller deletes what did not fail."""
        told = {"reason": fault.reason.value, "detail": _printable(fault.detail)}
        if delivery.headers:
            told["headers"] = msgspec.json.encode(dict(delivery.headers)).decode()
        parked = self._shelves.parked(queue)
        request = {
            "QueueUrl": parked.url,
            "MessageBody": delivery.raw or text(delivery.message),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": one} for name, one in told.items()
            },
        }
        ask(
            self._clients.sqs.send_message, request, doing=f"parking a message of the queue {queue}"
        )

    def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
        """See `ports.parking`."""
        return [_message(one, queue) for one in self._shelves.parked(queue).look(most=most)]

    def release(self, queue: str, *, ready: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`. Headers stay behind: no consumer of Oort's reads any."""
        return self._shelves.parked(queue).move(
            self._shelves.own(queue), ready=lambda one: ready(_message(one, queue))
        )

    def discard(self, queue: str, *, chosen: Callable[[ParkedMessage], bool]) -> int:
        """See `ports.parking`."""
        return self._shelves.parked(queue).move(
            None, ready=lambda one: chosen(_message(one, queue))
        )


def _message(found: SqsMessage, queue: str) -> ParkedMessage:
    told = dict(sqs_queues.headers(found))
    message, _ = sqs_queues.message(found, queue)
    return ParkedMessage(
        id=found["MessageId"],
        queue=queue,
        message=message,
        fault=_fault(told),
        parked=sqs_queues.sent(found),
        raw=found["Body"],
        headers=tuple(_headers.decode(told["headers"]).items()) if "headers" in told else (),
    )


def _printable(detail: str) -> str:
    """The sentence in characters that SQS takes; an attribute must not be empty."""
    return "".join(one if one.isprintable() else " " for one in detail[:_DETAIL]) or "-"


def _fault(told: dict[str, str]) -> Fault:
    """Why it is there. Somebody else may have put it there."""
    try:
        return Fault(Reason(told["reason"]), told.get("detail", ""))
    except (KeyError, ValueError):
        return _UNTOLD
