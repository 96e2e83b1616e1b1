"""Pages, and the rules for items and transactions that the engine and the adapters of AWS share."""

import pytest

from oort.model import limits
from oort.model.errors import InvalidCursor, InvalidUse, InvalidValue, LimitExceeded
from oort.model.items import Item
from oort.model.operations import QueryIndex
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel
from oort.rules.tables import cursors, items, paging, transactions
from oort.testing.port_suites.target import LINES, NOTES, PLATFORM


def model(platform: PlatformModel, name: str) -> TableModel:
    return next(table for table in platform.tables if table.name == name)


TABLE = model(PLATFORM, LINES)
NOTES_TABLE = model(PLATFORM, NOTES)
OWN, BY_OWNER, BY_TAG = (TABLE.index(name) for name in ("own", "by_owner", "by_tag"))


@pytest.mark.parametrize("limit", [0, -1, limits.PAGE_ITEMS + 1])
def test_a_page_has_1_to_1000_items(limit: int) -> None:
    with pytest.raises(InvalidUse):
        paging.check_limit(limit)
    paging.check_limit(1)
    paging.check_limit(limits.PAGE_ITEMS)


def test_ranges_need_a_sort_attribute_and_keys_that_can_be() -> None:
    paging.check_range(QueryIndex(LINES, "own", "l", at_least="a", below="b"), TABLE, OWN)
    paging.check_range(QueryIndex(LINES, "by_tag", "t"), TABLE, BY_TAG)
    for query, index in (
        (QueryIndex(LINES, "by_tag", "t", at_least="a"), BY_TAG),
        (QueryIndex(LINES, "by_tag", "t", starts_with="a"), BY_TAG),
        (QueryIndex(LINES, "own", "l", starts_with="a", below="b"), OWN),
    ):
        with pytest.raises(InvalidUse):
            paging.check_range(query, TABLE, index)
    for query in (QueryIndex(LINES, "own", ""), QueryIndex(LINES, "own", "l", below="")):
        with pytest.raises(InvalidValue):
            paging.check_range(query, TABLE, OWN)


def test_a_cursor_of_an_index_holds_both_keys() -> None:
    item: Item = {"list": "l", "line": "1", "owner": "ada", "rank": 2}
    assert paging.position(item, TABLE, OWN) == ("l", "1")
    assert paging.position(item, TABLE, BY_OWNER) == ("ada", 2, "l", "1")
    assert paging.position({"list": "l", "line": "1"}, TABLE, BY_TAG) == ("l", "1")


def test_a_cursor_leads_on_in_its_own_query_only() -> None:
    query = QueryIndex(LINES, "own", "l")
    assert paging.resumed(query, TABLE, OWN) is None
    cursor = cursors.issue(("l", "1"), query=paging.query_name(query, TABLE, OWN))
    assert paging.resumed(QueryIndex(LINES, "own", "l", after=cursor, limit=1), TABLE, OWN) == (
        "l",
        "1",
    )
    with pytest.raises(InvalidCursor):
        paging.resumed(QueryIndex(LINES, "own", "other", after=cursor), TABLE, OWN)
    short = cursors.issue(("l",), query=paging.query_name(query, TABLE, OWN))
    with pytest.raises(InvalidCursor):
        paging.resumed(QueryIndex(LINES, "own", "l", after=short), TABLE, OWN)


def test_a_cursor_of_a_scan_holds_the_key() -> None:
    cursor = cursors.issue(("a",), query=paging.scan_name(NOTES_TABLE))
    assert paging.scanned(cursor, NOTES_TABLE) == ("a",)
    with pytest.raises(InvalidCursor):
        paging.scanned(cursor, TABLE)


def test_an_item_must_not_have_attributes_of_oorts_own() -> None:
    with pytest.raises(InvalidValue, match="tilde"):
        items.judged(NOTES_TABLE, {"id": "a", "~rank": None})
    assert items.judged(NOTES_TABLE, {"id": "a", "rank~": None}).size > 0


def test_an_item_is_judged_whole() -> None:
    with pytest.raises(InvalidValue, match="lacks"):
        items.judged(TABLE, {"list": "l"})
    with pytest.raises(InvalidValue, match="part"):
        items.located(TABLE, ("l",))
    with pytest.raises(LimitExceeded):
        items.judged(NOTES_TABLE, {"id": "a", "text": "x" * limits.ITEM_BYTES})
    assert "cannot change the key" in str(items.key_changed(TABLE))


def test_a_transaction_has_limits() -> None:
    transactions.check_count(limits.TRANSACTION_ACTIONS)
    transactions.check_size(limits.TRANSACTION_BYTES)
    transactions.check_once([("a", (b"1", b"")), ("b", (b"1", b""))])
    with pytest.raises(LimitExceeded):
        transactions.check_count(limits.TRANSACTION_ACTIONS + 1)
    with pytest.raises(LimitExceeded):
        transactions.check_size(limits.TRANSACTION_BYTES + 1)
    with pytest.raises(InvalidUse):
        transactions.check_once([("a", (b"1", b"")), ("a", (b"1", b""))])
