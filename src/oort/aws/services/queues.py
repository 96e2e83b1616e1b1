"""The Queues port on SQS."""

import math
from datetime import timedelta

from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.aws.sqs import sending
from oort.model.messages import Message
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import messages as rules

_NOTHING = timedelta(0)


class Queues:
    """Queues of a stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._clients = clients
        self._names = {queue.name: queue.name for queue in platform.queues}
        self._location = location

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`. The delay is rounded up to whole seconds, as SQS requires."""
        url = sending.queue_url(self._clients, self._location, self._names[queue])
        text = sending.sealed(message).text
        seconds = math.ceil(rules.delay(delay.total_seconds()).total_seconds())
        request = {
            "QueueUrl": url,
            "MessageBody": text,
            **({"DelaySeconds": seconds} if seconds else {}),
        }
        ask(self._clients.sqs.send_message, request, doing=f"sending to the queue {queue}")
