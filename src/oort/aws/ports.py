"""The ports of a function on AWS.

Each adapter is loaded at its first use, so that a cold start loads no other adapter.
The time of a cold start grows with the loaded modules, and most functions need the
adapters of two or three kinds.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from oort.aws.clients import Clients
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location

if TYPE_CHECKING:
    from oort.aws.services.calls import Calls
    from oort.aws.services.deliveries import Deliveries
    from oort.aws.services.effects import Effects
    from oort.aws.services.events import Events
    from oort.aws.services.queues import Queues
    from oort.aws.services.secrets import Secrets
    from oort.aws.services.tables import Tables
    from oort.aws.services.traces import Traces
    from oort.aws.services.transactions import Transactions
    from oort.ports.clock import Clock

_NO_ANSWERS: Mapping[str, str] = {}


class AwsPorts:
    """See `ports.bundle.FunctionPorts`.

    `answers` names the function that answers each call. `daemon` is the address
    of the X-Ray daemon.
    """

    def __init__(
        self,
        clients: Clients,
        location: Location,
        *,
        platform: PlatformModel,
        service: str,
        clock: "Clock",
        answers: Mapping[str, str] = _NO_ANSWERS,
        daemon: str = "",
    ) -> None:
        self._clients = clients
        self._location = location
        self._platform = platform
        self._service = service
        self._clock = clock
        self._answers = answers
        self._daemon = daemon

    @cached_property
    def tables(self) -> "Tables":
        """Items, in DynamoDB."""
        from oort.aws.services.tables import Tables

        return Tables(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def queues(self) -> "Queues":
        """Messages of work queues, in SQS."""
        from oort.aws.services.queues import Queues

        return Queues(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def events(self) -> "Events":
        """Messages for every subscriber, through SNS."""
        from oort.aws.services.events import Events

        return Events(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def calls(self) -> "Calls":
        """Calls of other services, as invocations of their functions."""
        from oort.aws.services.calls import Calls

        return Calls(self._clients, answers=self._answers, location=self._location)

    @cached_property
    def effects(self) -> "Effects":
        """Records of effects, in the service's inbox."""
        from oort.aws.services.effects import Effects

        return Effects(
            self._clients, location=self._location, service=self._service, clock=self._clock
        )

    @cached_property
    def secrets(self) -> "Secrets":
        """Values that operators set, in Secrets Manager."""
        from oort.aws.services.secrets import Secrets

        return Secrets(
            self._clients, platform=self._platform, location=self._location, clock=self._clock
        )

    @cached_property
    def transactions(self) -> "Transactions":
        """Several writes in a commit, in DynamoDB."""
        from oort.aws.services.transactions import Transactions

        return Transactions(
            self._clients,
            platform=self._platform,
            location=self._location,
            service=self._service,
            clock=self._clock,
        )

    @cached_property
    def deliveries(self) -> "Deliveries":
        """Deliveries that failed or are parked, in SQS."""
        from oort.aws.services.deliveries import Deliveries

        return Deliveries(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def traces(self) -> "Traces":
        """Spans of finished invocations, for X-Ray."""
        from oort.aws.services.traces import Traces

        return Traces(self._daemon)
