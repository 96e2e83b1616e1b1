"""The resources of a service. The loader makes them; engine and synthesis read them.

A new kind of resource is a class here, in `Resource`: the type checker then names each `match` that
needs an arm for the class.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

from oort.model.errors import Source


class Kind(StrEnum):
    """The kinds of resource that a grant can name."""

    TABLE = "table"
    QUEUE = "queue"
    EVENT = "event"
    CALL = "call"
    EFFECT = "effect"  # external effects of a function; the grant names the function
    SECRET = "secret"  # noqa: S105  the word, not a value


@dataclass(frozen=True, slots=True)
class IndexModel:
    """An index of a table.

    `primary` marks the table's own key, which is free of charge and consistent.
    """

    name: str
    partition: str
    sort: str | None
    primary: bool


@dataclass(frozen=True, slots=True)
class TableModel:
    """A table. Names are `service.table`; `partition`, `sort` and `version` are attribute names.

    `numeric` holds the number attributes of the key and the indexes; all others of them are text.
    `revision` counts the forms of the items: 1, and one more for each upgrade. `schemas` are texts
    with the schemas of the items of revision 2 and later, in order; "" for a type without a schema.
    Lambda does without.
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
    revision: int = 1
    schemas: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The attributes of the key."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def index(self, name: str) -> IndexModel:
        """Return the index with the name; KeyError if there is none."""
        return {index.name: index for index in self.indexes}[name]


@dataclass(frozen=True, slots=True)
class QueueModel:
    """A queue with dead letters: a work queue, or a subscriber's queue.

    `subscription` is the event of a subscriber's queue.
    """

    kind: ClassVar[Kind] = Kind.QUEUE

    name: str
    service: str
    attempts: int
    visibility: timedelta
    subscription: str | None
    source: Source
    revision: int = 1


@dataclass(frozen=True, slots=True)
class EventModel:
    """An event that a service publishes and any service may subscribe to.

    `compatible` is the oldest version whose consumers can read this version unchanged; None stands
    for this version itself.
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
        """The oldest version whose consumers can read this version."""
        return self.version if self.compatible is None else self.compatible


@dataclass(frozen=True, slots=True)
class CallModel:
    """A call that a service answers and any service may make.

    `idempotent`: a repetition does no harm.
    """

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
