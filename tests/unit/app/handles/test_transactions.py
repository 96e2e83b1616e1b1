"""`atomic()` as users write it: everything or nothing, and every rule about what may be in a block."""

# ruff: noqa: PT012  # what raises is the end of the block
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from oort import (
    Check,
    Conflict,
    Delete,
    Get,
    NotFound,
    Problem,
    Publish,
    Put,
    Send,
    Transaction,
    Update,
    atomic,
    field,
    fields,
)
from oort.model.errors import InvalidUse, LimitExceeded, NotGranted
from oort.testing import fake, published, sent, stored
from tests.unit.app.library import Book, Books, Letters, Number, Numbers, Opened

B = fields(Book)
N = fields(Number)


class First(Problem):
    """The first write's own."""


class Second(Problem):
    """The second write's own."""


def test_everything_in_the_block_happens_at_its_end() -> None:
    books = fake(Books[Put | Delete], Book(isbn="old"))
    numbers = fake(Numbers[Update | Check], Number("n", 1))
    letters, out = fake(Letters[Send]), fake(Publish[Opened])
    new = Book(isbn="new")
    with atomic() as tx:
        tx.put(books, new)
        tx.delete(books, "old")
        tx.update(numbers, "fresh", field(N.value).add(1), initial=Number("fresh", 10))
        tx.check(numbers, "n", field(N.value).equals(1))
        tx.send(letters, new, delay=timedelta(minutes=15))
        tx.publish(out, Opened(day="d"))
        assert [book.isbn for book in stored(books)] == ["old"]
        assert published(out) == []
    assert [book.isbn for book in stored(books)] == ["new"]
    assert {number.id: number.value for number in stored(numbers)} == {"fresh": 11, "n": 1}
    assert [book.isbn for book in sent(letters)] == ["new"]
    assert published(out) == [Opened(day="d")]
    assert new.revision == 1


def test_an_exception_in_the_block_commits_nothing() -> None:
    books, out = fake(Books[Put]), fake(Publish[Opened])
    book = Book(isbn="1")
    with pytest.raises(ZeroDivisionError), atomic() as tx:
        tx.put(books, book)
        tx.publish(out, Opened(day="d"))
        _ = 1 / 0
    assert (stored(books), published(out), book.revision) == ([], [], 0)


def test_one_condition_that_fails_undoes_all_and_chooses_otherwise_by_its_position() -> None:
    for taken, expected in (("a", First), ("b", Second)):
        numbers, out = fake(Numbers[Put], Number(taken)), fake(Publish[Opened])
        with pytest.raises(expected), atomic() as tx:
            tx.publish(out, Opened(day="d"))
            tx.put(numbers, Number("a"), if_absent=True, otherwise=First())
            tx.put(numbers, Number("b"), if_absent=True, otherwise=Second())
        assert [number.id for number in stored(numbers)] == [taken]
        assert published(out) == []


def test_without_otherwise_it_is_conflict() -> None:
    numbers = fake(Numbers[Check | Put | Delete | Update], Number("1", 1))
    with pytest.raises(Conflict), atomic() as tx:
        tx.check(numbers, "1", field(N.value).equals(2))
    with pytest.raises(Conflict), atomic() as tx:
        tx.delete(numbers, "1", when=field(N.value).equals(2))
    with pytest.raises(First), atomic() as tx:
        tx.update(
            numbers, "1", field(N.value).add(1), when=field(N.value).equals(2), otherwise=First()
        )
    with pytest.raises(First), atomic() as tx:
        tx.check(numbers, "2", field(N.value).equals(2), otherwise=First())


def test_an_update_of_an_absent_item_without_initial_is_not_found() -> None:
    numbers, other = fake(Numbers[Update]), fake(Numbers[Put])
    with pytest.raises(NotFound), atomic() as tx:
        tx.put(other, Number("1"))
        tx.update(numbers, "1", field(N.value).add(1), otherwise=First())
    assert stored(other) == []


def test_a_stale_version_is_a_conflict_and_the_item_keeps_its_revision() -> None:
    books = fake(Books[Get | Put], Book(isbn="1"))
    mine, theirs = books.require("1"), books.require("1")
    books.put(theirs)
    with pytest.raises(Conflict), atomic() as tx:
        tx.put(books, mine)
    assert (mine.revision, books.require("1").revision) == (1, 2)


def test_blocks_do_not_nest() -> None:
    numbers = fake(Numbers[Put])
    with pytest.raises(InvalidUse, match=r"Use one block; pass `tx`"), atomic() as outer:
        outer.put(numbers, Number("1"))
        with atomic():
            pass
    assert stored(numbers) == []
    with atomic() as tx:  # the failed one has not left anything open
        tx.put(numbers, Number("2"))
    assert stored(numbers) == [Number("2")]


def test_a_write_from_another_thread_is_refused_and_the_message_names_the_thread() -> None:
    numbers = fake(Numbers[Put])
    with ThreadPoolExecutor(1) as pool, atomic() as tx:
        late = pool.submit(tx.put, numbers, Number("1"))
        with pytest.raises(InvalidUse, match="from another thread"):
            late.result(10)
    assert stored(numbers) == []


def test_a_transaction_ends_with_its_block() -> None:
    numbers = fake(Numbers[Put])
    with atomic() as tx:
        tx.put(numbers, Number("1"))
    with pytest.raises(InvalidUse, match="Put the write inside the `with` block"):
        tx.put(numbers, Number("2"))
    with pytest.raises(InvalidUse, match="has ended"):
        Transaction().put(numbers, Number("3"))
    with pytest.raises(InvalidUse, match="has ended"), atomic():
        tx.put(numbers, Number("4"))
    assert stored(numbers) == [Number("1")]


def test_an_empty_block_is_fine() -> None:
    with atomic():
        pass


def test_one_operation_an_item() -> None:
    numbers, others = fake(Numbers[Put | Delete]), fake(Numbers[Put])
    with pytest.raises(InvalidUse, match="twice"), atomic() as tx:
        tx.put(numbers, Number("1"))
        tx.delete(numbers, "1")
    with atomic() as tx:  # the same key in another table is another item
        tx.put(numbers, Number("1"))
        tx.put(others, Number("1"))
    assert stored(numbers) == stored(others) == [Number("1")]


@pytest.mark.parametrize("kind", ["items", "messages"])
def test_a_block_holds_100_actions_messages_included(kind: str) -> None:
    numbers, letters = fake(Numbers[Put]), fake(Letters[Send])

    def write(count: int) -> None:
        with atomic() as tx:
            for number in range(count):
                if kind == "items":
                    tx.put(numbers, Number(str(number)))
                else:
                    tx.send(letters, Book(isbn=str(number)))

    with pytest.raises(LimitExceeded, match="101 actions; at most 100"):
        write(101)
    assert (stored(numbers), sent(letters)) == ([], [])
    write(100)
    assert len(stored(numbers)) + len(sent(letters)) == 100


def test_a_block_holds_4_mb() -> None:
    books = fake(Books[Put])
    with pytest.raises(LimitExceeded, match="at most 4194304"), atomic() as tx:
        for number in range(11):
            tx.put(books, Book(isbn=str(number), tags=["x" * 400_000]))
    assert stored(books) == []


def test_each_method_asks_for_its_action() -> None:
    numbers = fake(Numbers[Get])
    letters = fake(Letters[Send])
    letters.__dict__["_actions"] = frozenset()
    with atomic() as tx:
        attempts: list[Callable[[], None]] = [
            lambda: tx.put(numbers, Number("1")),  # type: ignore[arg-type]
            lambda: tx.update(numbers, "1", field(N.value).add(1)),  # type: ignore[arg-type]
            lambda: tx.delete(numbers, "1"),  # type: ignore[arg-type]
            lambda: tx.check(numbers, "1", field(N.value).equals(1)),  # type: ignore[arg-type]
            lambda: tx.send(letters, Book(isbn="1")),
        ]
        for attempt in attempts:
            with pytest.raises(NotGranted):
                attempt()


def test_limits_of_a_message_are_judged_when_it_is_added() -> None:
    letters = fake(Letters[Send])
    with atomic() as tx, pytest.raises(LimitExceeded):
        tx.send(letters, Book(isbn="1"), delay=timedelta(hours=1))
    assert sent(letters) == []
