"""Reports of a platform about its messages: what became of a delivery, and what was published."""

from dataclasses import dataclass
from datetime import timedelta

from oort.model.invocations import Failure
from oort.model.messages import Delivery, Fault, Message


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The end of one delivery, for the log. `retry` is None when it succeeded, is parked or dead now.

    `alarm` is true for the first message of its event and version that this consumer could not read.
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
    """An event of the past. `place` counts up; it names where to go on."""

    place: int
    published: float  # Unix seconds
    message: Message
