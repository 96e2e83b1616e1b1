"""The kinds of parameters of handlers and providers, and the grants of each."""

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from oort.app.handles.actions import word
from oort.app.handles.calls import Call
from oort.app.handles.events import Event, Publish
from oort.app.handles.handle import Link, ResourceHandle, make
from oort.app.handles.once import Once
from oort.model.functions import Grant
from oort.model.resources import Kind, Resource


class _NoGrant:
    """A parameter that needs no permission."""

    __slots__ = ()

    def grants(self, _: str) -> tuple[Grant, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class HandleParameter:
    """A handle: a resource with the granted actions."""

    name: str
    resource: type[ResourceHandle]
    model: Resource
    actions: tuple[type, ...]

    def grants(self, _: str) -> tuple[Grant, ...]:
        return (Grant(self.model.kind, self.model.name, tuple(sorted(map(word, self.actions)))),)

    def handle(self, link: Link) -> object:
        return make(self.resource, link=link, _actions=frozenset(self.actions))


@dataclass(frozen=True, slots=True)
class PublishParameter:
    """The permission to publish the events."""

    name: str
    events: tuple[type[Event], ...]

    def grants(self, _: str) -> tuple[Grant, ...]:
        return tuple(
            Grant(Kind.EVENT, event.__oort__.model.name, ("publish",)) for event in self.events
        )

    def handle(self, link: Link) -> object:
        return make(cast(type[Publish[Event]], Publish), link=link, _events=self.events)


@dataclass(frozen=True, slots=True)
class CallParameter:
    """A call to another service."""

    name: str
    call: type[Call[Any, Any]]

    def grants(self, _: str) -> tuple[Grant, ...]:
        return (Grant(Kind.CALL, self.call.__oort__.model.name, ("call",)),)

    def handle(self, link: Link) -> object:
        return make(self.call, link=link)


@dataclass(frozen=True, slots=True)
class OnceParameter:
    """The permission to carry out external effects of a delivery."""

    name: str

    def grants(self, function: str) -> tuple[Grant, ...]:
        return (Grant(Kind.EFFECT, function, ("once",)),)

    def handle(self, link: Link) -> object:
        return make(Once, link=link)


@dataclass(frozen=True, slots=True)
class ProvidedParameter(_NoGrant):
    """A port that a provider of the service makes.

    The parameters of the provider have grants of their own.
    """

    name: str
    kind: object


@dataclass(frozen=True, slots=True)
class ValueParameter(_NoGrant):
    """A value of the request, from its body, path, query or a header.

    `wire` is the name of the value in the request.
    """

    name: str
    place: str  # body, path, query, header
    wire: str
    kind: object
    required: bool
    many: bool = False


@dataclass(frozen=True, slots=True)
class PrincipalParameter(_NoGrant):
    """The principal of the request; `optional` allows a request without a principal."""

    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ContextParameter(_NoGrant):
    """The context of the invocation."""

    name: str


@dataclass(frozen=True, slots=True)
class MessageParameter(_NoGrant):
    """The event or message: the first parameter of every consumer."""

    name: str
    kind: object


# Filled with a handle.
Linked: TypeAlias = HandleParameter | PublishParameter | CallParameter | OnceParameter
# The argument is the same in every invocation.
Kept: TypeAlias = Linked | ProvidedParameter
Parameter: TypeAlias = (
    Kept | ValueParameter | PrincipalParameter | ContextParameter | MessageParameter
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a handler or provider, and its return type."""

    parameters: tuple[Parameter, ...]
    returns: object
