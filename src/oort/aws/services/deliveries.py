"""The PushedDeliveries port on SQS: Lambda's poller receives messages, and deletes those that did not fail.

SQS moves a message to the dead letters itself, when it would be handed over once more, and keeps no word about why it
failed: that stands in the function's log and in the trace that the message names.
"""

import math
from datetime import timedelta

import msgspec

from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.aws.sqs.message_text import text
from oort.aws.sqs.sqs_queues import Shelves
from oort.model.messages import Delivery, Fault
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import messages as rules

_DETAIL = 1000  # characters: attributes count towards the 1 MiB of a message


class Deliveries:
    """Deliveries in one stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._clients = clients
        self._shelves = Shelves(clients, platform=platform, location=location)

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:  # noqa: ARG002  SQS keeps no error
        """See `ports.deliveries`. Whole seconds, rounded up; the error is not kept."""
        self._shelves.own(queue).visible_after(
            receipt, math.ceil(rules.visibility(after).total_seconds())
        )

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        """See `ports.deliveries`. The text is sent to the character, with the fault and the headers it had."""
        attributes = {"reason": fault.reason.value, "detail": _printable(fault.detail)}
        if delivery.headers:
            attributes["headers"] = msgspec.json.encode(dict(delivery.headers)).decode()
        request = {
            "QueueUrl": self._shelves.parked(queue).url,
            "MessageBody": delivery.raw or text(delivery.message),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        }
        ask(
            self._clients.sqs.send_message, request, doing=f"parking a message of the queue {queue}"
        )


def _printable(detail: str) -> str:
    """The sentence in characters that SQS takes; an attribute must not be empty."""
    return "".join(one if one.isprintable() else " " for one in detail[:_DETAIL]) or "-"
