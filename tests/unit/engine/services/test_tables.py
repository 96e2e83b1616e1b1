"""What the engine's tables do beyond the contract: lagging indexes, indexes that are built anew, forged cursors."""

from dataclasses import replace
from datetime import timedelta

import pytest

from oort.engine.rows.encoding import decoded, encoded
from oort.model import limits
from oort.model.errors import InvalidCursor, InvalidValue
from oort.model.items import AddTo, Item, SetTo, Value
from oort.model.operations import DeleteItem, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel, TableModel
from oort.rules.tables import cursors, keys
from oort.testing.port_suites.target import LINES, NOTES, PLATFORM
from tests.unit.engine.services.conftest import Services

LAG = timedelta(seconds=2)
STEP = timedelta(seconds=1)


def put(services: Services, line: str, owner: str | None, rank: int = 1, text: str = "") -> None:
    services.tables.put(
        PutItem(LINES, {"list": "l", "line": line, "owner": owner, "rank": rank, "text": text})
    )


def lines(services: Services, owner: str, **options: int | bool) -> list[Value]:
    query = QueryIndex(
        LINES,
        "by_owner",
        owner,
        reverse=bool(options.get("reverse")),
        limit=int(options.get("limit", 100)),
    )
    return [item["line"] for item in services.tables.query(query).items]


def with_indexes(*indexes: IndexModel) -> PlatformModel:
    (service,) = PLATFORM.services
    resources = tuple(
        replace(resource, indexes=indexes)
        if isinstance(resource, TableModel) and resource.name == LINES
        else resource
        for resource in service.resources
    )
    return replace(PLATFORM, services=(replace(service, resources=resources),))


def test_a_lagging_index_shows_a_new_item_later(services: Services) -> None:
    services.lag = LAG
    put(services, "a", "ada")
    assert services.tables.get(LINES, ("l", "a")) is not None
    assert lines(services, "ada") == []
    services.clock.advance(LAG)
    assert lines(services, "ada") == ["a"]


def test_a_lagging_index_shows_the_old_item_whole(services: Services) -> None:
    put(services, "a", "ada", text="old")
    services.lag = LAG
    services.tables.update(
        UpdateItem(LINES, ("l", "a"), (SetTo(("text",), "new"), SetTo(("owner",), "bob")))
    )
    found = services.tables.query(QueryIndex(LINES, "by_owner", "ada")).items
    assert [(item["owner"], item["text"]) for item in found] == [("ada", "old")]
    assert lines(services, "bob") == []
    services.clock.advance(LAG)
    assert lines(services, "ada") == []
    assert lines(services, "bob") == ["a"]


def test_a_lagging_index_shows_a_deleted_item_until_later(services: Services) -> None:
    put(services, "a", "ada")
    services.lag = LAG
    services.tables.delete(DeleteItem(LINES, ("l", "a")))
    assert lines(services, "ada") == ["a"]
    services.clock.advance(LAG)
    assert lines(services, "ada") == []


def test_a_lagging_index_follows_write_by_write(services: Services) -> None:
    services.lag = LAG
    put(services, "a", "ada")
    services.clock.advance(STEP)
    put(services, "a", "bob")
    assert (lines(services, "ada"), lines(services, "bob")) == ([], [])
    services.clock.advance(STEP)
    assert (lines(services, "ada"), lines(services, "bob")) == (["a"], [])
    services.clock.advance(STEP)
    assert (lines(services, "ada"), lines(services, "bob")) == ([], ["a"])


def test_a_lagging_index_has_order_ranges_and_pages(services: Services) -> None:
    for rank, line in enumerate("abcde"):
        put(services, line, "ada", rank)
    services.lag = LAG
    services.tables.delete(DeleteItem(LINES, ("l", "c")))
    put(services, "f", "ada", 2)
    put(services, "g", "ada", 2)
    assert lines(services, "ada") == list("abcde")
    assert lines(services, "ada", reverse=True) == list("edcba")
    for reverse in (False, True):
        seen: list[Value] = []
        after: str | None = None
        while True:
            query = QueryIndex(
                LINES, "by_owner", "ada", at_least=1, below=4, reverse=reverse, limit=2, after=after
            )
            page = services.tables.query(query)
            seen.extend(item["line"] for item in page.items)
            after = page.next
            if after is None:
                break
        assert seen == sorted("bcd", reverse=reverse)


def test_the_lag_of_a_transaction(services: Services) -> None:
    services.lag = LAG
    services.transactions.commit(
        [PutItem(LINES, {"list": "l", "line": "a", "owner": "ada", "rank": 1})], None
    )
    assert lines(services, "ada") == []
    services.clock.advance(LAG)
    assert lines(services, "ada") == ["a"]


def test_what_lagged_is_forgotten(services: Services) -> None:
    services.lag = LAG
    for number in range(5):
        put(services, "a", "ada", number)
        services.clock.advance(LAG)
    kept = services.store.read(lambda session: session.rows("SELECT count(*) FROM lagging"))
    assert kept == [(1,)]


def test_a_new_index_is_built_from_the_items_that_are_there(services: Services) -> None:
    before = services.running(with_indexes())
    put(before, "a", "ada", 2)
    put(before, "b", "ada", 1)
    put(before, "c", None)
    assert lines(services, "ada") == []
    assert services.tables.prepare() == 3
    assert lines(services, "ada") == ["b", "a"]
    assert services.tables.prepare() == 0


def test_an_index_that_changed_is_built_anew(services: Services) -> None:
    services.tables.prepare()
    put(services, "a", "ada", 1, text="x")
    other = services.running(with_indexes(IndexModel("by_owner", "text", None, primary=False)))
    assert other.tables.prepare() == 2  # and by_tag is gone, while another table's is as it was
    found = other.tables.query(QueryIndex(LINES, "by_owner", "x")).items
    assert [item["line"] for item in found] == ["a"]
    assert other.store.read(lambda session: session.rows("SELECT count(*) FROM entries")) == [(1,)]


def test_a_forged_cursor_does_not_leave_the_partition(services: Services) -> None:
    for group in "ab":
        services.tables.put(PutItem(LINES, {"list": group, "line": "1"}))
        services.tables.put(PutItem(LINES, {"list": group, "line": "2"}))
    query = (LINES, "own", keys.ordered("b").hex(), repr(((None, None), None)), "False")
    forged = cursors.issue(("a", "1"), query=query)
    found = services.tables.query(QueryIndex(LINES, "own", "b", after=forged)).items
    assert [(item["list"], item["line"]) for item in found] == [("b", "2")]


def test_a_forged_cursor_of_the_wrong_length_is_refused(services: Services) -> None:
    query = (LINES, "own", keys.ordered("b").hex(), repr(((None, None), None)), "False")
    for last in (("b",), ("b", "1", "x")):
        with pytest.raises(InvalidCursor):
            services.tables.query(
                QueryIndex(LINES, "own", "b", after=cursors.issue(last, query=query))
            )
        with pytest.raises(InvalidCursor):
            services.tables.scan(ScanTable(LINES, after=cursors.issue(last, query=(LINES,))))


def test_an_update_cannot_change_the_key(services: Services) -> None:
    services.tables.put(PutItem(NOTES, {"id": "a"}))
    with pytest.raises(InvalidValue, match="cannot change the key"):
        services.tables.update(UpdateItem(NOTES, ("a",), (SetTo(("id",), "b"),)))
    with pytest.raises(InvalidValue, match="cannot change the key"):
        services.tables.update(UpdateItem(NOTES, ("c",), (SetTo(("n",), 1),), {"id": "d"}))
    assert services.tables.get(NOTES, ("a",)) == {"id": "a"}


@pytest.mark.parametrize(
    "item", [{"id": "a\ud800"}, {"id": "a", "text": "\udfff"}, {"id": "a", "\ud800": 1}]
)
def test_text_that_is_not_unicode_is_refused(services: Services, item: dict[str, Value]) -> None:
    with pytest.raises(InvalidValue):
        services.tables.put(PutItem(NOTES, item))


def test_deep_items_are_refused_as_on_dynamodb(services: Services) -> None:
    deep: Value = 1
    for _ in range(limits.ITEM_DEPTH + 1):
        deep = [deep]
    with pytest.raises(Exception, match="levels deep"):
        services.tables.put(PutItem(NOTES, {"id": "a", "deep": deep}))


@pytest.mark.parametrize(
    "number", [0, -1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**37, -(10**37)]
)
def test_integers_of_any_size_are_encoded(number: int) -> None:
    item: Item = {"n": number, "deep": [{"n": number, "yes": True}, 1.5]}
    assert decoded(encoded(item)) == item
    assert decoded(encoded({**item, "large": 10**37})) == {**item, "large": 10**37}


def test_a_decimal_of_an_earlier_version_is_in_an_index_once_it_is_written_again(
    services: Services,
) -> None:
    old: Item = {"list": "l", "line": "a", "owner": "ada", "rank": "1.50"}
    services.tables.put(PutItem(LINES, old))
    assert lines(services, "ada") == []
    services.tables.update(UpdateItem(LINES, ("l", "a"), (AddTo(("rank",), 1, texts=True),)))
    assert lines(services, "ada") == ["a"]
