"""The contract of tables: items by key, conditions and limits."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from oort.model import limits
from oort.model.errors import (
    ConditionFailed,
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
    Bounds,
    Equals,
    Item,
    Remove,
    SetTo,
    Value,
)
from oort.model.operations import DeleteItem, Listed, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import LINES, NOTES, READINGS, Contract


def put_lines(ports: Ports, group: str, lines: list[str]) -> None:
    for line in lines:
        ports.tables.put(PutItem(LINES, {"list": group, "line": line}))


def scanned(ports: Ports, table: str, *, limit: int) -> Iterator[Listed]:
    """Yield the pages of a scan. Each page is read after the use of the page before."""
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
        result = ports.tables.get(NOTES, ("a",))
        assert result is not None
        assert result["flag"] is True
        assert result["one"] is not True

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

    def test_an_item_without_the_attribute_is_as_good_as_absent(self, ports: Ports) -> None:
        when = Equals(("revision",), None, before=0)
        first = PutItem(NOTES, {"id": "a", "revision": 1}, when=when)
        ports.tables.put(first)
        with pytest.raises(ConditionFailed):
            ports.tables.put(first)
        for old in ({"age": 30}, {"revision": None}, {"revision": 0}):
            ports.tables.put(PutItem(NOTES, {"id": "a", **old}))
            ports.tables.put(first)
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "revision": 1}

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

    def test_an_update_keeps_a_number_within_its_bounds(self, ports: Ports) -> None:
        within = Bounds(ge=0, le=10)
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 3, "f": 0.25, "none": None}))
        for name, amount, bounds in (
            ("n", -4, within),
            ("n", 8, within),
            ("fresh", 11, within),
            ("fresh", -1, within),
            ("fresh", 0, Bounds(gt=0)),
            ("n", 7, Bounds(lt=10)),
            ("f", -0.26, within),
            ("none", -1, within),
        ):
            with pytest.raises(InvalidValue):
                ports.tables.update(UpdateItem(NOTES, ("a",), (AddTo((name,), amount, bounds),)))
        item = ports.tables.update(
            UpdateItem(
                NOTES,
                ("a",),
                (
                    AddTo(("n",), -3, within),
                    AddTo(("f",), -0.25, within),
                    AddTo(("fresh",), 10, within),
                    AddTo(("none",), 1, Bounds(gt=0, lt=2)),
                ),
            )
        )
        assert item == {"id": "a", "n": 0, "f": 0, "fresh": 10, "none": 1}

    def test_an_update_keeps_a_list_within_its_length(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "list": ["x", "y"], "none": None}))
        for name, count in (("list", 2), ("fresh", 4), ("none", 4)):
            values: list[Value] = ["z"] * count
            with pytest.raises(InvalidValue):
                ports.tables.update(UpdateItem(NOTES, ("a",), (AppendTo((name,), values, 3),)))
        changes = (AppendTo(("list",), ["z"], 3), AppendTo(("none",), ["z"], 3))
        item = ports.tables.update(UpdateItem(NOTES, ("a",), changes))
        assert item == {"id": "a", "list": ["x", "y", "z"], "none": ["z"]}

    def test_a_condition_that_fails_is_told_before_the_bounds(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 0}))
        change = (AddTo(("n",), -1, Bounds(ge=0)),)
        with pytest.raises(ConditionFailed):
            ports.tables.update(UpdateItem(NOTES, ("a",), change, when=Equals(("n",), 1)))
        with pytest.raises(InvalidValue):
            ports.tables.update(UpdateItem(NOTES, ("a",), change, when=Equals(("n",), 0)))
        with pytest.raises(InvalidValue):
            ports.tables.update(UpdateItem(NOTES, ("new",), change, {"id": "new"}))

    def test_an_item_is_replaced_only_if_it_is_still_the_same(self, ports: Ports) -> None:
        inner: Value = {"deep": [1, {"x": None}], "no": False}
        old: Item = {"id": "a", "text": "x", "n": 1.5, "inner": inner, "none": None, "list": []}
        ports.tables.put(PutItem(NOTES, old))
        same = All(
            (
                *(Equals((name,), value) for name, value in old.items() if name != "id"),
                Equals(("oort:revision",), None),
            )
        )
        changes = (SetTo(("cents",), 150), SetTo(("oort:revision",), 2), Remove(("n",)))
        upgrade = UpdateItem(NOTES, ("a",), changes, when=same)
        new = ports.tables.update(upgrade)
        assert new == {name: old[name] for name in old if name != "n"} | {
            "cents": 150,
            "oort:revision": 2,
        }
        with pytest.raises(ConditionFailed):
            ports.tables.update(upgrade)
        guard = AddTo(("oort:revision",), 0, Bounds(ge=2, le=2))
        assert ports.tables.update(UpdateItem(NOTES, ("a",), (guard,))) == new
        ports.tables.put(PutItem(NOTES, {"id": "b"}))
        with pytest.raises(InvalidValue):
            ports.tables.update(UpdateItem(NOTES, ("b",), (guard,)))
        looked = ports.tables.update(UpdateItem(NOTES, ("b",), (AddTo(("oort:revision",), 0),)))
        assert looked == {"id": "b", "oort:revision": 0}

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
        result = [page.items for page in scanned(ports, LINES, limit=2)]
        assert all(len(items) <= 2 for items in result)
        keys = sorted((str(item["list"]), str(item["line"])) for items in result for item in items)
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
        result = [page.items for page in scanned(ports, NOTES, limit=100)]
        assert len(result) > 1
        assert sorted(str(item["id"]) for items in result for item in items) == list("012345")

    @pytest.mark.parametrize("limit", [0, -1, limits.PAGE_ITEMS + 1])
    def test_a_page_has_between_1_and_1000_items(self, ports: Ports, limit: int) -> None:
        with pytest.raises(InvalidUse):
            ports.tables.scan(ScanTable(NOTES, limit=limit))
        with pytest.raises(InvalidUse):
            ports.tables.query(QueryIndex(LINES, "own", "a", limit=limit))
