"""The contract of reads of many items: many keys at once, prefixes and filters."""

import pytest

from oort.model import limits
from oort.model.errors import InvalidUse, LimitExceeded
from oort.model.items import Between, Equals
from oort.model.operations import GetItems, PutItem, QueryIndex, ScanTable
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import LINES, NOTES, Contract


def put_notes(ports: Ports, *names: str) -> None:
    for name in names:
        ports.tables.put(PutItem(NOTES, {"id": name, "size": len(name)}))


@pytest.mark.contract
class ReadsContract(Contract):
    """Many items, prefixes, filters."""

    def test_many_keys_answer_with_the_items_that_are_there_in_the_order_asked(
        self, ports: Ports
    ) -> None:
        put_notes(ports, "a", "b", "c")
        result = ports.tables.get_many(GetItems(NOTES, (("c",), ("nobody",), ("a",), ("c",))))
        assert [item["id"] for item in result.items] == ["c", "a"]
        assert result.next is None

    def test_more_than_a_hundred_keys_are_refused(self, ports: Ports) -> None:
        keys = tuple((f"n{number}",) for number in range(limits.BATCH_GET + 1))
        with pytest.raises(LimitExceeded):
            ports.tables.get_many(GetItems(NOTES, keys))
        assert ports.tables.get_many(GetItems(NOTES, keys[:-1])).items == []

    def test_many_keys_may_lead_to_more_than_4_mib(self, ports: Ports) -> None:
        names = [f"{number:02}" for number in range(13)]
        for name in names:
            ports.tables.put(PutItem(NOTES, {"id": name, "text": "x" * 380 * limits.KIB}))
        result = ports.tables.get_many(GetItems(NOTES, tuple((name,) for name in reversed(names))))
        assert [item["id"] for item in result.items] == names[::-1]

    def test_a_prefix_finds_what_begins_with_it_and_nothing_else(self, ports: Ports) -> None:
        lines = ["a", "ab", "ab/1", "ab/2", "abc", "b", "é", "éa"]
        for line in lines:
            ports.tables.put(PutItem(LINES, {"list": "l", "line": line}))
        for prefix in ("a", "ab/", "é", "zzz"):
            result = ports.tables.query(QueryIndex(LINES, "own", "l", starts_with=prefix)).items
            assert [item["line"] for item in result] == sorted(
                line for line in lines if line.startswith(prefix)
            )

    def test_a_prefix_is_paged_and_goes_in_both_directions(self, ports: Ports) -> None:
        for number in range(5):
            ports.tables.put(PutItem(LINES, {"list": "l", "line": f"x{number}"}))
        first = ports.tables.query(
            QueryIndex(LINES, "own", "l", starts_with="x", reverse=True, limit=3)
        )
        again = QueryIndex(
            LINES, "own", "l", starts_with="x", reverse=True, limit=3, after=first.next
        )
        second = ports.tables.query(again)
        assert [item["line"] for page in (first, second) for item in page.items] == [
            "x4",
            "x3",
            "x2",
            "x1",
            "x0",
        ]

    def test_a_prefix_with_a_range_or_without_a_sort_attribute_is_refused(
        self, ports: Ports
    ) -> None:
        with pytest.raises(InvalidUse):
            ports.tables.query(QueryIndex(LINES, "own", "l", starts_with="a", below="b"))
        with pytest.raises(InvalidUse):
            ports.tables.query(QueryIndex(NOTES, "own", "a", starts_with="a"))

    def test_a_filter_leaves_items_out_after_they_were_read(self, ports: Ports) -> None:
        put_notes(ports, "a", "bb", "cc", "ddd")
        result = ports.tables.scan(ScanTable(NOTES, where=Equals(("size",), 2))).items
        assert {str(item["id"]) for item in result} == {"bb", "cc"}

    def test_the_limit_counts_what_is_read_so_a_page_may_be_empty_and_go_on(
        self, ports: Ports
    ) -> None:
        for number in range(6):
            ports.tables.put(PutItem(LINES, {"list": "l", "line": f"{number}", "rank": number}))
        kept = Between(("rank",), 4, 9)
        pages = []
        after: str | None = None
        for _ in range(4):
            page = ports.tables.query(
                QueryIndex(LINES, "own", "l", limit=2, after=after, where=kept)
            )
            pages.append([item["line"] for item in page.items])
            after = page.next
            if after is None:
                break
        assert [line for page in pages for line in page] == ["4", "5"]
        assert pages[0] == []
