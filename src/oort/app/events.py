"""Events: immutable facts that one service publishes and any service may subscribe to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar, cast, dataclass_transform, get_args, get_type_hints

import msgspec

from oort.app import codecs
from oort.app.links import Link, refusal
from oort.app.places import caller
from oort.app.variables import D
from oort.model import names, operations
from oort.model.errors import InvalidEvent, InvalidProgram, InvalidUse, NotGranted
from oort.model.items import Value
from oort.model.resources import EventModel
from oort.model.sources import Mistake, Source
from oort.rules import models


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
Old = TypeVar("Old", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


@dataclass(slots=True)
class EventDeclaration:
    """What `@event` records on the class. `upcasts` turn older versions into this one."""

    model: EventModel
    upcasts: dict[int, tuple[type[Event], Callable[..., object]]] = field(
        default_factory=dict[int, tuple[type[Event], Callable[..., object]]]
    )
    decoder: msgspec.json.Decoder[Event] | None = None  # made when the first one is published


def event(name: str, *, version: int, key: str) -> Callable[[D], D]:
    """Name an event class: `service.what-happened`, its version, and the field whose order is kept.

    Only the service in front of the dot may publish it.
    """
    source = caller()

    def decorate(cls: D) -> D:
        mistakes = list(_mistakes(cls, name, version, key, source))
        if mistakes:
            raise InvalidProgram(mistakes)
        cls.__oort__ = EventDeclaration(EventModel(name, version, key, names.owner(name), source))  # type: ignore[attr-defined]
        return cls

    return decorate


def upcast(convert: Callable[[Old], E]) -> Callable[[Old], E]:
    """Declare how an older version of an event becomes the next one; consumers of the newer class then get it converted."""
    source = caller()
    try:
        old, new = map(declared, (*get_type_hints(convert).values(), None, None)[:2])
    except NameError as error:
        raise _upcast_mistake(source, f"the type {error.name!r} cannot be found") from None
    if old is None or new is None:
        raise _upcast_mistake(source, "it does not say which event becomes which")
    before, after = old.__oort__.model, new.__oort__.model
    if before.name != after.name or before.version >= after.version:
        what = f"{before.name} version {before.version} does not become {after.name} version {after.version}"
        raise _upcast_mistake(source, what)
    new.__oort__.upcasts[before.version] = (old, convert)
    return convert


def read(kind: type[Event], *, version: int, body: bytes) -> Event:
    """An event's JSON as the class a consumer knows, through upcasts if it is older. Unknown fields are skipped."""
    known = kind.__oort__
    if version == known.model.version:
        return msgspec.json.decode(body, type=kind, dec_hook=models.load)
    for newest, (old, convert) in sorted(known.upcasts.items(), key=lambda one: one[0]):
        if version <= newest:
            return cast(Event, convert(read(old, version=version, body=body)))
    raise InvalidUse(
        f"{known.model.name} version {version} cannot be read as version {known.model.version}.",
        "Declare an @upcast from the older version.",
    )


class Publish(Generic[E_contra]):
    """The right to publish an event: take `out: Publish[SignedUp]` as a parameter."""

    _link: Link
    _events: tuple[type[Event], ...]

    def publish(self, event: E_contra) -> None:
        """Give the event to every subscriber, at least once. Prefer `tx.publish` inside `atomic()`: data and event together.

        Raises InvalidEvent, naming each place, if the event does not fit its class.
        """
        result = self._link.perform(prepare_publish(self, event))
        if isinstance(result, operations.Refused):
            raise refusal(result)


def prepare_publish(out: Publish[E], event: E) -> operations.PublishEvent:
    """The operation of a publish."""
    if type(event) not in out._events:
        name = type(event).__name__
        raise NotGranted(f"The handler may not publish {name}.", f"Ask for it: out: Publish[{name}].")
    model = type(event).__oort__.model
    key = str(getattr(event, model.key))
    body = codecs.body(event)
    _check(type(event), body)
    message = out._link.message(name=model.name, body=body, key=key, version=model.version)
    return operations.PublishEvent(model.name, message)


def _check(kind: type[Event], body: bytes) -> None:
    """Raise InvalidEvent if the event does not fit its class: msgspec checks nothing when a Struct is made."""
    declared = kind.__oort__
    if declared.decoder is None:
        declared.decoder = msgspec.json.Decoder(kind, dec_hook=models.load)
    try:
        declared.decoder.decode(body)
    except msgspec.ValidationError as error:
        from oort.rules import validation  # for mistakes only

        raw = cast(Value, msgspec.json.decode(body))
        found = validation.violations(validation.compiled(kind), raw)
        wrong = "; ".join(f"{one.pointer or '/'}: {one.detail}" for one in found) or str(error)
        model = declared.model
        raise InvalidEvent(
            f"This is no {model.name} version {model.version} ({model.source}): {wrong}.",
            "Nothing was published. Make the event fit its class, or publish a new version of it.",
        ) from error


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


def _upcast_mistake(source: Source, what: str) -> InvalidProgram:
    instead = "Write @upcast on def newer(old: SignedUpV1) -> SignedUp, both under @event with one name."
    return InvalidProgram([Mistake(source, "event.upcast", f"An upcast cannot be used: {what}.", instead)])


def _mistakes(cls: type, name: str, version: int, key: str, source: Source) -> list[Mistake]:
    found: list[Mistake] = []
    if not issubclass(cls, Event):
        found.append(
            Mistake(source, "event.base", f"{cls.__name__} is not an Event.", f"Write class {cls.__name__}(Event).")
        )
        return found
    if not names.EVENT.fullmatch(name):
        what = f"{name!r} is not an event's name."
        found.append(
            Mistake(source, "event.name", what, "Write service.what-happened in lower case: accounts.signed-up.")
        )
    if version < 1:
        found.append(
            Mistake(source, "event.version", f"Version {version} of {name} is not possible.", "Versions count from 1.")
        )
    if key not in cls.__struct_fields__:
        known = ", ".join(cls.__struct_fields__)
        found.append(
            Mistake(
                source, "event.key", f"{cls.__name__} has no field {key!r} to be its key.", f"Name one of: {known}."
            )
        )
    return found
