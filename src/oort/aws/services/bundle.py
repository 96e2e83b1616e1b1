"""The ports of one function on AWS. Each adapter is loaded when it is first asked for, so that a cold start loads no other.

A start costs what is loaded: most functions need the adapters of two or three kinds.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from oort.aws.clients import Clients
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Place

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
    """See `ports.bundle.FunctionPorts`. `answers` names the function that answers each call, `daemon` is the address of X-Ray's."""

    def __init__(
        self,
        clients: Clients,
        place: Place,
        *,
        platform: PlatformModel,
        service: str,
        clock: "Clock",
        answers: Mapping[str, str] = _NO_ANSWERS,
        daemon: str = "",
    ) -> None:
        self._clients = clients
        self._place = place
        self._platform = platform
        self._service = service
        self._clock = clock
        self._answers = answers
        self._daemon = daemon

    @cached_property
    def tables(self) -> "Tables":
        """Items, in DynamoDB."""
        from oort.aws.services.tables import Tables

        return Tables(self._clients, platform=self._platform, place=self._place)

    @cached_property
    def queues(self) -> "Queues":
        """Messages of work queues, in SQS."""
        from oort.aws.services.queues import Queues

        return Queues(self._clients, platform=self._platform, place=self._place)

    @cached_property
    def events(self) -> "Events":
        """Messages for every subscriber, through SNS."""
        from oort.aws.services.events import Events

        return Events(self._clients, platform=self._platform, place=self._place)

    @cached_property
    def calls(self) -> "Calls":
        """Questions to other services, as invocations of their functions."""
        from oort.aws.services.calls import Calls

        return Calls(self._clients, answers=self._answers, place=self._place)

    @cached_property
    def effects(self) -> "Effects":
        """Records of what was done outside the platform, in the service's inbox."""
        from oort.aws.services.effects import Effects

        return Effects(self._clients, place=self._place, service=self._service, clock=self._clock)

    @cached_property
    def secrets(self) -> "Secrets":
        """Values that operators set, in Secrets Manager."""
        from oort.aws.services.secrets import Secrets

        return Secrets(self._clients, platform=self._platform, place=self._place, clock=self._clock)

    @cached_property
    def transactions(self) -> "Transactions":
        """Several writes in one commit, in DynamoDB."""
        from oort.aws.services.transactions import Transactions

        return Transactions(
            self._clients,
            platform=self._platform,
            place=self._place,
            service=self._service,
            clock=self._clock,
        )

    @cached_property
    def deliveries(self) -> "Deliveries":
        """Hand-overs that did not succeed, in SQS."""
        from oort.aws.services.deliveries import Deliveries

        return Deliveries(self._clients, platform=self._platform, place=self._place)

    @cached_property
    def traces(self) -> "Traces":
        """Spans of finished invocations, for X-Ray."""
        from oort.aws.services.traces import Traces

        return Traces(self._daemon)
