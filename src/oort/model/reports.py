"""Reports about messages: the end of a delivery, and a published event."""

from dataclasses import dataclass
from datetime import timedelta

from oort.model.invocations import Failure
from oort.model.messages import Delivery, Fault, Message


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The end of a delivery, for the log. `retry` is None after success, parking or death.

    `alarm` is true for the first message of its event and version that this consumer could not
    read.
    """

    function: str
    delivery: Delivery
    attempts: int  # that the queue allows
    failure: Failure | None
    retry: timedelta | None
    duration: timedelta
    parked: Fault | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A published event.

    `place` increases with each event; the next read continues after a `place`.
    """

    place: int
    published: float  # Unix seconds
    message: Message
