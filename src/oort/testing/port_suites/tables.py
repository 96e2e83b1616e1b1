"""The contract of tables: items by key, conditions and limits; and of their indexes: order, pages and cursors."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from oort.model import limits
from oort.model.errors import (
    ConditionFailed,
    InvalidCursor,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
)
from oort.model.items import (
    AddTo,
    All,
    AppendTo,
    Between,
    Equals,
    Item,
    KeyPart,
    Remove,
    SetTo,
    Value,
)
from oort.model.operations import DeleteItem, Listed, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import LINES, NOTES, READINGS, Contract, Target


def put_lines(ports: Ports, group: str, lines: list[str]) -> None:
    for line in lines:
        ports.tables.put(PutItem(LINES, {"list": group, "line": line}))


def pages(ports: Ports, *, group: str, limit: int, reverse: bool = False) -> Iterator[Listed]:
    """The pages of one list, each asked for when the one before has been looked at."""
    after: str | None = None
    while True:
        page = ports.tables.query(
            QueryIndex(LINES, "own", group, limit=limit, reverse=reverse, after=after)
        )
        yield page
        after = page.next
        if after is None:
            return


def scanned(ports: Ports, table: str, *, limit: int) -> Iterator[Listed]:
    """The pages of a scan, each asked for when the one before has been looked at."""
    after: str | None = None
    while True:
        page = ports.tables.scan(ScanTable(table, limit=limit, after=after))
        yield page
        after = page.next
        if after is None:
            return


@pytest.mark.contract
class TablesContract(Contract):
    """Items by key."""

    def test_an_absent_item_is_none(self, ports: Ports) -> None:
        assert ports.tables.get(NOTES, ("nobody",)) is None

    def test_an_item_comes_back_as_it_was_put(self, ports: Ports) -> None:
        inner: Value = {
            "none": None,
            "yes": True,
            "no": False,
            "int": -7,
            "float": 2.5,
            "text": "é 😀",
            "list": [1, "a", []],
        }
        item: Item = {"id": "a", "inner": inner, "empty": {}, "nothing": "", "zero": 0}
        ports.tables.put(PutItem(NOTES, item))
        assert ports.tables.get(NOTES, ("a",)) == item

    def test_a_boolean_stays_a_boolean_and_a_number_a_number(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "flag": True, "one": 1}))
        found = ports.tables.get(NOTES, ("a",))
        assert found is not None
        assert found["flag"] is True
        assert found["one"] is not True

    def test_numbers_of_38_digits_round_trip(self, ports: Ports) -> None:
        large = int("9" * limits.NUMBER_DIGITS)
        ports.tables.put(
            PutItem(NOTES, {"id": "a", "large": large, "small": -large, "deep": [{"n": large}]})
        )
        assert ports.tables.get(NOTES, ("a",)) == {
            "id": "a",
            "large": large,
            "small": -large,
            "deep": [{"n": large}],
        }

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**38 + 1, 1e126, 1e-131])
    def test_numbers_that_would_not_round_trip_are_refused(
        self, ports: Ports, number: float
    ) -> None:
        with pytest.raises(InvalidValue):
            ports.tables.put(PutItem(NOTES, {"id": "a", "deep": [{"n": number}]}))
        assert ports.tables.get(NOTES, ("a",)) is None

    def test_a_put_replaces_the_whole_item(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "old": 1}))
        ports.tables.put(PutItem(NOTES, {"id": "a", "new": 2}))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "new": 2}

    def test_an_integer_and_the_same_float_are_one_key(self, ports: Ports) -> None:
        ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": 1}))
        assert ports.tables.get(READINGS, ("s", 1.0)) is not None

    def test_a_key_with_a_sort_key_needs_both_parts(self, ports: Ports) -> None:
        put_lines(ports, "l", ["1", "2"])
        assert ports.tables.get(LINES, ("l", "2")) == {"list": "l", "line": "2"}
        with pytest.raises(InvalidValue):
            ports.tables.get(LINES, ("l",))

    def test_an_item_without_its_key_is_refused(self, ports: Ports) -> None:
        lacking: tuple[Item, ...] = (
            {"list": "l"},
            {"list": "l", "line": None},
            {"list": "l", "line": True},
        )
        for item in lacking:
            with pytest.raises(InvalidValue):
                ports.tables.put(PutItem(LINES, item))

    def test_empty_keys_are_refused(self, ports: Ports) -> None:
        with pytest.raises(InvalidValue):
            ports.tables.put(PutItem(NOTES, {"id": ""}))
        with pytest.raises(InvalidValue):
            ports.tables.get(LINES, ("l", ""))

    def test_keys_have_a_greatest_length_in_bytes(self, ports: Ports) -> None:
        fits = {
            "list": "é" * (limits.PARTITION_KEY_BYTES // 2),
            "line": "x" * limits.SORT_KEY_BYTES,
        }
        ports.tables.put(PutItem(LINES, dict(fits)))
        for over in ({**fits, "list": fits["list"] + "x"}, {**fits, "line": fits["line"] + "x"}):
            with pytest.raises(InvalidValue):
                ports.tables.put(PutItem(LINES, dict(over)))

    def test_an_item_may_have_400_kib_and_no_more(self, ports: Ports) -> None:
        names = len("id") + len("a") + len("text")
        ports.tables.put(PutItem(NOTES, {"id": "a", "text": "x" * (limits.ITEM_BYTES - names)}))
        with pytest.raises(LimitExceeded):
            ports.tables.put(
                PutItem(NOTES, {"id": "b", "text": "x" * (limits.ITEM_BYTES - names + 1)})
            )
        assert ports.tables.get(NOTES, ("b",)) is None

    def test_an_unknown_table_is_a_key_error(self, ports: Ports) -> None:
        with pytest.raises(KeyError):
            ports.tables.get("suite.nothing", ("a",))

    def test_if_absent_lets_only_the_first_put_through(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 1}, if_absent=True))
        with pytest.raises(ConditionFailed):
            ports.tables.put(PutItem(NOTES, {"id": "a", "n": 2}, if_absent=True))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": 1}

    def test_of_many_puts_that_claim_one_key_exactly_one_wins(self, ports: Ports) -> None:
        def claim(who: int) -> bool:
            try:
                ports.tables.put(PutItem(NOTES, {"id": "claim", "who": who}, if_absent=True))
            except ConditionFailed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, range(24))) == 1

    def test_a_put_on_a_condition_that_holds(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "revision": 1, "age": 30}))
        when = All((Equals(("revision",), 1), Between(("age",), 18, 30)))
        ports.tables.put(PutItem(NOTES, {"id": "a", "revision": 2}, when=when))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "revision": 2}

    def test_a_put_on_a_condition_that_fails_changes_nothing(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "revision": 1}))
        for when in (
            Equals(("revision",), 2),
            Equals(("revision",), "1"),
            Between(("revision",), 2, 9),
        ):
            with pytest.raises(ConditionFailed):
                ports.tables.put(PutItem(NOTES, {"id": "a", "revision": 5}, when=when))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "revision": 1}

    def test_an_absent_item_has_no_attributes(self, ports: Ports) -> None:
        with pytest.raises(ConditionFailed):
            ports.tables.put(PutItem(NOTES, {"id": "a"}, when=Equals(("revision",), 1)))
        ports.tables.put(PutItem(NOTES, {"id": "a"}, when=Equals(("revision",), None)))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a"}

    def test_an_update_answers_with_what_it_stored(self, ports: Ports) -> None:
        ports.tables.put(
            PutItem(
                NOTES, {"id": "a", "n": 1, "log": ["x"], "deep": {"k": 1, "l": 2}, "gone": True}
            )
        )
        changes = (
            SetTo(("deep", "k"), [1]),
            AddTo(("n",), 41),
            AddTo(("fresh",), -1),
            AppendTo(("log",), ["y", 2]),
            AppendTo(("list",), ["z"]),
            Remove(("gone",)),
        )
        new = ports.tables.update(UpdateItem(NOTES, ("a",), changes))
        assert new == {
            "id": "a", "n": 42, "fresh": -1, "log": ["x", "y", 2], "list": ["z"], "deep": {"k": [1], "l": 2}
        }  # fmt: skip
        assert ports.tables.get(NOTES, ("a",)) == new

    def test_an_update_adds_in_decimal(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 0.1}))
        assert ports.tables.update(UpdateItem(NOTES, ("a",), (AddTo(("n",), 0.2),)))["n"] == 0.3

    def test_to_an_update_a_null_is_missing(self, ports: Ports) -> None:
        ports.tables.put(
            PutItem(NOTES, {"id": "a", "n": None, "log": None, "deep": {"n": None, "m": 1}})
        )
        changes = (
            AddTo(("n",), 2),
            AppendTo(("log",), ["x"]),
            AddTo(("deep", "n"), -1),
            AddTo(("deep", "m"), 1),
        )
        new = ports.tables.update(UpdateItem(NOTES, ("a",), changes, when=Equals(("n",), None)))
        assert new == {"id": "a", "n": 2, "log": ["x"], "deep": {"n": -1, "m": 2}}
        assert ports.tables.update(UpdateItem(NOTES, ("a",), changes))["n"] == 4

    def test_an_update_cannot_change_the_key(self, ports: Ports) -> None:
        ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": 1}))
        for change in (SetTo(("sensor",), "t"), AddTo(("value",), 1), Remove(("sensor",))):
            with pytest.raises(InvalidValue):
                ports.tables.update(UpdateItem(READINGS, ("s", 1), (change,)))
        same = (SetTo(("sensor",), "s"), AddTo(("value",), 0), SetTo(("unit",), "K"))
        assert ports.tables.update(UpdateItem(READINGS, ("s", 1), same)) == {
            "sensor": "s",
            "value": 1,
            "unit": "K",
        }
        with pytest.raises(InvalidValue):
            ports.tables.update(
                UpdateItem(
                    READINGS, ("s", 2), (SetTo(("unit",), "K"),), {"sensor": "s", "value": 3}
                )
            )

    def test_changes_that_overlap_are_refused(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "deep": {"n": 1}}))
        for path in (("deep",), ("deep", "n")):
            with pytest.raises(InvalidUse):
                ports.tables.update(
                    UpdateItem(NOTES, ("a",), (AddTo(("deep", "n"), 1), SetTo(path, 1)))
                )

    def test_an_update_without_changes_makes_the_initial_item(self, ports: Ports) -> None:
        assert ports.tables.update(UpdateItem(NOTES, ("a",), (), {"id": "a", "n": None})) == {
            "id": "a",
            "n": None,
        }
        assert ports.tables.update(UpdateItem(NOTES, ("a",), (), {"id": "a"})) == {
            "id": "a",
            "n": None,
        }

    def test_an_initial_item_is_judged_by_the_condition_on_none(self, ports: Ports) -> None:
        update = UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), {"id": "a"}, when=Equals(("n",), 1))
        with pytest.raises(ConditionFailed):
            ports.tables.update(update)
        fresh = UpdateItem(
            NOTES, ("a",), (AddTo(("n",), 1),), {"id": "a"}, when=Equals(("n",), None)
        )
        assert ports.tables.update(fresh) == {"id": "a", "n": 1}
        assert ports.tables.update(update) == {"id": "a", "n": 2}

    def test_an_update_of_an_absent_item_needs_an_initial_one(self, ports: Ports) -> None:
        change = (AddTo(("n",), 1),)
        with pytest.raises(NoSuchItem):
            ports.tables.update(UpdateItem(NOTES, ("a",), change))
        assert ports.tables.get(NOTES, ("a",)) is None
        initial: Item = {"id": "a", "n": 10}
        assert ports.tables.update(UpdateItem(NOTES, ("a",), change, initial)) == {
            "id": "a",
            "n": 11,
        }
        assert ports.tables.update(UpdateItem(NOTES, ("a",), change, initial)) == {
            "id": "a",
            "n": 12,
        }

    def test_an_update_on_a_condition_that_fails_changes_nothing(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 1}))
        with pytest.raises(ConditionFailed):
            ports.tables.update(
                UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), when=Equals(("n",), 2))
            )
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": 1}

    def test_an_update_that_does_not_fit_changes_nothing(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "text": "x"}))
        for change in (
            AddTo(("text",), 1),
            AppendTo(("text",), [1]),
            SetTo(("missing", "inner"), 1),
        ):
            with pytest.raises(InvalidValue):
                ports.tables.update(UpdateItem(NOTES, ("a",), (SetTo(("n",), 1), change)))
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "text": "x"}

    def test_an_update_cannot_make_an_item_too_large(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "text": "x" * (limits.ITEM_BYTES - 100)}))
        with pytest.raises(LimitExceeded):
            ports.tables.update(UpdateItem(NOTES, ("a",), (SetTo(("more",), "x" * 200),)))

    def test_concurrent_updates_lose_nothing(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 0}))
        add = UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),))
        with ThreadPoolExecutor(8) as pool:
            seen = {
                str(item["n"]) for item in pool.map(lambda _: ports.tables.update(add), range(40))
            }
        assert len(seen) == 40
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": 40}

    def test_a_deleted_item_is_gone(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a"}))
        ports.tables.delete(DeleteItem(NOTES, ("a",)))
        assert ports.tables.get(NOTES, ("a",)) is None
        ports.tables.delete(DeleteItem(NOTES, ("a",)))

    def test_a_delete_on_a_condition(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 1}))
        with pytest.raises(ConditionFailed):
            ports.tables.delete(DeleteItem(NOTES, ("a",), when=Equals(("n",), 2)))
        assert ports.tables.get(NOTES, ("a",)) is not None
        ports.tables.delete(DeleteItem(NOTES, ("a",), when=Equals(("n",), 1)))
        with pytest.raises(ConditionFailed):
            ports.tables.delete(DeleteItem(NOTES, ("a",), when=Equals(("n",), 1)))

    def test_a_scan_returns_every_item_once(self, ports: Ports) -> None:
        put_lines(ports, "a", ["1", "2", "3"])
        put_lines(ports, "b", ["1", "2"])
        ports.tables.put(PutItem(NOTES, {"id": "of another table"}))
        found = [page.items for page in scanned(ports, LINES, limit=2)]
        assert all(len(items) <= 2 for items in found)
        keys = sorted((str(item["list"]), str(item["line"])) for items in found for item in items)
        assert keys == [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2")]

    def test_what_stays_is_scanned_exactly_once_while_others_come_and_go(
        self, ports: Ports
    ) -> None:
        for number in range(20):
            ports.tables.put(PutItem(NOTES, {"id": f"stays {number}"}))
            ports.tables.put(PutItem(NOTES, {"id": f"goes {number}"}))
        seen: list[str] = []
        for turn, page in enumerate(scanned(ports, NOTES, limit=4)):
            seen.extend(str(item["id"]) for item in page.items)
            if turn < 20:
                ports.tables.delete(DeleteItem(NOTES, (f"goes {turn}",)))
                ports.tables.put(PutItem(NOTES, {"id": f"comes {turn}"}))
        assert len(seen) == len(set(seen))
        assert {name for name in seen if name.startswith("stays")} == {
            f"stays {number}" for number in range(20)
        }

    def test_a_page_ends_at_a_megabyte_whatever_its_limit(self, ports: Ports) -> None:
        for number in range(6):
            ports.tables.put(PutItem(NOTES, {"id": str(number), "text": "x" * 390 * limits.KIB}))
        found = [page.items for page in scanned(ports, NOTES, limit=100)]
        assert len(found) > 1
        assert sorted(str(item["id"]) for items in found for item in items) == list("012345")

    @pytest.mark.parametrize("limit", [0, -1, limits.PAGE_ITEMS + 1])
    def test_a_page_has_between_1_and_1000_items(self, ports: Ports, limit: int) -> None:
        with pytest.raises(InvalidUse):
            ports.tables.scan(ScanTable(NOTES, limit=limit))
        with pytest.raises(InvalidUse):
            ports.tables.query(QueryIndex(LINES, "own", "a", limit=limit))


@pytest.mark.contract
class IndexesContract(Contract):
    """Queries of the table's own key, and of other indexes."""

    def query(self, ports: Ports, group: str, **edges: KeyPart) -> list[Value]:
        found = ports.tables.query(
            QueryIndex(
                LINES, "own", group, at_least=edges.get("at_least"), below=edges.get("below")
            )
        )
        return [item["line"] for item in found.items]

    def owned(self, target: Target, ports: Ports, owner: str, expected: list[str]) -> None:
        """Wait until the index by owner lists these lines."""

        def there() -> bool:
            found = ports.tables.query(QueryIndex(LINES, "by_owner", owner)).items
            return [item["line"] for item in found] == expected

        target.eventually(there)

    def test_text_is_in_the_order_of_its_utf_8_bytes(self, ports: Ports) -> None:
        # \uffff stands behind \U00010000 in UTF-16, and before it in UTF-8.
        lines = ["b", "B", "a", "aa", "a\x00", "é", "z", "\U00010000", "\uffff", "10", "9", "~"]
        put_lines(ports, "l", lines)
        assert self.query(ports, "l") == sorted(lines, key=str.encode)

    def test_numbers_are_in_the_order_of_their_values(self, ports: Ports) -> None:
        values = [10, 9, -1, -10, 0, 0.5, -0.25, 1e100, -1e100, 10**37, 12, 1.2, -1.5, -2]
        for value in values:
            ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": value}))
        found = ports.tables.query(QueryIndex(READINGS, "own", "s")).items
        # DynamoDB keeps values and not kinds: 1e100 may come back as an integer.
        assert [Decimal(str(item["value"])) for item in found] == sorted(
            Decimal(str(value)) for value in values
        )

    def test_a_query_sees_its_partition_only(self, ports: Ports) -> None:
        put_lines(ports, "a", ["1"])
        put_lines(ports, "ab", ["2"])
        put_lines(ports, "b", ["3"])
        assert self.query(ports, "a") == ["1"]
        assert self.query(ports, "nobody") == []

    def test_a_range_includes_its_lower_end_and_not_its_upper(self, ports: Ports) -> None:
        put_lines(ports, "l", ["a", "b", "c", "d"])
        assert self.query(ports, "l", at_least="b", below="d") == ["b", "c"]
        assert self.query(ports, "l", at_least="bb") == ["c", "d"]
        assert self.query(ports, "l", below="b") == ["a"]
        assert self.query(ports, "l", at_least="c", below="b") == []

    def test_a_range_of_numbers(self, ports: Ports) -> None:
        for value in (-2, -1, 0, 1.5, 3):
            ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": value}))
        found = ports.tables.query(QueryIndex(READINGS, "own", "s", at_least=-1, below=3)).items
        assert [item["value"] for item in found] == [-1, 0, 1.5]

    def test_reverse_is_the_other_way_round(self, ports: Ports) -> None:
        put_lines(ports, "l", ["a", "b", "c"])
        found = ports.tables.query(QueryIndex(LINES, "own", "l", at_least="b", reverse=True))
        assert [item["line"] for item in found.items] == ["c", "b"]

    def test_a_query_of_the_own_key_sees_every_write_at_once(self, ports: Ports) -> None:
        put_lines(ports, "l", ["a"])
        assert self.query(ports, "l") == ["a"]
        ports.tables.delete(DeleteItem(LINES, ("l", "a")))
        assert self.query(ports, "l") == []

    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize("limit", [1, 3, 7, 100])
    def test_pages_hold_everything_in_order(self, ports: Ports, limit: int, reverse: bool) -> None:  # noqa: FBT001
        lines = [f"{number:02}" for number in range(7)]
        put_lines(ports, "l", lines)
        found = [page.items for page in pages(ports, group="l", limit=limit, reverse=reverse)]
        assert all(0 < len(items) <= limit for items in found)
        assert [item["line"] for items in found for item in items] == sorted(lines, reverse=reverse)

    def test_what_stays_is_paged_exactly_once_while_others_come_and_go(self, ports: Ports) -> None:
        put_lines(ports, "l", [f"{number:02} stays" for number in range(10)])
        put_lines(ports, "l", [f"{number:02} goes" for number in range(10)])
        seen: list[str] = []
        for turn, page in enumerate(pages(ports, group="l", limit=3)):
            seen.extend(str(item["line"]) for item in page.items)
            ports.tables.delete(DeleteItem(LINES, ("l", f"{9 - turn:02} goes")))
            ports.tables.delete(
                DeleteItem(LINES, ("l", seen[-1]))
                if "goes" in seen[-1]
                else DeleteItem(NOTES, ("x",))
            )
            put_lines(ports, "l", [f"{turn:02} comes", f"{9 - turn:02} comes"])
        assert len(seen) == len(set(seen))
        assert [line for line in seen if "stays" in line] == [
            f"{number:02} stays" for number in range(10)
        ]

    def test_a_cursor_fits_only_its_own_query(self, ports: Ports) -> None:
        put_lines(ports, "a", ["1", "2", "3"])
        put_lines(ports, "b", ["1", "2", "3"])
        cursor = ports.tables.query(QueryIndex(LINES, "own", "a", limit=1)).next
        assert cursor is not None
        for query in (
            QueryIndex(LINES, "own", "b", after=cursor),
            QueryIndex(LINES, "own", "a", reverse=True, after=cursor),
            QueryIndex(LINES, "own", "a", at_least="1", after=cursor),
            QueryIndex(LINES, "by_owner", "a", after=cursor),
            QueryIndex(READINGS, "own", "a", after=cursor),
        ):
            with pytest.raises(InvalidCursor):
                ports.tables.query(query)
        with pytest.raises(InvalidCursor):
            ports.tables.scan(ScanTable(LINES, after=cursor))

    @pytest.mark.parametrize("cursor", ["", "x", "%%%", "AAAA", "é", "bm90IGEgY3Vyc29y"])
    def test_text_that_is_no_cursor_is_refused(self, ports: Ports, cursor: str) -> None:
        with pytest.raises(InvalidCursor):
            ports.tables.query(QueryIndex(LINES, "own", "a", after=cursor))
        with pytest.raises(InvalidCursor):
            ports.tables.scan(ScanTable(LINES, after=cursor))

    def test_a_page_may_have_another_limit_than_the_one_before(self, ports: Ports) -> None:
        put_lines(ports, "l", ["1", "2", "3"])
        first = ports.tables.query(QueryIndex(LINES, "own", "l", limit=1))
        rest = ports.tables.query(QueryIndex(LINES, "own", "l", limit=10, after=first.next))
        assert [item["line"] for item in rest.items] == ["2", "3"]

    def test_an_index_lists_whole_items_in_its_own_order(
        self, target: Target, ports: Ports
    ) -> None:
        first: Item = {"list": "x", "line": "1", "owner": "ada", "rank": 2, "text": "t"}
        ports.tables.put(PutItem(LINES, first))
        ports.tables.put(PutItem(LINES, {"list": "y", "line": "1", "owner": "ada", "rank": -1}))
        ports.tables.put(PutItem(LINES, {"list": "y", "line": "2", "owner": "bob", "rank": 0}))
        target.eventually(
            lambda: len(ports.tables.query(QueryIndex(LINES, "by_owner", "ada")).items) == 2
        )
        found = ports.tables.query(QueryIndex(LINES, "by_owner", "ada")).items
        assert [item["rank"] for item in found] == [-1, 2]
        assert found[1] == first

    def test_an_index_follows_its_items(self, target: Target, ports: Ports) -> None:
        for line in "abc":
            ports.tables.put(
                PutItem(LINES, {"list": "l", "line": line, "owner": "ada", "rank": ord(line)})
            )
        self.owned(target, ports, "ada", ["a", "b", "c"])
        ports.tables.update(UpdateItem(LINES, ("l", "a"), (SetTo(("rank",), 1000),)))
        ports.tables.update(UpdateItem(LINES, ("l", "b"), (SetTo(("owner",), "bob"),)))
        self.owned(target, ports, "ada", ["c", "a"])
        self.owned(target, ports, "bob", ["b"])
        ports.tables.delete(DeleteItem(LINES, ("l", "c")))
        ports.tables.update(UpdateItem(LINES, ("l", "a"), (Remove(("rank",)),)))
        self.owned(target, ports, "ada", [])

    def test_an_index_shows_changes_of_other_attributes(self, target: Target, ports: Ports) -> None:
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "a", "tag": "t", "text": "old"}))
        ports.tables.update(UpdateItem(LINES, ("l", "a"), (SetTo(("text",), "new"),)))
        target.eventually(
            lambda: (
                [
                    item["text"]
                    for item in ports.tables.query(QueryIndex(LINES, "by_tag", "t")).items
                ]
                == ["new"]
            )
        )

    def test_an_item_without_the_attributes_is_not_in_the_index(
        self, target: Target, ports: Ports
    ) -> None:
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "a", "owner": "ada"}))
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "b", "owner": "ada", "rank": None}))
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "c", "rank": 1}))
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "d", "owner": "ada", "rank": 1}))
        self.owned(target, ports, "ada", ["d"])

    def test_a_null_in_the_key_of_an_index_is_kept(self, target: Target, ports: Ports) -> None:
        item: Item = {"list": "l", "line": "a", "owner": "ada", "rank": None, "tag": None}
        ports.tables.put(PutItem(LINES, item))
        assert ports.tables.get(LINES, ("l", "a")) == item
        update = UpdateItem(LINES, ("l", "a"), (AddTo(("rank",), 3), SetTo(("owner",), "bob")))
        assert ports.tables.update(update) == {**item, "rank": 3, "owner": "bob"}
        self.owned(target, ports, "bob", ["a"])
        update = UpdateItem(
            LINES,
            ("l", "a"),
            (SetTo(("rank",), None), SetTo(("tag",), "t")),
            when=Equals(("tag",), None),
        )
        assert ports.tables.update(update) == {**item, "owner": "bob", "tag": "t"}
        self.owned(target, ports, "bob", [])
        assert ports.tables.update(
            UpdateItem(LINES, ("l", "a"), (Remove(("rank",)),))
        ).keys() == item.keys() - {"rank"}
        made = UpdateItem(LINES, ("l", "b"), (), {"list": "l", "line": "b", "rank": None})
        assert ports.tables.update(made) == {"list": "l", "line": "b", "rank": None}

    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_the_last_page_of_a_range_knows_that_it_is_the_last(
        self,
        ports: Ports,
        limit: int,
        reverse: bool,  # noqa: FBT001
    ) -> None:
        put_lines(ports, "l", list("abcde"))
        found: list[Value] = []
        after: str | None = None
        for _ in range(-(-3 // limit)):
            page = ports.tables.query(
                QueryIndex(
                    LINES,
                    "own",
                    "l",
                    at_least="b",
                    below="e",
                    limit=limit,
                    after=after,
                    reverse=reverse,
                )
            )
            found += [item["line"] for item in page.items]
            after = page.next
        assert after is None
        assert found == sorted("bcd", reverse=reverse)

    def test_an_index_is_not_unique_and_pages_through_equals(
        self, target: Target, ports: Ports
    ) -> None:
        lines = [f"{number:02}" for number in range(9)]
        for line in lines:
            ports.tables.put(
                PutItem(LINES, {"list": line, "line": line, "owner": "ada", "rank": 1, "tag": "t"})
            )
        for index, owner in (("by_owner", "ada"), ("by_tag", "t")):
            target.eventually(
                lambda index=index, owner=owner: (
                    len(ports.tables.query(QueryIndex(LINES, index, owner)).items) == 9
                )  # type: ignore[misc]
            )
            seen: list[Value] = []
            after: str | None = None
            while after is not None or not seen:
                page = ports.tables.query(QueryIndex(LINES, index, owner, limit=2, after=after))
                seen.extend(item["line"] for item in page.items)
                after = page.next
            assert sorted(map(str, seen)) == lines

    def test_an_index_has_ranges_and_runs_backwards(self, target: Target, ports: Ports) -> None:
        for rank in range(6):
            ports.tables.put(
                PutItem(LINES, {"list": "l", "line": str(rank), "owner": "ada", "rank": rank})
            )
        self.owned(target, ports, "ada", list("012345"))
        query = QueryIndex(LINES, "by_owner", "ada", at_least=1, below=5, reverse=True, limit=3)
        page = ports.tables.query(query)
        assert [item["rank"] for item in page.items] == [4, 3, 2]
        rest = QueryIndex(
            LINES, "by_owner", "ada", at_least=1, below=5, reverse=True, limit=3, after=page.next
        )
        assert [item["rank"] for item in ports.tables.query(rest).items] == [1]

    def test_an_index_without_a_sort_attribute_has_no_ranges(self, ports: Ports) -> None:
        with pytest.raises(InvalidUse):
            ports.tables.query(QueryIndex(LINES, "by_tag", "t", at_least="a"))

    def test_an_empty_index_key_is_refused(self, ports: Ports) -> None:
        with pytest.raises(InvalidValue):
            ports.tables.put(PutItem(LINES, {"list": "l", "line": "a", "tag": ""}))
        ports.tables.put(PutItem(LINES, {"list": "l", "line": "a", "tag": "t"}))
        with pytest.raises(InvalidValue):
            ports.tables.update(UpdateItem(LINES, ("l", "a"), (SetTo(("tag",), ""),)))
        with pytest.raises(InvalidValue):
            ports.tables.query(QueryIndex(LINES, "by_tag", ""))

    def test_an_unknown_index_is_a_key_error(self, ports: Ports) -> None:
        with pytest.raises(KeyError):
            ports.tables.query(QueryIndex(LINES, "by_nothing", "a"))
