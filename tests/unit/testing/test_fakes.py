"""Fakes: handlers called as the plain functions that they are, on resources of their own."""

import gc
import threading
from typing import Any

import msgspec
import pytest

from oort import Can, Delete, Get, NotFound, Publish, Put, Queue, Scan, Send, Table, atomic
from oort.model.errors import InvalidToken, InvalidUse, InvalidValue, NotGranted
from oort.model.operations import ScanTable
from oort.testing import fake, fakes, published, sent, stored
from oort.testing.callers import KnownCallers
from tests.unit.app.library import (
    Book,
    Books,
    Closed,
    Frozen,
    Frozens,
    Letters,
    Number,
    Numbers,
    Opened,
)


def lend(isbn: str, books: Books[Get | Put], letters: Letters[Send], out: Publish[Opened]) -> Book:
    """A handler."""
    book = books.require(isbn)
    book.copies -= 1
    with atomic() as tx:
        tx.put(books, book)
        tx.send(letters, book)
        tx.publish(out, Opened(day=isbn))
    return book


def test_a_handler_is_a_plain_function() -> None:
    books, letters, out = (
        fake(Books[Get | Put], Book(isbn="1")),
        fake(Letters[Send]),
        fake(Publish[Opened]),
    )
    book = lend("1", books, letters, out)
    assert (book.copies, book.revision) == (0, 2)
    assert stored(books) == [book]
    assert [one.isbn for one in sent(letters)] == ["1"]
    assert published(out) == [Opened(day="1")]
    with pytest.raises(NotFound):
        lend("2", books, letters, out)


def test_each_fake_has_a_resource_of_its_own() -> None:
    one, two = fake(Numbers[Put], Number("1")), fake(Numbers[Put], Number("2"))
    one.put(Number("3"))
    assert [number.id for number in stored(one)] == ["1", "3"]
    assert [number.id for number in stored(two)] == ["2"]
    first, second = fake(Letters[Send]), fake(Letters[Send])
    first.send(Book(isbn="1"))
    assert sent(second) == []


def test_a_fake_has_exactly_the_actions_that_are_named() -> None:
    numbers = fake(Numbers[Get], Number("1"))
    assert numbers.get("1") == Number("1")
    with pytest.raises(NotGranted):
        numbers.put(Number("1"))  # type: ignore[misc]  # the point
    with pytest.raises(NotGranted):
        fake(Numbers[Put | Delete]).scan()  # type: ignore[misc]  # the point


def test_every_stored_item_is_shown_in_the_order_of_keys() -> None:
    numbers = fake(Numbers[Put], *(Number(f"{number:04}") for number in reversed(range(1500))))
    assert [number.id for number in stored(numbers)] == [f"{number:04}" for number in range(1500)]


def test_a_versioned_item_is_there_as_if_it_had_been_put() -> None:
    new, older, frozen = Book(isbn="1"), Book(isbn="2", revision=7), Frozen("3")
    books, notes = fake(Books[Scan], new, older), fake(Frozens[Scan], frozen)
    assert [book.revision for book in stored(books)] == [new.revision, older.revision] == [1, 7]
    assert (stored(notes)[0].revision, frozen.revision) == (1, 0)


def test_an_item_that_cannot_be_stored_is_not_passed_over_in_silence() -> None:
    with pytest.raises(InvalidValue):
        fake(Numbers[Get], Number(""))
    with pytest.raises(InvalidUse, match="stores Number, not Book"):
        fake(Numbers[Get], Book(isbn="1"))


def test_events_come_in_the_order_in_which_they_were_published() -> None:
    out = fake(Publish[Opened | Closed])
    days = [f"{number:03}" for number in range(200)]
    for day in days:
        out.publish(Opened(day=day) if int(day) % 2 else Closed(day=day))
    assert [one.day for one in published(out)] == days


def test_published_shows_what_came_after_the_fake_was_made() -> None:
    early = fake(Publish[Opened])
    early.publish(Opened(day="1"))
    late = fake(Publish[Opened])
    assert published(late) == []
    assert published(early) == [Opened(day="1")]


class Undeclared(Table[str, Number, Can]):
    """Nobody's."""


class Stray(Queue[Number, Can]):
    """Nobody's."""


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (Books, r"fake\(Books\) has no actions\. Write fake\(People\[Get \| Put\]\)"),
        (Publish, r"fake\(Publish\) has no actions"),
        (Undeclared[Get], r"Undeclared is not a resource of a service\. Put @service\.table"),
        (Stray[Send], "Stray is not a resource"),
        (Publish[Number], "names no event"),  # type: ignore[type-var]
    ],
)
def test_what_cannot_be_faked_says_why(resource: Any, message: str) -> None:
    with pytest.raises(InvalidUse, match=message):
        fake(resource)


@pytest.mark.parametrize("resource", [Letters[Send], Publish[Opened]])
def test_only_tables_start_with_items(resource: Any) -> None:
    with pytest.raises(InvalidUse, match=r"starts empty\. Give items to tables only"):
        fake(resource, Book(isbn="1"))


def test_threads_have_fakes_of_their_own() -> None:
    found: list[int] = []

    def work() -> None:
        numbers = fake(Numbers[Put], Number("1"))
        numbers.put(Number("2"))
        found.append(len(stored(numbers)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == [2, 2, 2]


def test_a_known_caller_is_known_and_nobody_else() -> None:
    callers = KnownCallers()
    first, second = callers.token("ada", ["a"]), callers.token("ada", [])
    assert first != second
    assert (callers.verify(first).groups, callers.verify(second).id) == (frozenset({"a"}), "ada")
    with pytest.raises(InvalidToken):
        callers.verify("2.ada")


def test_a_reply_of_a_fake_is_typed() -> None:
    assert msgspec.convert(stored(fake(Numbers[Get], Number("1")))[0], Number) == Number("1")


def test_a_fake_that_is_gone_leaves_nothing_behind() -> None:
    """So that a suite of many tests does not become slower with each fake."""
    fake_store = fakes._fake_store()
    fake(Numbers[Put])  # forgets what other tests left to the collector
    gc.collect()
    fake(Numbers[Put])
    before = len(fake_store._resources)
    for number in range(50):
        numbers, letters, out = (
            fake(Numbers[Put], Number(str(number))),
            fake(Letters[Send]),
            fake(Publish[Opened]),
        )
        letters.send(Book(isbn="1"))
        with atomic() as tx:
            tx.publish(out, Opened(day="1"))
        assert len(published(out)) == 1
        del numbers, letters, out
    gc.collect()
    kept = fake(Numbers[Put], Number("kept"))
    assert len(fake_store._resources) <= before + 1
    assert stored(kept) == [Number("kept")]


def test_an_operation_sees_the_resources_that_it_names_however_many_fakes_there_are() -> None:
    many = [fake(Numbers[Put]) for _ in range(20)]
    ports = fakes._fake_store()._ports([many[0].__oort__.model.name])
    with pytest.raises(KeyError):
        ports.tables.scan(ScanTable(many[1].__oort__.model.name))
