"""A function: one handler, its trigger, and the actions that it may take."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from oort.model.errors import Source
from oort.model.resources import Kind


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A resource and the actions that a function may take on it."""

    kind: Kind
    resource: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """The request rate of a client: `per_second` steadily, up to `burst` at once after a pause."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Http:
    """An HTTP trigger. `path` is the full path, with its service's prefix and `{parameters}`.

    A private route is open to members of `groups` and to the caller whose id is the path parameter
    `owner`. With neither of the two, every caller with a token may use the route. Without a `rate`
    the gateway's default holds.
    """

    method: str
    path: str
    status: int
    public: bool
    groups: tuple[str, ...]
    owner: str = ""
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Triggered by an event, through a queue of its own."""

    event: str
    version: int
    queue: str
    batch: int


@dataclass(frozen=True, slots=True)
class Worker:
    """Triggered by the messages of a work queue."""

    queue: str
    batch: int


@dataclass(frozen=True, slots=True)
class Timer:
    """A schedule as the trigger, through a queue of its own.

    The schedule is an `interval`, or a `cron` expression in a time zone.
    """

    interval: timedelta | None
    cron: str | None
    timezone: str
    queue: str
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """Triggered by a declared call, which waits for it."""

    call: str
    timeout: timedelta


Consumed: TypeAlias = Subscription | Worker | Timer  # triggered through a queue
Trigger: TypeAlias = Http | Answer | Consumed


@dataclass(frozen=True, slots=True)
class FunctionModel:
    """One function. Its name is `service.handler`."""

    name: str
    service: str
    trigger: Trigger
    grants: tuple[Grant, ...]
    timeout: timedelta
    description: str
    source: Source
    latency_sensitive: bool = False  # a process is ready for the next invocation

    @property
    def queue(self) -> str | None:
        """The queue that feeds the function; None for a request or a call as the trigger."""
        match self.trigger:
            case Subscription(queue=queue) | Worker(queue=queue) | Timer(queue=queue):
                return queue
            case Http() | Answer():
                return None
