"""Cursors go round, and nothing else is taken for one."""

import base64
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oort.model.errors import InvalidCursor
from oort.model.items import Key, Number
from oort.rules.tables import cursors
from tests.unit.rules.strategies import table_keys

QUERY = ("people", "by_country", "NO")
queries = st.lists(st.text(max_size=5), max_size=4).map(tuple)
ISSUED = cursors.issue(("ada", 7), query=QUERY)


@given(table_keys, queries)
def test_a_cursor_gives_back_the_key_it_was_issued_for(key: Key, query: tuple[str, ...]) -> None:
    again = cursors.read(cursors.issue(key, query=query), query=query)
    assert repr(again) == repr(key)


@pytest.mark.parametrize("number", [10**38 - 1, Decimal(f"-0.{'9' * 38}"), 1e22, 1e-130])
def test_a_cursor_holds_numbers_of_38_digits(number: Number) -> None:
    key = (number, "sort")
    assert cursors.read(cursors.issue(key, query=QUERY), query=QUERY) == key


@given(table_keys, queries, queries)
def test_a_cursor_fits_only_its_own_query(
    key: Key, query: tuple[str, ...], other: tuple[str, ...]
) -> None:
    cursor = cursors.issue(key, query=query)
    if query != other:
        with pytest.raises(InvalidCursor):
            cursors.read(cursor, query=other)


def test_queries_that_read_alike_when_joined_are_told_apart() -> None:
    cursor = cursors.issue(("a",), query=("t", "i\x00p"))
    with pytest.raises(InvalidCursor):
        cursors.read(cursor, query=("t", "i", "p"))


@given(st.text())
@example("\ud800")
@example("é")
@example("=" * 5)
@example("")
def test_any_text_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(text, query=QUERY)


@given(st.binary())
def test_any_bytes_are_refused_in_one_way(raw: bytes) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(base64.urlsafe_b64encode(raw).decode().rstrip("="), query=QUERY)


@pytest.mark.parametrize(
    "content",
    [
        b'["0",[""]]',
        b'["0",[1e999]]',
        b'["0",[true]]',
        b'["0",[null]]',
        b'["0",[{}]]',
        b'["0",["\\ud800"]]',
        b'["0",' + b"[" * 100_000 + b"]" * 100_000 + b"]",
        b"[" * 100_000,
        b'["0",["a"],1]',
    ],
)
def test_forged_content_is_refused_in_one_way(content: bytes) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(base64.urlsafe_b64encode(content).decode().rstrip("="), query=QUERY)


@given(st.integers(0, len(ISSUED) - 1), st.characters(max_codepoint=127))
def test_a_changed_character_is_noticed(place: int, character: str) -> None:
    changed = ISSUED[:place] + character + ISSUED[place + 1 :]
    if changed != ISSUED:
        with pytest.raises(InvalidCursor):
            cursors.read(changed, query=QUERY)


@pytest.mark.parametrize(
    "changed", [ISSUED[:-1], ISSUED + "A", ISSUED + "=", ISSUED + "\n", " " + ISSUED]
)
def test_a_cut_or_padded_cursor_is_noticed(changed: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(changed, query=QUERY)
