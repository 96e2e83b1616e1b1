"""Messages on their way from outbox and topic to a delivery.

Serialisable; bodies are JSON bytes.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Older(msgspec.Struct, frozen=True):
    """The body of an event in an older version, for consumers that do not know a newer version."""

    version: int
    body: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message from a handler, a service or a schedule to a consumer.

    `id` stays the same through fan-out and redelivery: the inbox recognises a message by its id.
    `name` is the event's name, or the queue's for a job; `key` is the event's key, whose order the
    relay keeps. `oldest` is the oldest version of the event whose consumers can read the body; 0
    for a message that is not an event. `older` holds the bodies for consumers of versions before
    `oldest`.

    `checked` is true if Oort encoded the body, or validated the body at the boundary: it is JSON,
    and no object in it repeats a member. No envelope carries this flag.
    """

    id: str
    name: str
    body: bytes
    version: int = 1
    key: str = ""
    traceparent: str = ""
    sent: float = 0.0  # Unix seconds
    oldest: int = 0
    older: tuple[Older, ...] = ()
    checked: bool = False


class Sealed(msgspec.Struct, frozen=True):
    """A message with the text of its envelope. The text is made once and carried unchanged."""

    message: Message
    text: str


class Reason(StrEnum):
    """The reason why a consumer, as it is now, can never read a message.

    The message is parked, not retried.
    """

    UNKNOWN_EVENT = "unknown-event"
    UNKNOWN_VERSION = "unknown-version"
    CONTENT_TYPE = "content-type"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    MALFORMED = "malformed"
    REPEATED_NAME = "repeated-name"
    MISFIT = "misfit"


class Fault(msgspec.Struct, frozen=True):
    """A defect of a message: a reason for programs, and a sentence for people."""

    reason: Reason
    detail: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a message to a consumer.

    `receipt` is valid until the visibility time-out ends.

    With a `fault` the transport could not decode its input as a message. `raw` and `headers` are
    this input, where they hold more than the message.
    """

    message: Message
    receipt: str
    attempt: int
    fault: Fault | None = None
    raw: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that used up its attempts, with the error of the last attempt."""

    message: Message
    queue: str
    attempts: int
    error: str
    died: float  # Unix seconds


class ParkedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that its consumer could not read.

    `id` is unique among the messages parked from a queue.

    `raw` and `headers` are the input as received.
    """

    id: str
    queue: str
    message: Message
    fault: Fault
    parked: float  # Unix seconds
    raw: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of waiting, in-flight, dead and parked messages of a queue."""

    queue: str
    waiting: int
    in_flight: int
    dead: int
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """An event of the past. `place` counts up; it names where to go on."""

    place: int
    published: float  # Unix seconds
    message: Message
