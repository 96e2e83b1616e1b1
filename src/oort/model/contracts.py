"""Contracts: as lock files hold them, as a program declares them, and the findings between the two.

`rules.contracts` judges them, `delivery.lockfiles` reads and writes them, the command line prints
the findings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from oort.model.errors import Source
from oort.model.items import Value
from oort.model.resources import Kind

Schema: TypeAlias = dict[str, Value]
Version: TypeAlias = tuple[str, int]  # the name of an event, and its version
DataName: TypeAlias = tuple[Kind, str]  # a table, a queue or a call


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a version of an event: its key and its two schemas.

    `hash` is the hash of these three.
    """

    hash: str
    key: str
    writer: Schema
    reader: Schema


@dataclass(frozen=True, slots=True)
class Removed:
    """A name that an earlier revision had, with its schema there.

    Messages in flight may still hold the name.
    """

    pointer: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A deliberate break of a published contract, with its reason.

    `route` is empty for a contract without routes. `codes` are the codes of the accepted
    objections, without the kind before the dot. `stages` still run the contract from before; a deployment to a stage removes the
    stage.
    """

    reason: str
    codes: tuple[str, ...]
    stages: tuple[str, ...]
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLock:
    """A version of an event as its lock file holds it.

    `published` are the stages of its deployments; a draft has none. `consumers` are the functions
    that consume exactly this version, `earlier` the revisions before.
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
    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiLock:
    """The routes of a service in its lock file: an OpenAPI document.

    `published` are the stages of its deployments.
    """

    service: str
    hash: str
    document: Schema
    published: tuple[str, ...] = ()
    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of the same data for the program that writes it and the program that reads it."""

    writer: Schema
    reader: Schema


@dataclass(frozen=True, slots=True)
class DataForm:
    """The form of the items of a table, of the messages of a queue, or of a call.

    `revision` counts the upgrades before this form, from 1. `key` maps the fields of a table's key
    to "text" or "number", in order. `parts` are "item", "message", or "request" and "reply".
    `hash` is the hash of all others.
    """

    revision: int
    hash: str
    key: Mapping[str, str]
    parts: Mapping[str, Schemas]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLock:
    """A table, a queue or a call as its lock file holds it.

    `published` are the stages of its deployments. `earlier` are the published forms before this
    form: stored items and waiting messages may have them.
    """

    kind: Kind
    name: str
    form: DataForm
    earlier: tuple[DataForm, ...] = ()
    published: tuple[str, ...] = ()
    accepted: tuple[Acceptance, ...] = ()


Lock: TypeAlias = EventLock | ApiLock | DataLock


@dataclass(frozen=True, slots=True)
class Locks:
    """All lock files of a platform."""

    events: Mapping[Version, EventLock] = field(default_factory=dict[Version, EventLock])
    apis: Mapping[str, ApiLock] = field(default_factory=dict[str, ApiLock])
    data: Mapping[DataName, DataLock] = field(default_factory=dict[DataName, DataLock])

    def __bool__(self) -> bool:
        return bool(self.events or self.apis or self.data)

    def all(self) -> tuple[Lock, ...]:
        """Return every lock."""
        return (*self.events.values(), *self.apis.values(), *self.data.values())

    def before(self, changed: Lock) -> Lock | None:
        """Return the lock for the same contract, or None."""
        match changed:
            case EventLock():
                return self.events.get((changed.event, changed.version))
            case ApiLock():
                return self.apis.get(changed.service)
            case DataLock():
                return self.data.get((changed.kind, changed.name))

    def replaced(self, changed: Iterable[Lock]) -> "Locks":
        """Return the locks with these in place of those for the same contracts."""
        events, apis, data = dict(self.events), dict(self.apis), dict(self.data)
        for lock in changed:
            match lock:
                case EventLock():
                    events[lock.event, lock.version] = lock
                case ApiLock():
                    apis[lock.service] = lock
                case DataLock():
                    data[lock.kind, lock.name] = lock
        return Locks(events, apis, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEvent:
    """A version of an event as the program declares it.

    - `compatible` is the oldest version whose consumers can read this version unchanged.
    - `serves` is the oldest version whose consumers can read this version, unchanged or converted.
    - `reads` are the versions that can be converted to this version.
    - `converted` are the versions to which this version can be converted.
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
    """The routes of a service as the program declares them.

    `sources` are the handlers' locations, by operation. `stored` names the table whose items have the
    type of the reply, or of a part of the reply, by operation.
    """

    service: str
    hash: str
    document: Schema
    sources: Mapping[str, Source]
    stored: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredData:
    """A table, a queue or a call as the program declares it.

    `service` owns the data. `older` are the parts before each upgrade, by revision. `users` are the
    functions that read or write the data.
    """

    kind: Kind
    name: str
    service: str
    form: DataForm
    source: Source
    older: Mapping[int, Mapping[str, Schemas]] = field(
        default_factory=dict[int, Mapping[str, Schemas]]
    )
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredContracts:
    """All contracts of a program."""

    events: Mapping[Version, DeclaredEvent] = field(default_factory=dict[Version, DeclaredEvent])
    apis: Mapping[str, DeclaredApi] = field(default_factory=dict[str, DeclaredApi])
    data: Mapping[DataName, DeclaredData] = field(default_factory=dict[DataName, DeclaredData])


class Weight(StrEnum):
    """The weight of a finding: an objection fails the check; a warning and a note do not.

    A warning asks for a look, a note only informs.
    """

    OBJECTION = "objection"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference between program, lock file or stage, with its proof and its fix.

    - `subject` is an event, a service, a table, a queue or a call; `kind` tells the last three
      apart. `version` is the event's version, `route` the service's route.
    - `what` says what is wrong, `instead` what to do, and `consumers` are the functions that break.
    - `pointer` is a JSON pointer into the witness. `name` is the property there, and `holder` its
      class.
    - `witness` holds one document, or is None. `refuses` names the schema that refuses this
      document, and `side` the party that has this schema.
    """

    weight: Weight
    code: str
    subject: str
    what: str
    instead: str
    version: int | None = None
    route: str = ""
    kind: Kind | None = None
    pointer: str = ""
    name: str = ""
    holder: str = ""
    witness: tuple[Value] | None = None
    refuses: str = ""
    side: str = ""
    consumers: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningVersion:
    """A deployed version of an event, published or consumed by functions of one service.

    `compatible`, `serves` and `reads` are values of the deployed class.
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
class RunningData:
    """A deployed table, queue or call, as a service of a stage has it."""

    kind: Kind
    name: str
    form: DataForm


@dataclass(frozen=True, slots=True)
class ServiceRuns:
    """The deployed contracts of a service of a stage.

    `events` are the published and consumed events, `api` is the document of its routes, `data`
    are its tables and queues, and the calls that it makes and answers.
    """

    service: str
    events: tuple[RunningVersion, ...]
    api: Schema | None = None
    data: tuple[RunningData, ...] = ()
