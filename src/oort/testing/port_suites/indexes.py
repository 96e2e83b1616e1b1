"""The contract of the indexes of tables: order, pages and cursors."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from oort.model.errors import (
    InvalidCursor,
    InvalidUse,
    InvalidValue,
)
from oort.model.items import (
    AddTo,
    Equals,
    Item,
    KeyPart,
    Remove,
    SetTo,
    Value,
)
from oort.model.operations import DeleteItem, Listed, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.ports.bundle import Ports
from oort.testing.port_suites.tables import put_lines
from oort.testing.port_suites.target import LINES, NOTES, READINGS, Contract, Target


def pages(ports: Ports, *, group: str, limit: int, reverse: bool = False) -> Iterator[Listed]:
    """Yield the pages of a list. Each page is queried after the use of the page before."""
    after: str | None = None
    while True:
        page = ports.tables.query(
            QueryIndex(LINES, "own", group, limit=limit, reverse=reverse, after=after)
        )
        yield page
        after = page.next
        if after is None:
            return


@pytest.mark.contract
class IndexesContract(Contract):
    """Queries of the table's own key, and of other indexes."""

    def query(self, ports: Ports, group: str, **edges: KeyPart) -> list[Value]:
        result = ports.tables.query(
            QueryIndex(
                LINES, "own", group, at_least=edges.get("at_least"), below=edges.get("below")
            )
        )
        return [item["line"] for item in result.items]

    def owned(self, target: Target, ports: Ports, owner: str, expected: list[str]) -> None:
        """Wait until the index by owner lists these lines."""

        def there() -> bool:
            result = ports.tables.query(QueryIndex(LINES, "by_owner", owner)).items
            return [item["line"] for item in result] == expected

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
        result = ports.tables.query(QueryIndex(READINGS, "own", "s")).items
        # DynamoDB keeps values and not kinds: 1e100 may come back as an integer.
        assert [Decimal(str(item["value"])) for item in result] == sorted(
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
        result = ports.tables.query(QueryIndex(READINGS, "own", "s", at_least=-1, below=3)).items
        assert [item["value"] for item in result] == [-1, 0, 1.5]

    def test_reverse_is_the_other_way_round(self, ports: Ports) -> None:
        put_lines(ports, "l", ["a", "b", "c"])
        result = ports.tables.query(QueryIndex(LINES, "own", "l", at_least="b", reverse=True))
        assert [item["line"] for item in result.items] == ["c", "b"]

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
        result = [page.items for page in pages(ports, group="l", limit=limit, reverse=reverse)]
        assert all(0 < len(items) <= limit for items in result)
        assert [item["line"] for items in result for item in items] == sorted(
            lines, reverse=reverse
        )

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
        second = ports.tables.query(QueryIndex(LINES, "own", "l", limit=10, after=first.next))
        assert [item["line"] for item in second.items] == ["2", "3"]

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
        result = ports.tables.query(QueryIndex(LINES, "by_owner", "ada")).items
        assert [item["rank"] for item in result] == [-1, 2]
        assert result[1] == first

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
        update_of_absent = UpdateItem(
            LINES, ("l", "b"), (), {"list": "l", "line": "b", "rank": None}
        )
        assert ports.tables.update(update_of_absent) == {"list": "l", "line": "b", "rank": None}

    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_the_last_page_of_a_range_knows_that_it_is_the_last(
        self,
        ports: Ports,
        limit: int,
        reverse: bool,  # noqa: FBT001
    ) -> None:
        put_lines(ports, "l", list("abcde"))
        result: list[Value] = []
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
            result += [item["line"] for item in page.items]
            after = page.next
        assert after is None
        assert result == sorted("bcd", reverse=reverse)

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
        following = QueryIndex(
            LINES, "by_owner", "ada", at_least=1, below=5, reverse=True, limit=3, after=page.next
        )
        assert [item["rank"] for item in ports.tables.query(following).items] == [1]

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
