"""A small service whose tables cover every kind of key, for the tests of the language."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from uuid import UUID

import msgspec

from oort import Can, Event, Index, Queue, Service, Table, event

library = Service("library")


class Shelf(Enum):
    """An Enum that is a key."""

    UPPER = "upper"
    LOWER = "lower"


class Binding(msgspec.Struct, rename="camel"):
    """Nested, and stored under other names."""

    made_of: str
    made_at: datetime | None = None


@dataclass
class Origin:
    """Nested, and a dataclass."""

    country: str
    binding: Binding | None = None


class Book(msgspec.Struct, kw_only=True):
    """One book."""

    isbn: str
    title: str = "untitled"
    shelf: str | None = None
    bought: datetime | None = None
    lent: datetime | None = None
    copies: int = 1
    price: float = 0.0
    tags: list[str] = []
    binding: Binding | None = None
    origin: Origin | None = None
    revision: int = 0


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """An item that cannot be changed, stored without its defaults."""

    id: str
    text: str = ""
    revision: int = 0


@dataclass
class Loan:
    """A dataclass with a key of two parts."""

    reader: UUID
    day: date
    shelf: Shelf = Shelf.UPPER


class Number(msgspec.Struct):
    """One number."""

    id: str
    value: int | float | None = None


@library.table("books", key="isbn", version="revision")
class Books(Table[str, Book, Can]):
    """Versioned, with a sparse index over two fields and one without a sort field."""

    by_shelf = Index[str, datetime]("shelf", sort="bought")
    by_title = Index[str, None]("title")


@library.table("frozen", key="id", version="revision")
class Frozens(Table[str, Frozen, Can]):
    """Versioned items that are frozen."""


@library.table("loans", key=("reader", "day"))
class Loans(Table[tuple[UUID, date], Loan, Can]):
    """A key of two parts, and an index that is the table's own key."""

    by_reader = Index[UUID, date]("reader", sort="day")
    by_place = Index[Shelf, date]("shelf", sort="day")


@library.table("numbers", key="id")
class Numbers(Table[str, Number, Can]):
    """Numbers by name."""


@library.queue("letters")
class Letters(Queue[Book, Can]):
    """Work."""


@event("library.opened", version=1, key="day")
class Opened(Event):
    """An event."""

    day: str
    visitors: int = 0


@event("library.closed", version=1, key="day")
class Closed(Event):
    """Another event."""

    day: str
