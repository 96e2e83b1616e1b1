"""Events: immutable facts that one service publishes and any service may subscribe to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar, cast, dataclass_transform, get_args

import msgspec

from oort.app.handles import codecs
from oort.app.handles.actions import D
from oort.app.handles.handle import Handle, ask, caller
from oort.model import names, operations
from oort.model.errors import InvalidEvent, InvalidProgram, NotGranted
from oort.model.items import Value
from oort.model.messages import Message, Older
from oort.model.resources import EventModel
from oort.model.sources import Mistake


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Event(msgspec.Struct, frozen=True):
    """The base of every event. Declare one with `@event(name, version=…, key=…)` in a `contracts` module.

    >>> @event("accounts.signed-up", version=1, key="account_id")
    ... class SignedUp(Event):
    ...     account_id: str
    >>> SignedUp(account_id="1").account_id
    '1'
    """

    __oort__: ClassVar["EventDeclaration"]


E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


@dataclass(slots=True)
class EventDeclaration:
    """What `@event` records on the class. `upcasts` turn older versions into this one, `downcasts` this one into older ones."""

    model: EventModel
    upcasts: dict[int, tuple[type[Event], Callable[..., object]]] = field(
        default_factory=dict[int, tuple[type[Event], Callable[..., object]]]
    )
    downcasts: dict[int, tuple[type[Event], Callable[..., object]]] = field(
        default_factory=dict[int, tuple[type[Event], Callable[..., object]]]
    )


def event(name: str, *, version: int, key: str, compatible: int | None = None) -> Callable[[D], D]:
    """Name an event class: `service.what-happened`, its version, and the field whose order is kept.

    Only the service in front of the dot may publish it. A new version is a break: consumers that know only older ones get
    nothing of it. `compatible=1` says that consumers of version 1 and later may read it as it is, and mean the same by it;
    `oort contracts check` holds the schemas against that.
    """
    source = caller()

    model = EventModel(name, version, key, names.owner(name), source, compatible)

    def decorate(cls: D) -> D:
        if mistakes := _mistakes(cls, model):
            raise InvalidProgram(mistakes)
        cls.__oort__ = EventDeclaration(model)  # type: ignore[attr-defined]
        return cls

    return decorate


class Publish(Handle, Generic[E_contra]):
    """The right to publish an event: take `out: Publish[SignedUp]` as a parameter."""

    _events: tuple[type[Event], ...]

    def publish(self, event: E_contra) -> None:
        """Give the event to every subscriber, at least once. Prefer `tx.publish` inside `atomic()`: data and event together.

        Raises InvalidEvent, naming each place, if the event does not fit its class.
        """
        ask(self._link, prepare_publish(self, event))


def prepare_publish(out: Publish[E], event: E) -> operations.PublishEvent:
    """The operation of a publish."""
    if type(event) not in out._events:
        name = type(event).__name__
        raise NotGranted(
            f"The handler may not publish {name}.", f"Ask for it: out: Publish[{name}]."
        )
    message = stamped(event, out._link.message)
    return operations.PublishEvent(message.name, message)


class Stamp(Protocol):
    """Makes a message of what it is given, with an id, the time and a trace."""

    def __call__(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int,
        older: tuple[Older, ...],
    ) -> Message:
        """The message."""
        ...


def stamped(event: Event, stamp: Stamp) -> Message:
    """The event as a message, with what older consumers get instead. Raises InvalidEvent if it does not fit its class."""
    model = type(event).__oort__.model
    key = str(getattr(event, model.key))
    body = codecs.body(event)
    _check(type(event), body)
    older = tuple(_older(event, model.version))
    return stamp(
        name=model.name, body=body, key=key, version=model.version, oldest=model.oldest, older=older
    )


def _older(event: Event, version: int) -> Iterator[Older]:
    """The event as each older version that downcasts lead to; `version` is the last one told."""
    for _, (old, convert) in sorted(type(event).__oort__.downcasts.items(), reverse=True):
        model, told = old.__oort__.model, cast(Event, convert(event))
        if model.version < version:
            body = codecs.body(told)
            _check(old, body)
            yield Older(model.version, body)
            version = model.version
            for one in _older(told, version):
                version = one.version
                yield one


def _check(kind: type[Event], body: bytes) -> None:
    """Raise InvalidEvent if the event does not fit its class: msgspec checks nothing when a Struct is made."""
    from oort.rules.types import opening  # for those who publish

    cause: Exception | None = None
    try:
        wrong = opening.unknowns(kind, opening.decode(kind, body))
    except msgspec.ValidationError as error:
        from oort.rules.types import validation  # for mistakes only

        raw = cast(Value, msgspec.json.decode(body))
        found = validation.violations(validation.compiled(kind), raw)
        wrong, cause = (
            [f"{one.pointer or '/'}: {one.detail}" for one in found] or [str(error)],
            error,
        )
    if wrong:
        model = kind.__oort__.model
        raise InvalidEvent(
            f"This is no {model.name} version {model.version} ({model.source}): {'; '.join(wrong)}.",
            "Nothing was published. Make the event fit its class, or publish a new version of it.",
        ) from cause


def published_by(hint: object) -> tuple[type[Event], ...]:
    """The event classes inside `Publish[A]` or `Publish[A | B]`; empty if one of them is not an event."""
    inner = get_args(hint)
    kinds = get_args(inner[0]) or inner if inner else ()
    events = tuple(event for event in map(declared, kinds) if event is not None)
    return events if len(events) == len(kinds) else ()


def declared(kind: object) -> type[Event] | None:
    """The class if `@event` stands on it, and not only on a class above it; None for anything else."""
    own = isinstance(kind, type) and issubclass(kind, Event) and "__oort__" in vars(kind)
    return cast(type[Event], kind) if own else None


def _mistakes(cls: type, model: EventModel) -> list[Mistake]:
    found: list[Mistake] = []
    name, version, key, source = model.name, model.version, model.key, model.source
    if not issubclass(cls, Event):
        found.append(
            Mistake(
                source,
                "event.base",
                f"{cls.__name__} is not an Event.",
                f"Write class {cls.__name__}(Event).",
            )
        )
        return found
    if not names.EVENT.fullmatch(name):
        what = f"{name!r} is not an event's name."
        found.append(
            Mistake(
                source,
                "event.name",
                what,
                "Write service.what-happened in lower case: accounts.signed-up.",
            )
        )
    if version < 1:
        found.append(
            Mistake(
                source,
                "event.version",
                f"Version {version} of {name} is not possible.",
                "Versions count from 1.",
            )
        )
    if model.compatible is not None and not 1 <= model.oldest <= version:
        what = f"Version {version} of {name} cannot be compatible with version {model.oldest}."
        found.append(
            Mistake(source, "event.compatible", what, f"Name a version from 1 to {version}.")
        )
    if key not in cls.__struct_fields__:
        known = ", ".join(cls.__struct_fields__)
        found.append(
            Mistake(
                source,
                "event.key",
                f"{cls.__name__} has no field {key!r} to be its key.",
                f"Name one of: {known}.",
            )
        )
    return found
