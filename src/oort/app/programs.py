"""A loaded program: the model that everything else reads, and the callables that the runtime enters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from oort.app.declaring.parameters import PublishParameter, Signature
from oort.app.handles.events import Event
from oort.model.functions import FunctionModel
from oort.model.platform import PlatformModel
from oort.model.problems import Problem

Call: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Provider:
    """A factory, and what it asks for. `ttl` says how long what it makes is kept; None: as long as the environment."""

    factory: Call
    signature: Signature
    service: str
    ttl: timedelta | None = None

    @property
    def makes(self) -> object:
        """The type that handlers ask for."""
        return self.signature.returns


@dataclass(frozen=True, slots=True)
class Function:
    """A handler, ready to be entered. `providers` are those of its service, by what they make; `raises` the problems that
    its route declares.
    """

    model: FunctionModel
    call: Call
    signature: Signature
    providers: Mapping[object, Provider]
    event: type[Event] | None = None
    raises: tuple[type[Problem], ...] = ()

    @property
    def published(self) -> tuple[type[Event], ...]:
        """The events that it may publish, through its own parameters or those of its service's providers."""
        signatures = [self.signature, *(provider.signature for provider in self.providers.values())]
        parameters = [one for signature in signatures for one in signature.parameters]
        return tuple(
            kind for one in parameters if isinstance(one, PublishParameter) for kind in one.events
        )


@dataclass(frozen=True, slots=True)
class Program:
    """All services of a platform, checked."""

    model: PlatformModel
    functions: Mapping[str, Function]
