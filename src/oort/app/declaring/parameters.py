"""The kinds of parameter that a handler or provider may have, and the grants that follow from them."""

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
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class HandleParameter:
    """A resource with the actions that the handler may take."""

    name: str
    resource: type[ResourceHandle]
    model: Resource
    actions: tuple[type, ...]

    def grants(self, _: str) -> tuple[Grant, ...]:
        """The actions, on the resource."""
        return (Grant(self.model.kind, self.model.name, tuple(sorted(map(word, self.actions)))),)

    def handle(self, link: Link) -> object:
        """The argument."""
        return make(self.resource, link=link, _actions=frozenset(self.actions))


@dataclass(frozen=True, slots=True)
class PublishParameter:
    """The right to publish these events."""

    name: str
    events: tuple[type[Event], ...]

    def grants(self, _: str) -> tuple[Grant, ...]:
        """Publishing, for each event."""
        return tuple(
            Grant(Kind.EVENT, event.__oort__.model.name, ("publish",)) for event in self.events
        )

    def handle(self, link: Link) -> object:
        """The argument."""
        return make(cast(type[Publish[Event]], Publish), link=link, _events=self.events)


@dataclass(frozen=True, slots=True)
class CallParameter:
    """A call that the handler may make."""

    name: str
    call: type[Call[Any, Any]]

    def grants(self, _: str) -> tuple[Grant, ...]:
        """Calling."""
        return (Grant(Kind.CALL, self.call.__oort__.model.name, ("call",)),)

    def handle(self, link: Link) -> object:
        """The argument."""
        return make(self.call, link=link)


@dataclass(frozen=True, slots=True)
class OnceParameter:
    """The right to carry out external effects of a delivery."""

    name: str

    def grants(self, function: str) -> tuple[Grant, ...]:
        """Noting effects of the function's own."""
        return (Grant(Kind.EFFECT, function, ("once",)),)

    def handle(self, link: Link) -> object:
        """The argument."""
        return make(Once, link=link)


@dataclass(frozen=True, slots=True)
class ProvidedParameter(_NoGrant):
    """A port of the app's own, made by a provider. The provider's parameters have their grants themselves."""

    name: str
    kind: object


@dataclass(frozen=True, slots=True)
class ValueParameter(_NoGrant):
    """A value of the request: from the body, the path, the query or a header. `wire` is its name there."""

    name: str
    place: str  # body, path, query, header
    wire: str
    kind: object
    required: bool
    many: bool = False


@dataclass(frozen=True, slots=True)
class PrincipalParameter(_NoGrant):
    """The caller; `optional` says that there may be none."""

    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ContextParameter(_NoGrant):
    """The invocation itself."""

    name: str


@dataclass(frozen=True, slots=True)
class MessageParameter(_NoGrant):
    """The event or message; always the first parameter of a consumer."""

    name: str
    kind: object


Linked: TypeAlias = (
    HandleParameter | PublishParameter | CallParameter | OnceParameter
)  # filled with a handle
Kept: TypeAlias = Linked | ProvidedParameter  # the argument is the same from call to call
Parameter: TypeAlias = (
    Kept | ValueParameter | PrincipalParameter | ContextParameter | MessageParameter
)


@dataclass(frozen=True, slots=True)
class Signature:
    """A handler's parameters, and what it returns."""

    parameters: tuple[Parameter, ...]
    returns: object
