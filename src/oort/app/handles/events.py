"""Events: immutable facts. A single service publishes an event; every service may subscribe."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar, cast, dataclass_transform, get_args

import msgspec

from oort.app.handles import codecs
from oort.app.handles.actions import D
from oort.app.handles.handle import Handle, ask, caller
from oort.model import names, operations
from oort.model.errors import InvalidEvent, InvalidProgram, InvalidValue, Mistake, NotGranted
from oort.model.messages import Message, Older
from oort.model.resources import EventModel


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Event(msgspec.Struct, frozen=True):
    """The base of every event.

    Declare an event with `@event(name, version=…, key=…)` in a `contracts` module.

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
    """The record of `@event` on the class.

    `upcasts` map older versions to conversions into this class. `downcasts` map older versions to
    conversions from this class.
    """

    model: EventModel
    upcasts: dict[int, tuple[type[Event], Callable[..., object]]] = field(
        default_factory=dict[int, tuple[type[Event], Callable[..., object]]]
    )
    downcasts: dict[int, tuple[type[Event], Callable[..., object]]] = field(
        default_factory=dict[int, tuple[type[Event], Callable[..., object]]]
    )


def event(name: str, *, version: int, key: str, compatible: int | None = None) -> Callable[[D], D]:
    """Declare an event class: its name, its version and its key.

    The name is `service.what-happened`; only the service before the dot may publish the event.
    `key` is the field that fixes the order of messages. A new version is a break: consumers of
    older versions do not get its events. `compatible=1` promises that consumers of version 1 and
    later can read the events unchanged, with the same meaning; `oort contracts check` compares the
    schemas. Raises InvalidProgram for a wrong name, version, key or base class.
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
    """The permission to publish an event: take `out: Publish[SignedUp]` as a parameter."""

    _events: tuple[type[Event], ...]

    def publish(self, event: E_contra) -> None:
        """Publish the event to every subscriber, at least once.

        Prefer `tx.publish` inside `atomic()`: then the data and the event are committed together.
        Raises InvalidEvent with each misfit if the event does not fit its class.
        """
        ask(self._link, prepare_publish(self, event))


def prepare_publish(out: Publish[E], event: E) -> operations.PublishEvent:
    if type(event) not in out._events:
        name = type(event).__name__
        raise NotGranted(
            f"The handler may not publish {name}.", f"Ask for it: out: Publish[{name}]."
        )
    message = stamped(event, out._link.message)
    return operations.PublishEvent(message.name, message)


class Stamp(Protocol):
    """A function that makes a message with a new id, the time and a trace."""

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
        """Return the message."""
        ...


def stamped(event: Event, stamp: Stamp) -> Message:
    """Return the event as a message with its older forms.

    Raises InvalidEvent if the event does not fit its class.
    """
    model = type(event).__oort__.model
    key = str(getattr(event, model.key))
    body = _body(event, type(event))
    older = tuple(_older(event, model.version))
    return stamp(
        name=model.name, body=body, key=key, version=model.version, oldest=model.oldest, older=older
    )


def _older(event: Event, version: int) -> Iterator[Older]:
    """Yield the event in each older form that downcasts lead to, down from `version`."""
    for _, (old, convert) in sorted(type(event).__oort__.downcasts.items(), reverse=True):
        model, converted = old.__oort__.model, cast(Event, convert(event))
        if model.version < version:
            body = _body(converted, old)
            yield Older(model.version, body)
            version = model.version
            for form in _older(converted, version):
                version = form.version
                yield form


def _body(event: Event, kind: type[Event]) -> bytes:
    """Return the event as JSON. Raises InvalidEvent if the event does not fit the class."""
    if not isinstance(event, kind):
        raise _misfit(kind, [f"{type(event).__name__} is not {kind.__name__}"])
    try:
        body = codecs.body(event, kind)
    except InvalidValue as error:
        cause = error.__cause__ if isinstance(error.__cause__, msgspec.MsgspecError) else error
        raise _misfit(kind, codecs.reasons(event, kind, cause)) from error
    from oort.rules.types import opening  # loaded only to publish

    if opening.may_hold(kind):
        again = cast(Event, codecs.read(body, kind))  # unknown values are known by their class
        if unknown := opening.unknowns(kind, again):
            raise _misfit(kind, unknown)
    return body


def _misfit(kind: type[Event], reasons: list[str]) -> InvalidEvent:
    model = kind.__oort__.model
    return InvalidEvent(
        f"The event does not fit {model.name} version {model.version} ({model.source}): "
        f"{'; '.join(reasons)}.",
        "Nothing was published. Make the event fit its class, "
        "or declare a new version of the event.",
    )


def published_by(hint: object) -> tuple[type[Event], ...]:
    """Return the events of `Publish[A]` or `Publish[A | B]`; empty if a class is not an event."""
    inner = get_args(hint)
    kinds = get_args(inner[0]) or inner if inner else ()
    events = tuple(event for event in map(declared, kinds) if event is not None)
    return events if len(events) == len(kinds) else ()


def declared(kind: object) -> type[Event] | None:
    """Return the class if it has its own `@event`, not only an inherited one; otherwise None."""
    is_declared = isinstance(kind, type) and issubclass(kind, Event) and "__oort__" in vars(kind)
    return cast(type[Event], kind) if is_declared else None


def _mistakes(cls: type, model: EventModel) -> list[Mistake]:
    mistakes: list[Mistake] = []
    name, version, key, source = model.name, model.version, model.key, model.source
    if not issubclass(cls, Event):
        mistakes.append(
            Mistake(
                source,
                "event.base",
                f"{cls.__name__} is not an Event.",
                f"Write class {cls.__name__}(Event).",
            )
        )
        return mistakes
    if not names.EVENT.fullmatch(name):
        what = f"{name!r} is not an event's name."
        mistakes.append(
            Mistake(
                source,
                "event.name",
                what,
                "Write service.what-happened in lower case: accounts.signed-up.",
            )
        )
    if version < 1:
        mistakes.append(
            Mistake(
                source,
                "event.version",
                f"Version {version} of {name} is not possible.",
                "Versions count from 1.",
            )
        )
    if model.compatible is not None and not 1 <= model.oldest <= version:
        what = f"Version {version} of {name} cannot be compatible with version {model.oldest}."
        mistakes.append(
            Mistake(source, "event.compatible", what, f"Name a version from 1 to {version}.")
        )
    if key not in cls.__struct_fields__:
        field_names = ", ".join(cls.__struct_fields__)
        mistakes.append(
            Mistake(
                source,
                "event.key",
                f"{cls.__name__} has no field {key!r} to be its key.",
                f"Name a field of the event: {field_names}.",
            )
        )
    return mistakes
