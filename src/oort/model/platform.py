"""The whole program as data: services with their resources and functions. Everything that is shown or deployed is read from here."""

from collections.abc import Iterator
from dataclasses import dataclass

from oort.model.functions import FunctionModel
from oort.model.resources import EventModel, QueueModel, TableModel


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """One service: what it owns and what it runs. Pages of the origins in `cors` may call its routes from a browser."""

    name: str
    tables: tuple[TableModel, ...]
    queues: tuple[QueueModel, ...]
    events: tuple[EventModel, ...]
    functions: tuple[FunctionModel, ...]
    cors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformModel:
    """All services that run together."""

    name: str
    services: tuple[ServiceModel, ...]

    @property
    def functions(self) -> Iterator[FunctionModel]:
        """Every function, service by service."""
        return (function for service in self.services for function in service.functions)

    @property
    def tables(self) -> Iterator[TableModel]:
        """Every table, service by service."""
        return (table for service in self.services for table in service.tables)

    @property
    def queues(self) -> Iterator[QueueModel]:
        """Every queue, subscribers' queues included."""
        return (queue for service in self.services for queue in service.queues)

    @property
    def events(self) -> Iterator[EventModel]:
        """Every event that one of the services publishes."""
        return (event for service in self.services for event in service.events)

    def subscribers(self, event: str) -> tuple[QueueModel, ...]:
        """The queues that receive a copy of the event."""
        return tuple(queue for queue in self.queues if queue.subscription == event)
