"""The service that the growth claim fills with items and messages: a table with an index, and a queue."""

import msgspec

from oort import Can, Get, Index, Queue, Service, Table

shelves = Service("shelves")


class Book(msgspec.Struct, kw_only=True):
    """A stored item of about 300 bytes."""

    id: str
    shelf: str
    text: str


class Job(msgspec.Struct):
    """What waits on the queue."""

    id: str


@shelves.table("books", key="id")
class Books(Table[str, Book, Can]):
    """Every book, and the books of each shelf."""

    by_shelf = Index[str, str]("shelf", sort="id")


@shelves.queue("jobs")
class Jobs(Queue[Job, Can]):
    """A queue that nobody empties while it is measured."""


@shelves.worker(Jobs)
def work(job: Job) -> None:
    """Never called: no dispatcher runs."""


@shelves.get("/{id}", public=True, rate=10_000, burst=5_000)
def read(id: str, books: Books[Get]) -> Book:
    """Read one item: the first answer of a restart needs the store."""
    return books.require(id)
