"""Contracts: what services have agreed on, as it is locked in files, as a program declares it, and what is found of the two.

`rules.contracts` judges them, `delivery.lockfiles` reads and writes them, the command line prints what is found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from oort.model.items import Value
from oort.model.sources import Source

Schema: TypeAlias = dict[str, Value]
Version: TypeAlias = tuple[str, int]  # the name of an event, and its version


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of an event as it was at one time: its key, and its two schemas. `hash` is made of the three."""

    hash: str
    key: str
    writer: Schema
    reader: Schema


@dataclass(frozen=True, slots=True)
class Removed:
    """A name that an earlier revision had, and the schema that it had there. Messages that hold it may still be under way."""

    pointer: str
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLock:
    """One version of an event as its lock file holds it. `published` are the stages it was deployed to; none is a draft.

    `consumers` are the functions that consume exactly this version, `earlier` the revisions before this one.
    """

    event: str
    version: int
    compatible: int
    revision: Revision
    examples: tuple[Value, ...]
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    earlier: tuple[Revision, ...] = ()
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiLock:
    """The routes of a service as its lock file holds them: an OpenAPI document, and the stages it was deployed to."""

    service: str
    hash: str
    document: Schema
    published: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locks:
    """All lock files of a platform."""

    events: Mapping[Version, EventLock] = field(default_factory=dict[Version, EventLock])
    apis: Mapping[str, ApiLock] = field(default_factory=dict[str, ApiLock])

    def __bool__(self) -> bool:
        return bool(self.events or self.apis)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEvent:
    """One version of an event as the program declares it.

    `compatible` is the oldest version whose consumers can read it as it is; `serves` the oldest version whose consumers get
    something of it, with what it is converted to; `reads` what can be converted to it; `converted` what it is converted to.
    """

    event: str
    version: int
    compatible: int
    revision: Revision
    source: Source
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    serves: int
    reads: frozenset[int] = frozenset()
    converted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredApi:
    """The routes of a service as the program declares them. `sources` are the handlers by their operation's name."""

    service: str
    hash: str
    document: Schema
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Declared:
    """All contracts of a program."""

    events: Mapping[Version, DeclaredEvent] = field(default_factory=dict[Version, DeclaredEvent])
    apis: Mapping[str, DeclaredApi] = field(default_factory=dict[str, DeclaredApi])


class Weight(StrEnum):
    """What a finding means: the check fails, somebody should look, or it is only said."""

    OBJECTION = "objection"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found of a contract: what it is, where, what proves it, whom it breaks, and what to do.

    `subject` is an event or a service, `version` that of the event, `route` that of the service. `pointer` leads to the place
    in the witness, `name` is the property there and `holder` the class that has it. The witness is one document, or None;
    `refuses` says which schema refuses it, `side` who that is.
    """

    weight: Weight
    code: str
    subject: str
    what: str
    instead: str
    version: int | None = None
    route: str = ""
    pointer: str = ""
    name: str = ""
    holder: str = ""
    witness: tuple[Value] | None = None
    refuses: str = ""
    side: str = ""
    consumers: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One version of an event in what a stage runs: published or consumed by functions of one service.

    `compatible`, `serves` and `reads` are those of the deployed class.
    """

    event: str
    version: int
    compatible: int
    serves: int
    reads: tuple[int, ...]
    revision: Revision
    producers: tuple[str, ...]
    consumers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceRuns:
    """What one service of a stage publishes and consumes, as it was deployed."""

    service: str
    events: tuple[Running, ...]
