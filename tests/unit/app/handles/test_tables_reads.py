"""Reads beyond one item by key, as users write them: many keys, prefixes and filters through typed handles."""

from datetime import date

import msgspec
import pytest

from oort import Can, Get, Index, Query, Scan, Service, Table, field, fields
from oort.model.errors import LimitExceeded, NotGranted
from oort.testing import fake

notes = Service("read-notes")


class Note(msgspec.Struct):
    """A note of a day."""

    day: date
    path: str
    words: int


N = fields(Note)


@notes.table("notes", key=("day", "path"))
class Notes(Table[tuple[date, str], Note, Can]):
    """Notes by day and path."""

    by_day = Index[date, str]("day", sort="path")


DAY = date(2026, 1, 1)
ALL = [Note(DAY, path, words) for path, words in [("a/1", 10), ("a/2", 200), ("b/1", 30)]]


def test_many_keys_are_read_at_once_and_absent_ones_left_out() -> None:
    handle = fake(Notes[Get], *ALL)
    assert handle.get_many([(DAY, "b/1"), (DAY, "nothing"), (DAY, "a/1")]) == [ALL[2], ALL[0]]
    assert handle.get_many([]) == []
    with pytest.raises(LimitExceeded):
        handle.get_many([(DAY, str(number)) for number in range(101)])


def test_many_keys_need_the_action_get() -> None:
    with pytest.raises(NotGranted):
        fake(Notes[Query]).get_many([(DAY, "a")])  # type: ignore[misc]


def test_a_prefix_and_a_filter_narrow_a_query() -> None:
    handle = fake(Notes[Query], *ALL)
    assert handle.query(Notes.by_day, DAY, starts_with="a/").items == ALL[:2]
    assert handle.query(Notes.by_day, DAY, where=field(N.words).between(20, 100)).items == [ALL[2]]
    assert handle.query(
        Notes.by_day, DAY, starts_with="a/", where=field(N.words).equals(10)
    ).items == [ALL[0]]


def test_a_filter_narrows_a_scan_and_the_limit_counts_what_is_read() -> None:
    handle = fake(Notes[Scan], *ALL)
    page = handle.scan(limit=2, where=field(N.words).equals(30))
    assert page.items == []
    assert handle.scan(limit=2, after=page.next, where=field(N.words).equals(30)).items == [ALL[2]]
