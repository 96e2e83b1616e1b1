"""Versions of an event: conversions between them, and the version that a consumer receives.

A consumer declares the newest version that it knows and always receives this version. `@upcast`
converts older events. `@downcast` lets a newer producer add older forms. A message that the
consumer cannot read is parked.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, cast

import msgspec

from oort.app.declaring.declarations import version_title
from oort.app.handles import codecs
from oort.app.handles.events import Event
from oort.model.errors import Mistake, NotUnderstood
from oort.model.messages import Message, Reason
from oort.model.resources import EventModel

# The class to which an upcast leads, and the conversion.
_Upcast: TypeAlias = tuple[type[Event], Callable[..., object]]
_PUBLISH = "Give the field a default, or publish a new version of the event."
_NEWER = "Deploy a consumer that knows the version: the message is then delivered."


def read(kind: type[Event], message: Message) -> Event:
    """Return the message as the class that a consumer knows. Unknown fields are skipped.

    Raises NotUnderstood for another event, for a version without a conversion to this class, and
    for a body that does not fit its version. Raises InvalidValue if an upcast returns a value that
    does not fit its class.
    """
    converted, upcasts = _decoded(kind, message)
    for target, convert in upcasts:
        converted = cast(Event, convert(converted))
        codecs.held(converted, target)
    return converted


def check(kind: type[Event], message: Message) -> None:
    """Raise NotUnderstood in the cases of `read`, without running upcasts."""
    _decoded(kind, message)


def reachable(kind: type[Event], version: int) -> bool:
    """Return True if a consumer of the class can read this version of its event."""
    return _conversions(kind, version) is not None


def steps(kind: type[Event]) -> Iterator[type[Event]]:
    """Yield every other version that upcasts and downcasts connect with the class, once."""
    seen, pending = {kind}, [kind]
    while pending:
        declared_on = pending.pop().__oort__
        for connected, _ in (*declared_on.upcasts.values(), *declared_on.downcasts.values()):
            if connected not in seen:
                seen.add(connected)
                pending.append(connected)
                yield connected


def mistakes(
    published: Iterable[type[Event]], consumed: Iterable[tuple[str, type[Event]]]
) -> Iterator[Mistake]:
    """Yield the versions that a consumer of the program could never read.

    `consumed` pairs the name of each consumer with its event class.
    """
    sent, heard = list(published), list(consumed)
    for kind in dict.fromkeys([*sent, *(kind for _, kind in heard)]):
        yield from _closed(kind)
    for consumer, kind in heard:
        name = kind.__oort__.model.name
        yield from _gaps(
            consumer,
            kind,
            [
                published_class
                for published_class in sent
                if published_class.__oort__.model.name == name
            ],
        )


def _closed(kind: type[Event]) -> Iterator[Mistake]:
    """Yield a mistake for each class inside the event that refuses unknown fields.

    A consumer skips the fields that it does not know, so that a newer event can have more of them.
    """
    from oort.rules.types import reading

    model = kind.__oort__.model
    for title in reading.closed(kind):
        yield Mistake(
            model.source,
            "event.closed",
            f"{version_title(model)}: {title} forbids unknown fields, so that its consumers could "
            "read no newer event.",
            'Remove forbid_unknown_fields=True, or extra="forbid" of a pydantic model.',
        )


def _gaps(consumer: str, kind: type[Event], sent: list[type[Event]]) -> Iterator[Mistake]:
    consumed = kind.__oort__.model
    versions = {
        version_model.__oort__.model.version: version_model.__oort__.model
        for version_model in (*sent, *steps(kind))
    }
    for version, version_model in sorted(versions.items()):
        if version < consumed.version and not reachable(kind, version):
            yield Mistake(
                consumed.source,
                "event.gap",
                f"{consumer} knows {version_title(consumed)}, and no upcast leads there "
                f"from version {version} ({version_model.source}).",
                f"Write @upcast from version {version} to a newer one.",
            )
    for newer in sent:
        if not _serves(newer, consumed.version):
            model = newer.__oort__.model
            yield Mistake(
                model.source,
                "event.ahead",
                f"{version_title(model)} is published, but {consumer} only knows "
                f"version {consumed.version} and would not get the event.",
                f"Let {consumer} take the new version, "
                f"or write @downcast to version {consumed.version}.",
            )


def _serves(kind: type[Event], version: int) -> bool:
    """Return True if a published event holds a form for consumers up to this version."""
    return version >= kind.__oort__.model.oldest or any(
        older_class.__oort__.model.version <= version or _serves(older_class, version)
        for older_class, _ in kind.__oort__.downcasts.values()
    )


def _chosen(known: EventModel, message: Message) -> tuple[int, bytes]:
    """Return the version and the body that suit the consumer best."""
    if 1 <= message.version <= known.version:
        return message.version, message.body
    older = {
        form.version: form.body for form in message.older if 1 <= form.version <= known.version
    }
    if known.version not in older and 1 <= message.oldest <= known.version < message.version:
        return known.version, message.body  # newer, and declared compatible
    if older:
        return max(older), older[max(older)]
    raise _refusal(
        message,
        Reason.UNKNOWN_VERSION,
        f"has version {message.version}, and version {known.version} is known",
        _NEWER,
    )


def _decoded(kind: type[Event], message: Message) -> tuple[Event, tuple[_Upcast, ...]]:
    """Return the decoded form of the message and the upcasts that remain."""
    known = kind.__oort__.model
    if message.name != known.name:
        raise _refusal(message, Reason.UNKNOWN_EVENT, f"is not {known.name}")
    version, body = _chosen(known, message)
    conversions = _conversions(kind, version)
    if conversions is None:
        what = f"has version {version}, and no upcast leads from there to version {known.version}"
        raise _refusal(message, Reason.UNKNOWN_VERSION, what, "Declare an @upcast from it.")

    start, upcasts = conversions
    try:
        return cast(Event, codecs.read(body, start)), upcasts
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"does not fit version {version} ({start.__name__}): {error}"
        raise _refusal(message, Reason.MISFIT, what, _PUBLISH) from error


def _refusal(message: Message, reason: Reason, what: str, instead: str = "") -> NotUnderstood:
    """Return the error that parks the message."""
    from oort.rules.messaging import bodies  # loaded only for unreadable messages

    return (
        bodies.refusal(message, reason, what, instead)
        if instead
        else bodies.refusal(message, reason, what)
    )


def _conversions(kind: type[Event], version: int) -> tuple[type[Event], tuple[_Upcast, ...]] | None:
    """Return the class of the version and the upcasts up to `kind`; None without a path."""
    if version == kind.__oort__.model.version:
        return kind, ()
    for _, (old, convert) in sorted(kind.__oort__.upcasts.items(), key=lambda entry: entry[0]):
        if (conversions := _conversions(old, version)) is not None:
            return conversions[0], (*conversions[1], (kind, convert))
    return None
