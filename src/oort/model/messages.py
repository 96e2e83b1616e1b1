"""A message as it travels: through the outbox, a topic and a queue, to one delivery. Serialisable; bodies are JSON bytes."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Older(msgspec.Struct, frozen=True):
    """The same fact as an older version of its event tells it, for consumers that know no newer one."""

    version: int
    body: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. `id` stays the same through fan-out and redelivery: the inbox knows a message by it.

    `name` is the event's name, or the queue's for a work message; `key` is the event's key, whose order the relay keeps.
    `oldest` is the oldest version of the event whose consumers can read the body; 0 for what is no event. `older` holds
    the bodies for those who know only versions before that. `checked` says that Oort encoded the body itself, or has
    checked it at the boundary: it is JSON, and names no member of an object twice. No envelope carries it.
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
    """A message and the text of its envelope, which is made once and carried as it is."""

    message: Message
    text: str


class Reason(StrEnum):
    """Why a consumer cannot read a message, and never will as it is now. Such a message is parked, not tried again."""

    UNKNOWN_EVENT = "unknown-event"
    UNKNOWN_VERSION = "unknown-version"
    CONTENT_TYPE = "content-type"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    MALFORMED = "malformed"
    REPEATED_NAME = "repeated-name"
    MISFIT = "misfit"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a message: a reason that programs know, and a sentence for people."""

    reason: Reason
    detail: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a message to a consumer. `receipt` is valid until the visibility time-out ends.

    With a `fault` the transport could not make a message of what it got. `raw` and `headers` are what came, where that is
    more than the message.
    """

    message: Message
    receipt: str
    attempt: int
    fault: Fault | None = None
    raw: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that used up its attempts, with what the last one raised."""

    message: Message
    queue: str
    attempts: int
    error: str
    died: float  # Unix seconds


class ParkedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that its consumer could not read. `id` names it among those parked from one queue; `raw` and `headers` are
    what came, as it came.
    """

    id: str
    queue: str
    message: Message
    fault: Fault
    parked: float  # Unix seconds
    raw: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages wait, are being processed, are dead, and are parked."""

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
