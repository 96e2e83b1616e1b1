"""A message as it travels: through the outbox, a topic and a queue, to one delivery. Serialisable; bodies are JSON bytes."""

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. `id` stays the same through fan-out and redelivery: the inbox knows a message by it.

    `name` is the event's name, or the queue's for a work message; `key` is the event's key, whose order the relay keeps.
    """

    id: str
    name: str
    body: bytes
    version: int = 1
    key: str = ""
    traceparent: str = ""
    sent: float = 0.0  # Unix seconds


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a message to a consumer. `receipt` is valid until the visibility time-out ends."""

    message: Message
    receipt: str
    attempt: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that used up its attempts, with what the last one raised."""

    message: Message
    queue: str
    attempts: int
    error: str
    died: float  # Unix seconds


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages wait, are being processed, and are dead."""

    queue: str
    waiting: int
    in_flight: int
    dead: int
