"""The ports of a target as one value, made once for each target."""

from typing import Protocol

from oort.ports.calls import Calls
from oort.ports.deliveries import Deliveries, PushedDeliveries
from oort.ports.effects import Effects
from oort.ports.events import Events
from oort.ports.parking import Parking
from oort.ports.queue_inspection import QueueInspection
from oort.ports.queues import Queues
from oort.ports.secrets import KeptSecrets, Secrets
from oort.ports.tables import Tables
from oort.ports.traces import Traces
from oort.ports.transactions import Transactions


class HandlePorts(Protocol):
    """The ports that a handler reaches through its handles, one for each kind."""

    @property
    def tables(self) -> Tables:
        """Items."""

    @property
    def queues(self) -> Queues:
        """Messages of work queues."""

    @property
    def events(self) -> Events:
        """Messages for every subscriber."""

    @property
    def calls(self) -> Calls:
        """Questions to other services."""

    @property
    def effects(self) -> Effects:
        """Records of external effects."""

    @property
    def secrets(self) -> Secrets:
        """Values that operators set."""

    @property
    def transactions(self) -> Transactions:
        """Several writes in one commit."""


class FunctionPorts(HandlePorts, Protocol):
    """The ports of a function, for its handles and its invocations by pushed deliveries."""

    @property
    def deliveries(self) -> PushedDeliveries:
        """The ends of failed hand-overs."""

    @property
    def traces(self) -> Traces:
        """Spans of finished invocations."""


class Ports(FunctionPorts, Protocol):
    """All ports of a target, for its functions and for its operators."""

    @property
    def secrets(self) -> KeptSecrets:
        """Values that operators set, and how."""

    @property
    def deliveries(self) -> Deliveries:
        """Hand-overs and their ends."""

    @property
    def queue_inspection(self) -> QueueInspection:
        """Waiting messages and dead letters."""

    @property
    def parking(self) -> Parking:
        """Messages that their consumers cannot read."""
