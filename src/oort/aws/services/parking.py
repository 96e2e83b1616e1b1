"""The Parking port on SQS: beside each queue another one that nobody consumes. `deliveries` fills it."""

from collections.abc import Callable

import msgspec

from oort.aws.client_types import SqsMessage
from oort.aws.clients import Clients
from oort.aws.sqs import sqs_queues
from oort.aws.sqs.sqs_queues import Shelves
from oort.model.messages import Fault, ParkedMessage, Reason
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location

_UNTOLD = Fault(Reason.MALFORMED, "It does not say why it was parked.")
_headers = msgspec.json.Decoder(dict[str, str])


class Parking:
    """What is parked in one stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._shelves = Shelves(clients, platform=platform, location=location)

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


def _fault(told: dict[str, str]) -> Fault:
    """Why it is there. Somebody else may have put it there."""
    try:
        return Fault(Reason(told["reason"]), told.get("detail", ""))
    except (KeyError, ValueError):
        return _UNTOLD
