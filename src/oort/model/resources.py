"""The resources a service owns: tables, queues, events, calls and secrets. The loader makes them; engine and synthesis read them.

A new kind of resource is a class here, in `Resource`: the type checker then names each `match` that must know it.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

from oort.model.sources import Source


class Kind(StrEnum):
    """The kinds of resource a grant can name."""

    TABLE = "table"
    QUEUE = "queue"
    EVENT = "event"
    CALL = "call"
    EFFECT = "effect"  # external effects of a function; the grant names the function
    SECRET = "secret"  # noqa: S105  the word, not a value


@dataclass(frozen=True, slots=True)
class IndexModel:
    """A second way to ask a table. `primary` says that it is the table's own key, and so costs nothing and never lags."""

    name: str
    partition: str
    sort: str | None
    primary: bool


@dataclass(frozen=True, slots=True)
class TableModel:
    """A table. Names are `service.table`; `partition`, `sort` and `version` are attribute names.

    `numeric` holds the attributes of the key and the indexes that are numbers; all others of them are text.
    """

    kind: ClassVar[Kind] = Kind.TABLE

    name: str
    service: str
    partition: str
    sort: str | None
    version: str | None
    indexes: tuple[IndexModel, ...]
    source: Source
    numeric: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, ...]:
        """The attributes that make the key."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def index(self, name: str) -> IndexModel:
        """The index of that name; KeyError if there is none."""
        return {index.name: index for index in self.indexes}[name]


@dataclass(frozen=True, slots=True)
class QueueModel:
    """A queue with dead letters: a work queue, or the queue of one subscriber (`subscription` then names the event)."""

    kind: ClassVar[Kind] = Kind.QUEUE

    name: str
    service: str
    attempts: int
    visibility: timedelta
    subscription: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class EventModel:
    """An event that one service publishes and any service may subscribe to.

    `compatible` is the oldest version whose consumers can read this one as it is; None if that is this one itself.
    """

    kind: ClassVar[Kind] = Kind.EVENT

    name: str
    version: int
    key: str
    service: str
    source: Source
    compatible: int | None = None

    @property
    def oldest(self) -> int:
        """The oldest version whose consumers can read this one."""
        return self.version if self.compatible is None else self.compatible


@dataclass(frozen=True, slots=True)
class CallModel:
    """A question that one service answers and any service may ask. `idempotent`: asking twice does no harm."""

    kind: ClassVar[Kind] = Kind.CALL

    name: str
    service: str
    timeout: timedelta
    idempotent: bool
    source: Source


@dataclass(frozen=True, slots=True)
class SecretModel:
    """A secret. Its value is set by an operator, and is no part of the program. `type` is the name of the value's type."""

    kind: ClassVar[Kind] = Kind.SECRET

    name: str
    service: str
    type: str
    source: Source


Resource: TypeAlias = TableModel | QueueModel | EventModel | CallModel | SecretModel
