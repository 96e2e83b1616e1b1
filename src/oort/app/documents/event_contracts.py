"""The event classes of a program, with the functions that publish and consume them."""

from dataclasses import dataclass

from oort.app.handles.events import Event
from oort.app.programs import Program
from oort.model.resources import EventModel


@dataclass(frozen=True, slots=True)
class EventContract:
    """A version of an event: its class, and the functions that publish and consume it."""

    model: EventModel
    kind: type[Event]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]


def events(program: Program) -> tuple[EventContract, ...]:
    """Return every version of every published or consumed event, by name and version."""
    kinds: dict[tuple[str, int], type[Event]] = {}
    producers: dict[tuple[str, int], list[str]] = {}
    consumers: dict[tuple[str, int], list[str]] = {}
    for name, function in sorted(program.functions.items()):
        for kind in dict.fromkeys(function.published):
            kinds[_key(kind)] = kind
            producers.setdefault(_key(kind), []).append(name)
        if function.event is not None:
            kinds[_key(function.event)] = function.event
            consumers.setdefault(_key(function.event), []).append(name)
    return tuple(
        EventContract(
            kind.__oort__.model, kind, tuple(producers.get(key, ())), tuple(consumers.get(key, ()))
        )
        for key, kind in sorted(kinds.items(), key=lambda entry: entry[0])
    )


def _key(kind: type[Event]) -> tuple[str, int]:
    model = kind.__oort__.model
    return model.name, model.version
