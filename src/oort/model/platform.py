"""The whole program as data: services with their resources and functions. Everything that is shown or deployed is read from here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from oort.model.functions import FunctionModel
from oort.model.resources import EventModel, QueueModel, Resource, TableModel

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceModel:
    """One service: the resources it owns and the functions it runs.

    Pages of the origins in `cors` may call its routes from a browser.
    """

    name: str
    resources: tuple[Resource, ...] = ()
    functions: tuple[FunctionModel, ...] = ()
    cors: tuple[str, ...] = ()

    def of(self, kind: type[R]) -> Iterator[R]:
        """Its resources of one kind: `service.of(TableModel)`."""
        return (resource for resource in self.resources if isinstance(resource, kind))

    @property
    def tables(self) -> tuple[TableModel, ...]:
        """Its tables."""
        return tuple(self.of(TableModel))

    @property
    def queues(self) -> tuple[QueueModel, ...]:
        """Its queues, subscribers' queues included."""
        return tuple(self.of(QueueModel))

    @property
    def events(self) -> tuple[EventModel, ...]:
        """The events that it publishes."""
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
        """Every resource of one kind, service by service: `platform.of(TableModel)`."""
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
        """Every event that one of the services publishes."""
        return self.of(EventModel)

    def subscribers(self, event: str) -> tuple[QueueModel, ...]:
        """The queues that receive a copy of the event."""
        return tuple(queue for queue in self.queues if queue.subscription == event)
