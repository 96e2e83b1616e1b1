"""Parts of a request that sends to SQS or SNS: queue URLs, the text of a message, and batches.

URLs are computed from the model, so the adapters look up nothing at run time.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from oort.aws.clients import Clients
from oort.model import limits
from oort.model.messages import Message, Sealed
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import envelopes, messages

T = TypeVar("T")

# SQS and SNS refuse these two characters. In JSON they can stand only in strings, where an escape
# has the same meaning.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_REFUSED = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def queue_url(clients: Clients, location: Location, queue: str) -> str:
    """Return the URL of a queue. SQS reads account and name from it and ignores its host."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.queue(queue)}"


def parked_url(clients: Clients, location: Location, queue: str) -> str:
    """Return the URL of the queue with a queue's parked messages."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.parked(queue)}"


def dead_url(clients: Clients, location: Location, queue: str) -> str:
    """Return the URL of a queue's dead-letter queue."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.dead(queue)}"


def text(message: Message) -> str:
    """Return the envelope, in characters that SQS and SNS accept."""
    return _escaped(envelopes.wrapped(message))


def sealed(message: Message) -> Sealed:
    """Seal a message in characters that SQS and SNS accept.

    Raises the errors of `rules.messaging.messages.check`.
    """
    return Sealed(message, _escaped(messages.sealed(message).text))


def batches(entries: Sequence[T], *, size: Callable[[T], int] = lambda _: 0) -> Iterator[list[T]]:
    """Yield the entries in order, in batches of at most ten entries and 256 KiB.

    SNS accepts no larger request.
    https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    """
    batch: list[T] = []
    total = 0
    for entry in entries:
        more = size(entry)
        if batch and (len(batch) == limits.BATCH or total + more > limits.MESSAGE_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(entry)
        total += more
    if batch:
        yield batch


def _escaped(text: str) -> str:
    return text if text.isascii() else text.translate(_REFUSED)
