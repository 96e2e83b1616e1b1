"""What is on the pages of the catalogue: one of all, one for each event, one for each service. The command line asks.

It is told from the loaded program alone, so the same program gives the same pages.
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
from oort.console.catalog import fields
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
from oort.rules.messaging import envelopes

_NOBODY = words("nobody")
_UNITS = MappingProxyType({
    "day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1),
})  # fmt: skip


def pages(program: Program, *, root: Path) -> tuple[Page, ...]:
    """All pages, the first of all first. `root` is the folder that places in the code are shown from.

    InvalidProgram for an event that cannot be described, or has no example.
    """
    versions = exports.versions(program)
    events = {
        name: tuple(found)[::-1]
        for name, found in itertools.groupby(versions, lambda one: one.declared.event)
    }
    catalogue = _Catalogue(program, events, root)
    return (
        catalogue.front(),
        *(catalogue.event(name, found) for name, found in events.items()),
        *(
            catalogue.service(one)
            for one in sorted(program.model.services, key=lambda one: one.name)
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
        found: dict[str, list[Phrase]] = {}
        for one in itertools.chain.from_iterable(self.events.values()):
            for function in one.declared.producers:
                found.setdefault(function, []).append((_version(one),))
        object.__setattr__(
            self, "published", {name: joined(phrases) for name, phrases in found.items()}
        )

    def front(self) -> Page:
        """The page that leads to all others."""
        events = [self._event_row(name, found) for name, found in self.events.items()]
        services = [
            self._service_row(one)
            for one in sorted(self.program.model.services, key=lambda one: one.name)
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
        """The page of an event."""
        known = any(one.name == _owner(name) for one in self.program.model.services)
        owner = (Part(_owner(name), page=f"services/{_owner(name)}" if known else ""),)
        blocks: list[Block] = [
            *paragraphs(_documentation(versions[0].kind)),
            Facts(
                (
                    ("Service", owner),
                    ("Versions", joined([(_version(one, bare=True),) for one in versions])),
                )
            ),
        ]
        for one in versions:
            blocks += self._version(one, newest=one is versions[0])
        return Page(f"events/{name}", name, tuple(blocks))

    def service(self, service: ServiceModel) -> Page:
        """The page of a service."""
        routes = [self._route(one, trigger) for one, trigger in _routes(service)]
        others = [
            self._other(one) for one in service.functions if not isinstance(one.trigger, Http)
        ]
        blocks: list[Block] = [
            Heading(2, "Routes", "routes"),
            *_table(
                ("Route", "For", "Function", "What it does", "Publishes"),
                routes,
                "It has no routes.",
            ),
            Heading(2, "Other functions", "functions"),
            *_table(("Function", "Runs", "What it does", "Publishes"), others, "It has no others."),
        ]
        return Page(f"services/{service.name}", service.name, tuple(blocks))

    def _event_row(self, name: str, versions: tuple[Exported, ...]) -> Row:
        about = words(_documentation(versions[0].kind).partition("\n")[0])
        numbers = joined([(_version(one, bare=True),) for one in versions])
        makers = _functions(function for one in versions for function in one.declared.producers)
        takers = _functions(function for one in versions for function in one.declared.consumers)
        return Row(
            ((Part(name, code=True, page=f"events/{name}"),), about, numbers, makers, takers)
        )

    def _service_row(self, service: ServiceModel) -> Row:
        functions = [one.name for one in service.functions]
        published = [
            part for name in functions for part in self.published.get(name, ()) if part.page
        ]
        consumed = [
            self._runs(one)[-1]
            for one in service.functions
            if isinstance(one.trigger, Subscription)
        ]
        told = (joined([(one,) for one in dict.fromkeys(parts)]) for parts in (published, consumed))
        routes = words(str(len(_routes(service))))
        return Row(((Part(service.name, page=f"services/{service.name}"),), routes, *told))

    def _version(self, one: Exported, *, newest: bool) -> Iterator[Block]:
        anchor = f"v{one.declared.version}"
        yield Heading(2, f"Version {one.declared.version}", anchor)
        if not newest:
            yield from paragraphs(_documentation(one.kind))
        yield Facts(tuple(self._facts(one)))
        yield from fields.blocks(one.declared.revision.reader, prefix=f"{anchor}.")
        yield Heading(3, "Example", f"{anchor}.example")
        yield Listing(_indented(one.data))
        yield Heading(3, "Example on the wire", f"{anchor}.envelope")
        yield Listing(_indented(one.envelope))

    def _facts(self, one: Exported) -> Iterator[tuple[str, Phrase]]:
        declared = one.declared
        yield "Published by", _functions(declared.producers) or _NOBODY
        yield "Consumed by", _functions(declared.consumers) or _NOBODY
        yield "Key", (Part(declared.revision.key, code=True),)
        yield (
            "Read as it is by",
            words(f"consumers of {_range(declared.compatible, declared.version)}"),
        )
        yield from _conversions(one)
        yield "Schema", (Part(envelopes.schema_of(declared.event, declared.version), code=True),)
        yield "Class", (Part(one.kind.__name__, code=True), Part(f" in {self._place(one.kind)}"))

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
        return Row((route, words(_callers(trigger)), name, *self._does(function)), function.name)

    def _other(self, function: FunctionModel) -> Row:
        return Row(
            ((Part(function.name, code=True),), self._runs(function), *self._does(function)),
            function.name,
        )

    def _does(self, function: FunctionModel) -> tuple[Phrase, Phrase]:
        text = inspect.cleandoc(self.program.functions[function.name].call.__doc__ or "")
        return words(text.partition("\n")[0]), self.published.get(function.name, ())

    def _runs(self, function: FunctionModel) -> Phrase:
        """What makes it run."""
        trigger = function.trigger
        if isinstance(trigger, Subscription):
            versions = self.events[trigger.event]
            known = next(one for one in versions if one.declared.version == trigger.version)
            return (Part("for each "), _version(known))
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
    """A length of time in the greatest unit that tells all of it."""
    for unit in _UNITS:
        if not time % _UNITS[unit]:
            count = time // _UNITS[unit]
            return unit if count == 1 else f"{count} {unit}s"
    return f"{time.total_seconds()} seconds"


def _owner(event: str) -> str:
    return event.partition(".")[0]


def _routes(service: ServiceModel) -> list[tuple[FunctionModel, Http]]:
    return [(one, one.trigger) for one in service.functions if isinstance(one.trigger, Http)]


def _table(headings: tuple[str, ...], rows: list[Row], otherwise: str) -> Iterator[Block]:
    yield Table(headings, tuple(rows)) if rows else Paragraph(words(otherwise))


def _version(one: Exported, *, bare: bool = False) -> Part:
    """A version of an event, leading to it."""
    name, number = one.declared.event, one.declared.version
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


def _conversions(one: Exported) -> Iterator[tuple[str, Phrase]]:
    """Which versions it is made from and becomes, and by which functions."""
    known = one.kind.__oort__
    for told, found in (
        ("Made from", known.upcasts),
        ("Sent to older consumers as", known.downcasts),
    ):
        phrases = [
            (
                Part(f"version {number}", page=f"events/{one.declared.event}", anchor=f"v{number}"),
                Part(" by "),
                Part(getattr(convert, "__name__", "a function"), code=True),
            )
            for number, (_, convert) in sorted(found.items())
        ]
        if phrases:
            yield told, joined(phrases)


def _callers(trigger: Http) -> str:
    if trigger.public:
        return "anyone"
    groups = [f"groups {', '.join(trigger.groups)}"] if trigger.groups else []
    owner = [f"the owner, {{{trigger.owner}}}"] if trigger.owner else []
    return " or ".join(groups + owner) or "whoever is signed in"


def _documentation(kind: type[Event]) -> str:
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _indented(value: Value) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
