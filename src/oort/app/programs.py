"""A loaded program: its model, and the Python callables that the runtime calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from oort.app.declaring.parameters import PublishParameter, Signature
from oort.app.handles.events import Event
from oort.app.handles.handle import Upgrade
from oort.model.functions import FunctionModel
from oort.model.platform import PlatformModel
from oort.model.problems import Problem

Call: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Provider:
    """A factory with its signature.

    A value is kept for `ttl`, or with None for the life of the environment.
    """

    factory: Call
    signature: Signature
    service: str
    ttl: timedelta | None = None

    @property
    def makes(self) -> object:
        """Return the type that the factory makes."""
        return self.signature.returns


@dataclass(frozen=True, slots=True)
class Function:
    """A handler with its model, signature and providers.

    `providers` maps each provided type to the provider of the handler's service. `raises` are the
    problems that the route declares, `upgrades` those of the worker's queue.
    """

    model: FunctionModel
    call: Call
    signature: Signature
    providers: Mapping[object, Provider]
    event: type[Event] | None = None
    raises: tuple[type[Problem], ...] = ()
    upgrades: tuple[Upgrade, ...] = ()

    @property
    def published(self) -> tuple[type[Event], ...]:
        """Return the events that the handler and the providers of its service may publish."""
        signatures = [self.signature, *(provider.signature for provider in self.providers.values())]
        parameters = [parameter for signature in signatures for parameter in signature.parameters]
        return tuple(
            event
            for parameter in parameters
            if isinstance(parameter, PublishParameter)
            for event in parameter.events
        )


@dataclass(frozen=True, slots=True)
class Program:
    """All functions of a platform, after the checks.

    `resources` are the classes of tables, queues and declared calls, by kind and name:
    "table accounts.people".
    """

    model: PlatformModel
    functions: Mapping[str, Function]
    resources: Mapping[str, type] = field(default_factory=dict[str, type])
