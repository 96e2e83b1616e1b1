"""Tables as users write them: typed items in, typed items out, conditions, versions, pages, and what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort import (
    BadRequest,
    Check,
    Conflict,
    Delete,
    Get,
    Index,
    NotFound,
    Problem,
    Put,
    Query,
    Scan,
    Update,
    field,
    fields,
)
from oort.app.handles import codecs
from oort.app.handles.handle import check_action, refusal
from oort.model.errors import (
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NotGranted,
    OortError,
    Unreadable,
)
from oort.model.items import Item
from oort.model.operations import PutItem, Refused
from oort.testing import fake, stored
from tests.unit.app.library import (
    Binding,
    Book,
    Books,
    Frozen,
    Frozens,
    Loan,
    Loans,
    Number,
    Numbers,
    Origin,
    Shelf,
)

B = fields(Book)
N = fields(Number)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = UUID(int=7)


class Gone(Problem):
    """A problem of the test's own."""

    status = 410


def books(*items: Book) -> Books[Get | Put | Update | Delete | Query | Scan]:
    return fake(Books[Get | Put | Update | Delete | Query | Scan], *items)


# -- get, require, put


def test_an_item_comes_back_as_it_was_put() -> None:
    table = books()
    book = Book(
        isbn="1",
        bought=NOON,
        tags=["a"],
        binding=Binding("cloth", NOON),
        origin=Origin("NO", Binding("paper")),
    )
    table.put(book)
    assert table.get("1") == book
    assert table.require("1") == book


def test_an_item_that_is_not_there_is_none_or_not_found() -> None:
    assert books().get("1") is None
    with pytest.raises(NotFound, match=r"There is no Book '1'\."):
        books().require("1")


def test_if_absent_raises_conflict_or_what_the_caller_chose() -> None:
    numbers = fake(Numbers[Put], Number("1", 1))
    with pytest.raises(Conflict):
        numbers.put(Number("1", 2), if_absent=True)
    with pytest.raises(Gone, match="mine"):
        numbers.put(Number("1", 2), if_absent=True, otherwise=Gone("mine"))
    assert stored(numbers) == [Number("1", 1)]


def test_otherwise_is_only_for_conditions() -> None:
    with pytest.raises(InvalidValue):
        fake(Numbers[Put]).put(Number(""), otherwise=Gone())


def test_a_condition_that_holds_lets_the_write_through() -> None:
    numbers = fake(Numbers[Put], Number("1", 1))
    numbers.put(Number("1", 2), when=field(N.value).equals(1))
    with pytest.raises(Conflict):
        numbers.put(Number("1", 3), when=field(N.value).equals(1))
    assert stored(numbers) == [Number("1", 2)]


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(1, 5, True), (5, 9, True), (6, 9, False), (1, 4, False)]
)
def test_between_includes_both_ends(low: int, high: int, holds: bool) -> None:
    numbers = fake(Numbers[Delete], Number("1", 5))
    if holds:
        numbers.delete("1", when=field(N.value).between(low, high))
    else:
        with pytest.raises(Conflict):
            numbers.delete("1", when=field(N.value).between(low, high))
    assert len(stored(numbers)) == (not holds)


def test_conditions_join_with_and_sign() -> None:
    table = books(Book(isbn="1", title="x", copies=2))
    both = field(B.title).equals("x") & field(B.copies).equals(3)
    with pytest.raises(Conflict):
        table.delete("1", when=both)
    table.delete(
        "1",
        when=field(B.title).equals("x") & field(B.copies).equals(2) & field(B.price).equals(0.0),
    )
    assert stored(table) == []


def test_equals_none_fits_a_missing_attribute() -> None:
    numbers = fake(Numbers[Put])
    numbers.put(Number("1"), when=field(N.value).equals(None))
    assert stored(numbers) == [Number("1")]


def test_the_wrong_item_type_is_refused_before_anything_is_written() -> None:
    table = books()
    with pytest.raises(
        InvalidUse, match=r"library\.books~\d+ stores Book, not Number\. Pass a Book\."
    ):
        table.put(Number("1"))  # type: ignore[arg-type]  # the point
    assert stored(table) == []


# -- version=


def test_a_new_item_requires_absence_and_the_revision_is_written_into_it() -> None:
    table = books()
    book = Book(isbn="1")
    table.put(book)
    assert book.revision == 1
    with pytest.raises(Conflict):
        table.put(Book(isbn="1", title="second"))
    assert stored(table) == [book]


def test_a_read_item_can_be_written_again_and_again() -> None:
    table = books()
    book = Book(isbn="1")
    for count in range(3):
        book.copies = count
        table.put(book)
    assert (book.revision, table.require("1").revision) == (3, 3)


def test_a_stale_write_is_a_conflict_and_leaves_its_revision() -> None:
    table = books()
    table.put(Book(isbn="1"))
    mine, theirs = table.require("1"), table.require("1")
    table.put(theirs)
    with pytest.raises(Conflict):
        table.put(mine)
    assert (mine.revision, theirs.revision, table.require("1").revision) == (1, 2, 2)


def test_a_versioned_item_that_was_deleted_meanwhile_is_a_conflict() -> None:
    table = books()
    book = Book(isbn="1")
    table.put(book)
    table.delete("1")
    with pytest.raises(Gone):
        table.put(book, otherwise=Gone())


def test_the_version_guard_joins_the_callers_condition() -> None:
    table = books()
    book = Book(isbn="1", title="x")
    table.put(book)
    with pytest.raises(Conflict):
        table.put(book, when=field(B.title).equals("y"))
    table.put(book, when=field(B.title).equals("x"))
    assert book.revision == 2


def test_a_frozen_item_keeps_its_revision_and_one_without_defaults_is_versioned_too() -> None:
    table = fake(Frozens[Get | Put])
    note = Frozen("1", "a")
    table.put(note)
    assert note.revision == 0
    assert table.require("1").revision == 1
    with pytest.raises(Conflict):
        table.put(note)
    table.put(table.require("1"))
    assert table.require("1").revision == 2


def test_a_version_that_is_no_int_at_run_time_is_refused() -> None:
    with pytest.raises(InvalidValue, match="/revision: Expected `int`, got `null`"):
        books().put(Book(isbn="1", revision=None))  # type: ignore[arg-type]  # no checker was asked


# -- update and delete


def test_update_returns_the_new_item_and_counts_the_revision() -> None:
    table = books()
    table.put(Book(isbn="1", tags=["a"], shelf="s"))
    changed = table.update(
        "1",
        field(B.copies).add(2),
        field(B.tags).append("b", "c"),
        field(B.title).set("t"),
        field(B.shelf).remove(),
    )
    assert changed == table.require("1")
    assert (changed.copies, changed.tags, changed.title, changed.shelf, changed.revision) == (
        3,
        ["a", "b", "c"],
        "t",
        None,
        2,
    )


def test_update_reaches_nested_attributes_by_their_stored_names() -> None:
    table = books(Book(isbn="1", binding=Binding("cloth"), origin=Origin("NO", Binding("cloth"))))
    assert B.binding is not None
    assert B.origin is not None
    changed = table.update(
        "1", field(B.binding.made_of).set("paper"), field(B.origin.country).set("SE")
    )
    assert changed.binding == Binding("paper")
    assert changed.origin == Origin("SE", Binding("cloth"))


def test_update_of_an_absent_item_needs_initial() -> None:
    table = books()
    with pytest.raises(NotFound):
        table.update("1", field(B.copies).add(1))
    changed = table.update("1", field(B.copies).add(1), initial=Book(isbn="1", copies=10))
    assert (changed.copies, changed.revision) == (11, 1)
    assert table.update("1", field(B.copies).add(1), initial=Book(isbn="1", copies=10)).copies == 12


def test_update_with_a_condition_that_fails_raises_otherwise() -> None:
    table = books(Book(isbn="1"))
    with pytest.raises(Gone):
        table.update("1", field(B.copies).add(1), when=field(B.copies).equals(9), otherwise=Gone())
    assert table.require("1").copies == 1


def test_update_without_changes_or_of_the_key_or_with_another_initial_is_refused() -> None:
    table = books(Book(isbn="1"))
    with pytest.raises(InvalidUse, match=r"update\(\) has no changes"):
        table.update("1")
    with pytest.raises(InvalidUse, match=r"isbn is part of the key\. Put a new item"):
        table.update("1", field(B.isbn).set("2"))
    with pytest.raises(InvalidUse, match=r"another key than '1'"):
        table.update("1", field(B.copies).add(1), initial=Book(isbn="2"))
    with pytest.raises(InvalidUse, match="overlap"):
        table.update("1", field(B.revision).set(7))


def test_delete_is_silent_about_an_absent_item_unless_there_is_a_condition() -> None:
    table = books()
    table.delete("1")
    with pytest.raises(Gone):
        table.delete("1", when=field(B.copies).equals(1), otherwise=Gone())


# -- keys


def test_a_key_of_two_parts_is_a_tuple() -> None:
    table = fake(Loans[Get | Put])
    loan = Loan(ADA, date(2026, 1, 2), Shelf.LOWER)
    table.put(loan)
    assert table.get((ADA, date(2026, 1, 2))) == loan
    with pytest.raises(InvalidValue, match="The key is a tuple of 2 values"):
        table.get(ADA)  # type: ignore[arg-type]  # the point
    with pytest.raises(InvalidValue, match="The key is a tuple of 2 values"):
        table.get((ADA,))  # type: ignore[arg-type]  # the point


@pytest.mark.parametrize("key", ["", "k" * 2049, "\ud800", None, True, 1.5j])
def test_a_key_that_cannot_be_stored_is_refused_on_the_way_in_and_out(key: object) -> None:
    table = fake(Numbers[Get | Put])
    with pytest.raises(InvalidValue):
        table.get(key)  # type: ignore[arg-type]
    with pytest.raises((InvalidValue, LimitExceeded)):
        table.put(Number(key))  # type: ignore[arg-type]


def test_an_aware_time_is_kept_in_utc_whatever_its_zone() -> None:
    table = books(
        Book(
            isbn="1",
            bought=NOON.astimezone(timezone(timedelta(hours=5))),
            lent=NOON.astimezone(None),
        )
    )
    found = table.require("1")
    assert (found.bought, found.lent) == (NOON, NOON)
    assert found.bought is not None
    assert found.bought.utcoffset() == timedelta(0)


@pytest.mark.parametrize("name", ["bought", "lent"])
def test_a_naive_time_is_refused_in_an_index_and_elsewhere(name: str) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(InvalidValue, match=f"/{name}: Expected `datetime` with a timezone"):
        books(Book(isbn="1", **{name: naive}))  # type: ignore[arg-type]


moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))]),
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001
)


@given(moments, st.booleans())
def test_a_time_equals_itself_and_lies_between_itself_indexed_or_not(
    moment: datetime, indexed: bool
) -> None:
    table = books(Book(isbn="1", bought=moment, lent=moment))
    attribute = field(B.bought) if indexed else field(B.lent)
    table.update(
        "1",
        field(B.copies).add(1),
        when=attribute.equals(moment) & attribute.between(moment, moment),
    )
    table.update("1", attribute.set(moment))
    table.delete("1", when=attribute.equals(moment.astimezone(UTC)))


def test_a_time_that_an_update_sets_is_found_by_the_index() -> None:
    table = books(Book(isbn="1", shelf="s", bought=NOON - timedelta(days=1)))
    table.update("1", field(B.bought).set(NOON))
    assert [book.isbn for book in table.query(Books.by_shelf, "s", at_least=NOON).items] == ["1"]
    assert table.query(Books.by_shelf, "s", below=NOON).items == []


# -- queries


def test_a_sparse_index_leaves_out_items_without_its_attributes() -> None:
    table = books(
        Book(isbn="1", shelf="s", bought=NOON),
        Book(isbn="2", shelf="s"),
        Book(isbn="3", bought=NOON),
    )
    assert [book.isbn for book in table.query(Books.by_shelf, "s").items] == ["1"]


def test_an_index_keeps_the_order_of_its_sort_field_and_ranges_are_half_open() -> None:
    days = [NOON + timedelta(days=n) for n in range(5)]
    table = books(
        *(Book(isbn=str(n), shelf="s", bought=day) for n, day in reversed(list(enumerate(days))))
    )

    def found(at_least: datetime | None = None, below: datetime | None = None) -> str:
        page = table.query(Books.by_shelf, "s", at_least=at_least, below=below)
        return "".join(book.isbn for book in page.items)

    assert found() == "01234"
    assert found(days[1], days[3]) == "12"
    assert [
        book.isbn for book in table.query(Books.by_shelf, "s", reverse=True, limit=2).items
    ] == ["4", "3"]


def test_queries_take_uuid_date_and_enum_keys() -> None:
    loans = [Loan(ADA, date(2026, 1, day), Shelf.LOWER) for day in (1, 2, 3)]
    table = fake(Loans[Query], *loans, Loan(UUID(int=8), date(2026, 1, 1)))
    assert table.query(Loans.by_reader, ADA, at_least=date(2026, 1, 2)).items == loans[1:]
    assert table.query(Loans.by_place, Shelf.LOWER, below=date(2026, 1, 2)).items == loans[:1]


def test_pages_follow_each_other_until_there_is_no_next() -> None:
    table = books(*(Book(isbn=f"{n:02}", title="t", revision=0) for n in range(7)))
    seen: list[str] = []
    after = None
    for size in (3, 3, 1):
        page = table.query(Books.by_title, "t", limit=3, after=after)
        seen += [book.isbn for book in page.items]
        assert len(page.items) == size
        after = page.next
    assert after is None
    assert seen == [f"{n:02}" for n in range(7)]
    scanned = table.scan(limit=5)
    assert [book.isbn for book in (*scanned.items, *table.scan(after=scanned.next).items)] == seen


def test_a_cursor_of_another_query_is_a_400_problem() -> None:
    table = books(*(Book(isbn=str(n), title="t") for n in range(3)))
    cursor = table.query(Books.by_title, "t", limit=1).next
    with pytest.raises(BadRequest):
        table.query(Books.by_title, "u", after=cursor)
    for other in (cursor, "nonsense"):
        with pytest.raises(BadRequest, match="Start again without a cursor"):
            table.scan(after=other)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_1_to_1000_items(limit: int) -> None:
    with pytest.raises(InvalidUse, match=r"Ask for 1 to 1000"):
        books().scan(limit=limit)


def test_an_index_of_another_table_is_refused() -> None:
    with pytest.raises(InvalidUse, match=r"by_reader is not an index of Books\."):
        books().query(Loans.by_reader, ADA)
    with pytest.raises(InvalidUse, match=r"The index is not an index of Books\."):
        books().query(Index[str, None]("title"), "t")
    loose = Index[str, None]("title")
    loose.name = "by_title"
    with pytest.raises(InvalidUse, match="by_title is not an index"):
        books().query(loose, "t")


# -- values


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**126, 1e-200, int("1" * 39)])
def test_numbers_that_aws_would_not_keep_are_refused_everywhere(value: float) -> None:
    numbers = fake(Numbers[Put | Update], Number("1", 0))
    for attempt in (
        lambda: numbers.put(Number("2", value)),
        lambda: numbers.update("1", field(N.value).set(value)),
        lambda: numbers.update("1", field(N.value).add(value)),
        lambda: numbers.put(Number("1", 1), when=field(N.value).equals(value)),
    ):
        with pytest.raises(InvalidValue):
            attempt()
    assert stored(numbers) == [Number("1", 0)]


@pytest.mark.parametrize("value", [10**37, -(10**37) + 1, 2**63, -(2**63) - 1, 0.1, -1e-130, 1e125])
def test_every_number_that_is_accepted_comes_back_exactly(value: float) -> None:
    numbers = fake(Numbers[Get | Put])
    numbers.put(Number("1", value))
    assert numbers.require("1").value == value


def test_an_item_over_400_kb_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="has more than 409,600 bytes"):
        books(Book(isbn="1", tags=["x" * 409_600]))


class Deep(msgspec.Struct):
    value: object


def test_what_cannot_be_stored_is_refused() -> None:
    numbers = fake(Numbers[Put])
    cyclic: list[object] = []
    cyclic.append(cyclic)
    for value in (object(), cyclic):
        with pytest.raises(InvalidValue, match="Number does not fit Number"):
            numbers.put(Number("1", value))  # type: ignore[arg-type]
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(LimitExceeded, match="nested"):
        codecs.plain(Deep(deep), Deep)


def test_a_stored_item_that_does_not_fit_the_type_any_more_is_unreadable() -> None:
    numbers = fake(Numbers[Get | Scan])
    broken: Item = {"id": "1", "value": "seven"}
    numbers._link.perform(PutItem(numbers.__oort__.model.name, broken))
    for attempt in (lambda: numbers.get("1"), numbers.scan):
        with pytest.raises(Unreadable, match=r"does not fit Number: .* Give new fields a default"):
            attempt()


# -- handles


def test_a_handle_without_the_action_refuses_it_and_says_what_to_ask_for() -> None:
    table = fake(Books[Check])
    for action, attempt in {
        "Get": lambda: table.get("1"),  # type: ignore[misc]
        "Put": lambda: table.put(Book(isbn="1")),  # type: ignore[misc]
        "Update": lambda: table.update("1", field(B.copies).add(1)),  # type: ignore[misc]
        "Delete": lambda: table.delete("1"),  # type: ignore[misc]
        "Query": lambda: table.query(Books.by_title, "t"),  # type: ignore[misc]
        "Scan": lambda: table.scan(limit=1),  # type: ignore[misc]
    }.items():
        with pytest.raises(
            NotGranted,
            match=rf"no grant for {action} on Books\. Add the action to the parameter: Books\[… \| {action}\]",
        ):
            attempt()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("handle", [Books, Books[Get](), Books()])
def test_the_class_is_no_handle(handle: object) -> None:
    with pytest.raises(
        InvalidUse,
        match=r"Books is a resource, not a handle\. Take it as a parameter: books: Books\[Get\]",
    ):
        check_action(handle, Get)


def test_a_refusal_of_an_unknown_kind_is_still_an_error_of_oorts() -> None:
    error = refusal(Refused("something.new", "What happened."))
    assert isinstance(error, OortError)
    assert "What happened." in str(error)
    assert isinstance(refusal(Refused("permission.denied", "")), NotGranted)


def test_a_page_is_what_json_shows() -> None:
    page = books(Book(isbn="1")).scan()
    assert msgspec.json.decode(msgspec.json.encode(page))["next"] is None
