"""Typed values to stored form and back: what goes in comes out, or is refused on the way in."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.app.handles import codecs
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.items import Value
from tests.unit.app.library import Book, Shelf


class Anything(msgspec.Struct):
    """Holds what it is given."""

    value: Any


texts = st.text(st.characters(codec="utf-8"))
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_json_has_is_stored_as_it_is(value: Value) -> None:
    assert codecs.plain(value, Any) == value
    stored = codecs.item(Anything(value), Anything, attributes=frozenset())
    assert codecs.typed(stored, Anything, where="t") == Anything(value)
    assert msgspec.json.decode(codecs.body(Anything(value), Anything), type=Anything) == Anything(
        value
    )


def test_no_object_of_a_body_names_a_member_twice() -> None:
    """A table stores the same of such a value."""
    twice = Anything({1: "a", "1": "b"})
    assert codecs.body(twice, Anything) == b'{"value":{"1":"b"}}'
    assert codecs.plain(twice, Anything) == {"value": {"1": "b"}}


@given(
    st.lists(
        st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-8))])),
        min_size=2,
        max_size=5,
    )
)
def test_aware_times_sort_as_text_and_come_back_as_the_same_moments(
    moments: list[datetime],
) -> None:
    stored = [str(codecs.plain(moment, datetime)) for moment in moments if 1 < moment.year < 9999]
    kept = [moment for moment in moments if 1 < moment.year < 9999]
    assert sorted(stored) == [codecs.plain(moment, datetime) for moment in sorted(kept)]
    assert [msgspec.convert(text, datetime) for text in stored] == kept


def test_times_are_found_at_any_depth() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert codecs.plain({"a": [noon, (noon,)], "b": {"c": noon}}, Any) == {
        "a": ["2026-01-01T12:00:00.000000Z", ["2026-01-01T12:00:00.000000Z"]],
        "b": {"c": "2026-01-01T12:00:00.000000Z"},
    }
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    local = Annotated[datetime, msgspec.Meta(tz=False)]
    assert codecs.plain(naive, local) == "2026-01-01T00:00:00"  # no moment: stays as written
    with pytest.raises(InvalidValue, match="zone"):
        codecs.plain(naive, datetime)
    assert codecs.plain(date(2026, 1, 1), date) == "2026-01-01"


@pytest.mark.parametrize("value", [1, "text", None, [1], Shelf.UPPER])
def test_an_item_is_an_object(value: object) -> None:
    with pytest.raises(InvalidValue, match="is not an object"):
        codecs.item(value, Any, attributes=frozenset())


def test_key_attributes_get_their_sortable_form_and_missing_ones_stay_missing() -> None:
    book = Book(isbn="1", bought=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    item = codecs.item(book, Book, attributes=frozenset({"isbn", "bought", "shelf"}))
    assert (item["bought"], item["shelf"]) == ("2025-12-31T23:00:00.000000Z", None)


def test_a_message_takes_any_number_that_is_read_back() -> None:
    for value in (float("nan"), 10**4300, -(10**4299), "\udfff", object()):
        with pytest.raises(InvalidValue):
            codecs.body(Anything(value), Anything)
    assert codecs.body(Anything(-(10**126)), Anything) == b'{"value":-1%s}' % (b"0" * 126)


def test_a_message_holds_256_kib() -> None:
    most = 256 * 1024 - len('{"value":""}')
    assert len(codecs.body(Anything("x" * most), Anything)) == 256 * 1024
    with pytest.raises(
        LimitExceeded, match=r"has 262,145 bytes; a message holds 262,144\. Store the data"
    ):
        codecs.body(Anything("x" * (most + 1)), Anything)
