"""Versions of an event: how one becomes another, and which of them a consumer gets to see.

A consumer declares the newest version that it knows and receives that, whatever version was sent: older ones through
`@upcast`. A producer that has gone on sends what older consumers need along, through `@downcast`. What no way leads to
is not guessed at but parked.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import cast

import msgspec

from oort.app.declaring.declarations import version_title
from oort.app.handles.events import Event
from oort.model.errors import NotUnderstood
from oort.model.messages import Message, Reason
from oort.model.resources import EventModel
from oort.model.sources import Mistake

_PUBLISH = "Give the field a default, or publish a new version of the event."
_NEWER = "Deploy a consumer that knows the version: it is then handed over by itself."


def read(kind: type[Event], message: Message) -> Event:
    """The message as the class that a consumer knows. Fields that the class does not have are skipped.

    Raises NotUnderstood for another event, a version that no way leads from, and a body that does not fit its version.
    """
    found, upcasts = _begun(kind, message)
    for convert in upcasts:
        found = cast(Event, convert(found))
    return found


def check(kind: type[Event], message: Message) -> None:
    """Raise NotUnderstood where `read` would; no upcast is run."""
    _begun(kind, message)


def reachable(kind: type[Event], version: int) -> bool:
    """Whether a consumer that knows the class can read that version of its event."""
    return _way(kind, version) is not None


def steps(kind: type[Event]) -> Iterator[type[Event]]:
    """Every other version of the event that upcasts and downcasts lead from or to, each once."""
    seen, rest = {kind}, [kind]
    while rest:
        declared_on = rest.pop().__oort__
        for other, _ in (*declared_on.upcasts.values(), *declared_on.downcasts.values()):
            if other not in seen:
                seen.add(other)
                rest.append(other)
                yield other


def mistakes(
    published: Iterable[type[Event]], consumed: Iterable[tuple[str, type[Event]]]
) -> Iterator[Mistake]:
    """What consumers of a program could never read of what is declared in it. `consumed` names each consumer."""
    sent = list(published)
    for consumer, kind in consumed:
        name = kind.__oort__.model.name
        yield from _gaps(consumer, kind, [one for one in sent if one.__oort__.model.name == name])


def _gaps(consumer: str, kind: type[Event], sent: list[type[Event]]) -> Iterator[Mistake]:
    known = kind.__oort__.model
    others = {other.__oort__.model.version: other.__oort__.model for other in (*sent, *steps(kind))}
    for version, other in sorted(others.items()):
        if version < known.version and not reachable(kind, version):
            yield Mistake(
                known.source,
                "event.gap",
                f"{consumer} knows {version_title(known)}, and nothing leads there from version {version} ({other.source}).",
                f"Write @upcast from version {version} to a newer one.",
            )
    for newer in sent:
        if not _serves(newer, known.version):
            model = newer.__oort__.model
            yield Mistake(
                model.source,
                "event.ahead",
                f"{version_title(model)} is published, and {consumer} knows version {known.version} only: it would get nothing.",
                f"Let {consumer} take the new version, or write @downcast to version {known.version}.",
            )


def _serves(kind: type[Event], version: int) -> bool:
    """Whether what is published as this class holds something for consumers that know no newer version than this."""
    return version >= kind.__oort__.model.oldest or any(
        other.__oort__.model.version <= version or _serves(other, version)
        for other, _ in kind.__oort__.downcasts.values()
    )


def _chosen(known: EventModel, message: Message) -> tuple[int, bytes]:
    """The version of what the message holds that suits the consumer best, and its body."""
    if 1 <= message.version <= known.version:
        return message.version, message.body
    older = {one.version: one.body for one in message.older if 1 <= one.version <= known.version}
    if known.version not in older and 1 <= message.oldest <= known.version < message.version:
        return known.version, message.body  # newer, and says itself that it can be read
    if older:
        return max(older), older[max(older)]
    raise _refusal(
        message,
        Reason.UNKNOWN_VERSION,
        f"has version {message.version}, and version {known.version} is known",
        _NEWER,
    )


def _begun(kind: type[Event], message: Message) -> tuple[Event, tuple[Callable[..., object], ...]]:
    """What the message holds for the class, decoded as the version that it is, and the upcasts that are left."""
    from oort.rules.types import opening

    known = kind.__oort__.model
    if message.name != known.name:
        raise _refusal(message, Reason.UNKNOWN_EVENT, f"is no {known.name}")
    version, body = _chosen(known, message)
    way = _way(kind, version)
    if way is None:
        what = f"has version {version}, and no upcast leads from there to version {known.version}"
        raise _refusal(message, Reason.UNKNOWN_VERSION, what, "Declare an @upcast from it.")

    start, upcasts = way
    try:
        return opening.decode(start, body), upcasts
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"does not fit version {version} ({start.__name__}): {error}"
        raise _refusal(message, Reason.MISFIT, what, _PUBLISH) from error


def _refusal(message: Message, reason: Reason, what: str, instead: str = "") -> NotUnderstood:
    """The error that parks the message."""
    from oort.rules.messaging import bodies  # for what cannot be read only

    return (
        bodies.refusal(message, reason, what, instead)
        if instead
        else bodies.refusal(message, reason, what)
    )


def _way(
    kind: type[Event], version: int
) -> tuple[type[Event], tuple[Callable[..., object], ...]] | None:
    """The class of that version, and the upcasts that lead from it to this class; None if none do."""
    if version == kind.__oort__.model.version:
        return kind, ()
    for _, (old, convert) in sorted(kind.__oort__.upcasts.items(), key=lambda one: one[0]):
        if (found := _way(old, version)) is not None:
            return found[0], (*found[1], convert)
    return None
