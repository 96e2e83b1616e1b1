"""The program as data: services with their resources and functions.

All output is derived from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from oort.model.functions import FunctionModel
from oort.model.resources import EventModel, QueueModel, Resource, TableModel

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceModel:
    """One service: its resources and its functions.

    Pages of the origins in `cors` may call its routes from a browser.
    """

    name: str
    resources: tuple[Resource, ...] = ()
    functions: tuple[FunctionModel, ...] = ()
    cors: tuple[str, ...] = ()

    def of(self, kind: type[R]) -> Iterator[R]:
        """Return the resources of a kind: `service.of(TableModel)`."""
        return (resource for resource in self.resources if isinstance(resource, kind))

    @property
    def tables(self) -> tuple[TableModel, ...]:
        """The tables of the service."""
        return tuple(self.of(TableModel))

    @property
    def queues(self) -> tuple[QueueModel, ...]:
        """The queues of the service, subscribers' queues included."""
        return tuple(self.of(QueueModel))

    @property
    def events(self) -> tuple[EventModel, ...]:
        """The events that the service publishes."""
        return tuple(self.of(EventModel))


@dataclass(frozen=True, slots=True)
class PlatformModel:
    """All services that run together."""

    name: str
    services: tuple[ServiceModel, ...]

    @property
    def functions(self) -> Iterator[FunctionModel]:
        """Every function, service by service."""
        return (function for service in self.services for function in service.functions)

    def of(self, kind: type[R]) -> Iterator[R]:
        """Return every resource of a kind, service by service: `platform.of(TableModel)`."""
        return (resource for service in self.services for resource in service.of(kind))

    @property
    def tables(self) -> Iterator[TableModel]:
        """Every table, service by service."""
        return self.of(TableModel)

    @property
    def queues(self) -> Iterator[QueueModel]:
        """Every queue, subscribers' queues included."""
        return self.of(QueueModel)

    @property
    def events(self) -> Iterator[EventModel]:
        """Every published event, service by service."""
        return self.of(EventModel)

    def subscribers(self, event: str) -> tuple[QueueModel, ...]:
        """Return the queues that receive a copy of the event."""
        return tuple(queue for queue in self.queues if queue.subscription == event)
