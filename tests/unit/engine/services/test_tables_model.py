"""Tables against a dict, in any order of operations that hypothesis finds, with and without lagging indexes."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from oort.engine.clocks import VirtualClock
from oort.engine.services.tables import Tables
from oort.engine.store.direct import DirectStore
from oort.model.errors import ConditionFailed, NoSuchItem
from oort.model.items import AddTo, Change, Item, Key, Remove, SetTo, Value
from oort.model.operations import DeleteItem, Listed, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.rules.tables import keys
from oort.testing.port_suites.target import LINES, PLATFORM
from tests.repeats import times

GROUPS = st.sampled_from(["a", "ab", "b"])
TEXTS = st.sampled_from(["x", "y", "é", "\uffff", "\U00010000", "x\x00"])
OWNERS = st.sampled_from(["ada", "bob", None])
RANKS = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([-0.5, 0.5, 10**30]))
LAG = timedelta(seconds=3)


class TableMachine(RuleBasedStateMachine):
    """Writes, reads and pages, and compares with a dict after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.store = DirectStore()
        self.clock = VirtualClock()
        self.lag = timedelta(0)
        self.tables = Tables(self.store, platform=PLATFORM, clock=self.clock, lag=lambda: self.lag)
        self.items: dict[Key, Item] = {}

    def teardown(self) -> None:
        self.store.close()

    @rule(group=GROUPS, line=TEXTS, owner=OWNERS, rank=RANKS)
    def put(self, group: str, line: str, owner: str | None, rank: float | None) -> None:
        item: Item = {"list": group, "line": line, "owner": owner, "rank": rank, "n": 0}
        self.tables.put(PutItem(LINES, item))
        self.items[group, line] = item

    @rule(group=GROUPS, line=TEXTS)
    def claim(self, group: str, line: str) -> None:
        item: Item = {"list": group, "line": line}
        try:
            self.tables.put(PutItem(LINES, item, if_absent=True))
        except ConditionFailed:
            assert (group, line) in self.items
        else:
            assert (group, line) not in self.items
            self.items[group, line] = item

    @rule(group=GROUPS, line=TEXTS, rank=RANKS, kind=st.integers(0, 2))
    def update(self, group: str, line: str, rank: float | None, kind: int) -> None:
        change: Change = (SetTo(("rank",), rank), AddTo(("n",), 1), Remove(("owner",)))[kind]
        try:
            self.items[group, line] = self.tables.update(
                UpdateItem(LINES, (group, line), (change,))
            )
        except NoSuchItem:
            assert (group, line) not in self.items
        else:
            assert (group, line) in self.items

    @rule(group=GROUPS, line=TEXTS)
    def delete(self, group: str, line: str) -> None:
        self.tables.delete(DeleteItem(LINES, (group, line)))
        self.items.pop((group, line), None)

    @rule(lagging=st.booleans())
    def advance(self, lagging: bool) -> None:
        self.clock.advance(LAG)  # what was written with a lag is shown now
        self.lag = LAG if lagging else timedelta(0)

    @rule(group=GROUPS, line=TEXTS)
    def get(self, group: str, line: str) -> None:
        assert self.tables.get(LINES, (group, line)) == self.items.get((group, line))

    @rule(limit=st.integers(1, 4))
    def scan(self, limit: int) -> None:
        found: list[Item] = []
        after: str | None = None
        while True:
            page = self.tables.scan(ScanTable(LINES, limit=limit, after=after))
            found.extend(page.items)
            after = page.next
            if after is None:
                break
        assert len(found) == len(self.items)
        assert all(self.items[str(item["list"]), str(item["line"])] == item for item in found)

    @rule(
        group=GROUPS,
        limit=st.integers(1, 4),
        reverse=st.booleans(),
        low=st.none() | TEXTS,
        high=st.none() | TEXTS,
    )
    def query(
        self, group: str, limit: int, reverse: bool, low: str | None, high: str | None
    ) -> None:
        expected = [
            item
            for item in self.items.values()
            if item["list"] == group and inside(item["line"], low, high)
        ]
        expected.sort(key=lambda item: str(item["line"]).encode(), reverse=reverse)
        query = QueryIndex(
            LINES, "own", group, at_least=low, below=high, reverse=reverse, limit=limit
        )
        assert self.paged(query) == expected

    @rule(owner=st.sampled_from(["ada", "bob"]), limit=st.integers(1, 4), reverse=st.booleans())
    def query_index(self, owner: str, limit: int, reverse: bool) -> None:
        self.clock.advance(LAG)
        found = self.paged(QueryIndex(LINES, "by_owner", owner, reverse=reverse, limit=limit))
        ranks = [
            keys.ordered(item["rank"]) for item in found if isinstance(item["rank"], int | float)
        ]
        assert ranks == sorted(ranks, reverse=reverse)
        expected = [
            item
            for item in self.items.values()
            if item.get("owner") == owner and item.get("rank") is not None
        ]
        assert sorted(found, key=place) == sorted(expected, key=place)

    @invariant()
    def an_index_lists_no_item_twice(self) -> None:
        for owner in ("ada", "bob"):
            found = [
                place(item) for item in self.paged(QueryIndex(LINES, "by_owner", owner, limit=3))
            ]
            assert len(found) == len(set(found))

    def paged(self, query: QueryIndex) -> list[Item]:
        found: list[Item] = []
        page = Listed([], None)
        while page.next is not None or not found:
            again = QueryIndex(
                query.table, query.index, query.partition, query.at_least, query.below, query.reverse, query.limit, page.next
            )  # fmt: skip
            page = self.tables.query(again)
            assert len(page.items) <= query.limit
            found.extend(page.items)
            if page.next is None:
                break
        return found


def place(item: Item) -> tuple[str, str]:
    return str(item["list"]), str(item["line"])


def inside(line: Value, low: str | None, high: str | None) -> bool:
    raw = str(line).encode()
    return (low is None or raw >= low.encode()) and (high is None or raw < high.encode())


TestTablesAgainstADict = TableMachine.TestCase
TestTablesAgainstADict.settings = settings(
    max_examples=times(60), stateful_step_count=40, deadline=None
)
pytestmark = [pytest.mark.slow, pytest.mark.unmeasured]
