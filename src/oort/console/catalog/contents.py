"""The contents of the catalogue: an index, a page for each event, and a page for each service.

Pages depend only on the loaded program, so the same program gives the same pages.
"""

import inspect
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import msgspec

from oort.app.documents import exports
from oort.app.documents.exports import Exported
from oort.app.handles.events import Event
from oort.app.programs import Program
from oort.console.catalog import data, fields
from oort.console.catalog.blocks import (
    Block,
    Facts,
    Heading,
    Listing,
    Page,
    Paragraph,
    Part,
    Phrase,
    Row,
    Table,
    joined,
    paragraphs,
    words,
)
from oort.model.functions import Answer, FunctionModel, Http, Subscription, Timer
from oort.model.items import Value
from oort.model.platform import ServiceModel
from oort.rules.http import access
from oort.rules.messaging import envelopes

_NOBODY = words("nobody")
_UNITS = MappingProxyType({
    "day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1),
})  # fmt: skip


def pages(program: Program, *, root: Path) -> tuple[Page, ...]:
    """Return all pages, the index first. Paths of source files are relative to `root`.

    InvalidProgram for a type without a schema, and for an event without an example.
    """
    versions = exports.versions(program)
    events = {
        name: tuple(versions)[::-1]
        for name, versions in itertools.groupby(versions, lambda entry: entry.declared.event)
    }
    catalogue = _Catalogue(program, events, root)
    return (
        catalogue.front(),
        *(catalogue.event(name, versions) for name, versions in events.items()),
        *(
            catalogue.service(entry)
            for entry in sorted(program.model.services, key=lambda entry: entry.name)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """All versions of all events by name, the newest first."""

    program: Program
    events: dict[str, tuple[Exported, ...]]
    root: Path
    published: dict[str, Phrase] = field(init=False)

    def __post_init__(self) -> None:
        published: dict[str, list[Phrase]] = {}
        for exported in itertools.chain.from_iterable(self.events.values()):
            for function in exported.declared.producers:
                published.setdefault(function, []).append((_version(exported),))
        object.__setattr__(
            self, "published", {name: joined(phrases) for name, phrases in published.items()}
        )

    def front(self) -> Page:
        """Return the index."""
        events = [self._event_row(name, versions) for name, versions in self.events.items()]
        services = [
            self._service_row(service)
            for service in sorted(self.program.model.services, key=lambda service: service.name)
        ]
        blocks: list[Block] = [
            Paragraph(
                words(
                    "What the services of this platform tell each other, and what can be asked of them."
                )
            ),
            Heading(2, "Events", "events"),
            *_table(
                ("Event", "What it says", "Versions", "Published by", "Consumed by"),
                events,
                "There are no events.",
            ),
            Heading(2, "Services", "services"),
            *_table(
                ("Service", "Routes", "Publishes", "Consumes"), services, "There are no services."
            ),
        ]
        return Page("index", self.program.model.name, tuple(blocks))

    def event(self, name: str, versions: tuple[Exported, ...]) -> Page:
        is_here = any(exported.name == _owner(name) for exported in self.program.model.services)
        owner = (Part(_owner(name), page=f"services/{_owner(name)}" if is_here else ""),)
        blocks: list[Block] = [
            *paragraphs(_documentation(versions[0].kind)),
            Facts(
                (
                    ("Service", owner),
                    (
                        "Versions",
                        joined([(_version(exported, bare=True),) for exported in versions]),
                    ),
                )
            ),
        ]
        for exported in versions:
            blocks += self._version(exported, newest=exported is versions[0])
        return Page(f"events/{name}", name, tuple(blocks))

    def service(self, service: ServiceModel) -> Page:
        routes = [self._route(function, trigger) for function, trigger in _routes(service)]
        other_functions = [
            self._other(function)
            for function in service.functions
            if not isinstance(function.trigger, Http)
        ]
        blocks: list[Block] = [
            Heading(2, "Routes", "routes"),
            *_table(
                ("Route", "For", "Function", "What it does", "Publishes"),
                routes,
                "It has no routes.",
            ),
            Heading(2, "Other functions", "functions"),
            *_table(
                ("Function", "Runs", "What it does", "Publishes"),
                other_functions,
                "It has no others.",
            ),
            *data.blocks(self.program, service.name),
        ]
        return Page(f"services/{service.name}", service.name, tuple(blocks))

    def _event_row(self, name: str, versions: tuple[Exported, ...]) -> Row:
        about = words(_documentation(versions[0].kind).partition("\n")[0])
        numbers = joined([(_version(exported, bare=True),) for exported in versions])
        makers = _functions(
            function for exported in versions for function in exported.declared.producers
        )
        takers = _functions(
            function for exported in versions for function in exported.declared.consumers
        )
        return Row(
            ((Part(name, code=True, page=f"events/{name}"),), about, numbers, makers, takers)
        )

    def _service_row(self, service: ServiceModel) -> Row:
        functions = [function.name for function in service.functions]
        published = [
            part for name in functions for part in self.published.get(name, ()) if part.page
        ]
        consumed = [
            self._runs(function)[-1]
            for function in service.functions
            if isinstance(function.trigger, Subscription)
        ]
        links = (
            joined([(function,) for function in dict.fromkeys(parts)])
            for parts in (published, consumed)
        )
        routes = words(str(len(_routes(service))))
        return Row(((Part(service.name, page=f"services/{service.name}"),), routes, *links))

    def _version(self, exported: Exported, *, newest: bool) -> Iterator[Block]:
        anchor = f"v{exported.declared.version}"
        yield Heading(2, f"Version {exported.declared.version}", anchor)
        if not newest:
            yield from paragraphs(_documentation(exported.kind))
        yield Facts(tuple(self._facts(exported)))
        yield from fields.blocks(exported.declared.revision.reader, prefix=f"{anchor}.")
        yield Heading(3, "Example", f"{anchor}.example")
        yield Listing(_indented(exported.data))
        yield Heading(3, "Example on the wire", f"{anchor}.envelope")
        yield Listing(_indented(exported.envelope))

    def _facts(self, exported: Exported) -> Iterator[tuple[str, Phrase]]:
        declared = exported.declared
        yield "Published by", _functions(declared.producers) or _NOBODY
        yield "Consumed by", _functions(declared.consumers) or _NOBODY
        yield "Key", (Part(declared.revision.key, code=True),)
        yield (
            "Read as it is by",
            words(f"consumers of {_range(declared.compatible, declared.version)}"),
        )
        yield from _conversions(exported)
        yield "Schema", (Part(envelopes.schema_of(declared.event, declared.version), code=True),)
        yield (
            "Class",
            (Part(exported.kind.__name__, code=True), Part(f" in {self._place(exported.kind)}")),
        )

    def _place(self, kind: type[Event]) -> str:
        source = kind.__oort__.model.source
        file = Path(source.file)
        inside = file.is_relative_to(self.root)
        return (
            f"{file.relative_to(self.root).as_posix() if inside else file.name}, line {source.line}"
        )

    def _route(self, function: FunctionModel, trigger: Http) -> Row:
        route = (Part(f"{trigger.method} {trigger.path}", code=True),)
        name = (Part(function.name, code=True),)
        return Row(
            (
                route,
                words(access.callers(trigger) or "whoever is signed in"),
                name,
                *self._does(function),
            ),
            function.name,
        )

    def _other(self, function: FunctionModel) -> Row:
        return Row(
            ((Part(function.name, code=True),), self._runs(function), *self._does(function)),
            function.name,
        )

    def _does(self, function: FunctionModel) -> tuple[Phrase, Phrase]:
        text = inspect.cleandoc(self.program.functions[function.name].call.__doc__ or "")
        return words(text.partition("\n")[0]), self.published.get(function.name, ())

    def _runs(self, function: FunctionModel) -> Phrase:
        """Describe the trigger of a function."""
        trigger = function.trigger
        if isinstance(trigger, Subscription):
            versions = self.events[trigger.event]
            version = next(
                exported for exported in versions if exported.declared.version == trigger.version
            )
            return (Part("for each "), _version(version))
        if isinstance(trigger, Timer):
            when = (
                (Part(trigger.cron, code=True), Part(f" ({trigger.timezone})"))
                if trigger.cron
                else ()
            )
            return when or words(f"every {_length(trigger.interval or timedelta())}")
        if isinstance(trigger, Answer):
            return (Part("when "), Part(trigger.call, code=True), Part(" is called"))
        return (Part("for each message in "), Part(getattr(trigger, "queue", ""), code=True))


def _range(least: int, most: int) -> str:
    return f"versions {least} to {most}" if least < most else f"version {least}"


def _length(time: timedelta) -> str:
    """Format a duration in the greatest exact unit."""
    for unit in _UNITS:
        if not time % _UNITS[unit]:
            count = time // _UNITS[unit]
            return unit if count == 1 else f"{count} {unit}s"
    return f"{time.total_seconds()} seconds"


def _owner(event: str) -> str:
    return event.partition(".")[0]


def _routes(service: ServiceModel) -> list[tuple[FunctionModel, Http]]:
    return [
        (function, function.trigger)
        for function in service.functions
        if isinstance(function.trigger, Http)
    ]


def _table(headings: tuple[str, ...], rows: list[Row], otherwise: str) -> Iterator[Block]:
    yield Table(headings, tuple(rows)) if rows else Paragraph(words(otherwise))


def _version(exported: Exported, *, bare: bool = False) -> Part:
    """Return a link to a version of an event."""
    name, number = exported.declared.event, exported.declared.version
    return Part(
        f"version {number}" if bare else f"{name} version {number}",
        page=f"events/{name}",
        anchor=f"v{number}",
    )


def _functions(names: Iterable[str]) -> Phrase:
    return joined(
        (Part(name, code=True, page=f"services/{_owner(name)}", anchor=name),)
        for name in dict.fromkeys(names)
    )


def _conversions(exported: Exported) -> Iterator[tuple[str, Phrase]]:
    """Yield the versions that this one is converted from and to, with the functions."""
    event = exported.kind.__oort__
    for title, conversions in (
        ("Made from", event.upcasts),
        ("Sent to older consumers as", event.downcasts),
    ):
        phrases = [
            (
                Part(
                    f"version {number}",
                    page=f"events/{exported.declared.event}",
                    anchor=f"v{number}",
                ),
                Part(" by "),
                Part(getattr(convert, "__name__", "a function"), code=True),
            )
            for number, (_, convert) in sorted(conversions.items())
        ]
        if phrases:
            yield title, joined(phrases)


def _documentation(kind: type[Event]) -> str:
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _indented(value: Value) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
