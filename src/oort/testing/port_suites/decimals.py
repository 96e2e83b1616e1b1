"""The contract of decimal numbers in tables: order, equality, sums, keys, and what came before."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from oort.model import limits
from oort.model.errors import ConditionFailed, InvalidValue
from oort.model.items import AddTo, Between, Equals, Item, Number, Value
from oort.model.operations import Listed, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.ports.bundle import Ports
from oort.rules.types import numbers
from oort.testing.port_suites.target import LINES, NOTES, PRICES, READINGS, Contract, Target

_NINES = "9" * limits.NUMBER_DIGITS
# In the order of their values; neighbours differ less than two floats can.
ORDERED = [
    numbers.narrowed(Decimal(text))
    for text in (
        f"-{_NINES}E+87",
        f"-{_NINES}",
        "-10",
        "-1.0000000000000000000000000000000000001",
        "-1",
        "-0.5",
        "-1E-130",
        "0.00",
        "1E-130",
        f"0.{_NINES[:-1]}8",
        f"0.{_NINES}",
        "1",
        "1.0000000000000000000000000000000000001",
        "1.0000000000000000000000000000000000002",
        "9.90",
        "10",
        f"{_NINES[:-1]}8",
        _NINES,
    )
]


def exactly(value: Value) -> Decimal:
    """Return the decimal number of a read number."""
    assert isinstance(value, int | float | Decimal)
    return numbers.exact(value)


def narrowed(text: str) -> Number:
    """Return the number as a handle writes it."""
    return numbers.narrowed(Decimal(text))


def pages(ports: Ports, *, reverse: bool) -> Iterator[Listed]:
    """Yield the pages of all readings of a sensor."""
    after: str | None = None
    while True:
        page = ports.tables.query(
            QueryIndex(READINGS, "own", "s", limit=4, after=after, reverse=reverse)
        )
        yield page
        after = page.next
        if after is None:
            return


@pytest.mark.contract
class DecimalsContract(Contract):
    """Numbers with 38 digits."""

    def read(self, ports: Ports, **edges: Number) -> list[Decimal]:
        query = QueryIndex(
            READINGS, "own", "s", at_least=edges.get("at_least"), below=edges.get("below")
        )
        return [exactly(item["value"]) for item in ports.tables.query(query).items]

    def put_all(self, ports: Ports) -> None:
        for value in reversed(ORDERED):
            ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": value}))

    def refuse(self, ports: Ports, when: Equals | Between) -> None:
        with pytest.raises(ConditionFailed):
            ports.tables.put(PutItem(NOTES, {"id": "a", "n": 0}, when=when))

    def test_every_digit_comes_back_at_any_depth(self, ports: Ports) -> None:
        values: list[Value] = [*ORDERED]
        item: Item = {"id": "a", "n": ORDERED[-1], "list": values, "in": {"n": ORDERED[9]}}
        ports.tables.put(PutItem(NOTES, item))
        result = ports.tables.get(NOTES, ("a",))
        assert result is not None
        assert isinstance(result["list"], list)
        assert isinstance(result["in"], dict)
        assert list(map(exactly, result["list"])) == list(map(exactly, values))
        assert exactly(result["in"]["n"]) == exactly(ORDERED[9])

    @pytest.mark.parametrize(
        "text", ["NaN", "Infinity", "-Infinity", f"0.{_NINES}1", "1E+126", "1E-131", "-1E+999999"]
    )
    def test_a_decimal_that_would_not_round_trip_is_refused(self, ports: Ports, text: str) -> None:
        with pytest.raises(InvalidValue):
            ports.tables.put(PutItem(NOTES, {"id": "a", "deep": [{"n": Decimal(text)}]}))
        with pytest.raises(InvalidValue):
            ports.tables.put(PutItem(READINGS, {"sensor": "s", "value": Decimal(text)}))
        assert ports.tables.get(NOTES, ("a",)) is None

    def test_decimals_are_in_the_order_of_their_values(self, ports: Ports) -> None:
        self.put_all(ports)
        assert self.read(ports) == list(map(exactly, ORDERED))

    def test_trailing_zeros_are_not_kept_and_make_no_other_key(self, ports: Ports) -> None:
        ports.tables.put(PutItem(PRICES, {"price": Decimal("1.10"), "n": Decimal("2.00")}))
        for same in (Decimal("1.1"), Decimal("1.100"), 1.1):
            assert ports.tables.get(PRICES, (same,)) is not None
        with pytest.raises(ConditionFailed):
            ports.tables.put(PutItem(PRICES, {"price": 1.1}, if_absent=True))
        (item,) = ports.tables.scan(ScanTable(PRICES)).items
        assert {name: str(value) for name, value in item.items()} == {"price": "1.1", "n": "2"}

    def test_a_range_has_exact_ends(self, ports: Ports) -> None:
        self.put_all(ports)
        low, high = ORDERED[11:14:2]
        assert self.read(ports, at_least=low, below=high) == list(map(exactly, ORDERED[11:13]))
        assert self.read(ports, below=ORDERED[1]) == [exactly(ORDERED[0])]
        assert self.read(ports, at_least=ORDERED[-1]) == [exactly(ORDERED[-1])]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_pages_continue_after_the_exact_key(self, ports: Ports, reverse: bool) -> None:  # noqa: FBT001
        self.put_all(ports)
        result = [item["value"] for page in pages(ports, reverse=reverse) for item in page.items]
        assert sorted(map(exactly, result), reverse=reverse) == list(map(exactly, result))
        assert len(result) == len(ORDERED)

    def test_an_index_of_decimals_is_sparse_and_ordered(self, target: Target, ports: Ports) -> None:
        first, second = ORDERED[12:14]
        for line, rank in (("a", second), ("b", None), ("c", first), ("d", 7)):
            ports.tables.put(
                PutItem(LINES, {"list": "l", "line": line, "owner": "ada", "rank": rank})
            )
        query = QueryIndex(LINES, "by_owner", "ada")

        def lines() -> list[Value]:
            return [item["line"] for item in ports.tables.query(query).items]

        target.eventually(lambda: lines() == ["c", "a", "d"])
        page = ports.tables.query(QueryIndex(LINES, "by_owner", "ada", limit=1))
        following = QueryIndex(LINES, "by_owner", "ada", limit=1, after=page.next)
        assert [item["line"] for item in ports.tables.query(following).items] == ["a"]

    def test_the_partition_of_an_index_may_be_a_decimal(self, target: Target, ports: Ports) -> None:
        for price, rate in (
            (1, "0.10"),
            (2, "0.1"),
            (3, "0.1000000000000000000000000000000000001"),
        ):
            ports.tables.put(PutItem(PRICES, {"price": price, "rate": narrowed(rate)}))
        query = QueryIndex(PRICES, "by_rate", 0.1)
        target.eventually(lambda: len(ports.tables.query(query).items) == 2)
        query = QueryIndex(PRICES, "by_rate", narrowed("0.1000000000000000000000000000000000001"))
        target.eventually(
            lambda: [item["price"] for item in ports.tables.query(query).items] == [3]
        )

    def test_a_condition_compares_every_digit(self, ports: Ports) -> None:
        value = ORDERED[12]
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": value}))
        self.refuse(ports, Equals(("n",), 1))
        self.refuse(ports, Equals(("n",), ORDERED[13]))
        self.refuse(ports, Equals(("n",), str(value)))
        self.refuse(ports, Between(("n",), ORDERED[13], 2))
        for when in (Equals(("n",), value), Between(("n",), 1, ORDERED[13])):
            ports.tables.put(PutItem(NOTES, {"id": "a", "n": value}, when=when))
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": narrowed("1.10")}))
        ports.tables.put(PutItem(NOTES, {"id": "a"}, when=Equals(("n",), 1.1)))

    def test_a_sum_of_decimals_is_exact(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": narrowed("0.1"), "deep": {"n": 10**15}}))
        changes = (
            AddTo(("n",), narrowed("0.20")),
            AddTo(("deep", "n"), narrowed("0.0000000001")),
            AddTo(("fresh",), narrowed("-2.50")),
        )
        new = ports.tables.update(UpdateItem(NOTES, ("a",), changes))
        assert isinstance(new["deep"], dict)
        assert [str(exactly(value)) for value in (new["n"], new["deep"]["n"], new["fresh"])] == [
            "0.3",
            "1000000000000000.0000000001",
            "-2.5",
        ]

    def test_a_sum_has_all_its_digits_or_is_refused(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 10**36}))
        change = AddTo(("n",), narrowed("0.1"))
        new = ports.tables.update(UpdateItem(NOTES, ("a",), (change,)))
        assert exactly(new["n"]) == Decimal(f"{10**36}.1")
        for value, amount in ((10**36, "0.01"), (int(_NINES), "0.1"), (9 * 10**125, "1E+125")):
            ports.tables.put(PutItem(NOTES, {"id": "a", "n": value}))
            update = UpdateItem(NOTES, ("a",), (AddTo(("n",), narrowed(amount)),))
            with pytest.raises(InvalidValue, match="would be"):
                ports.tables.update(update)
            assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": value}

    def test_a_decimal_of_an_earlier_version_is_a_text_that_is_still_equal(
        self, ports: Ports
    ) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": "1.50"}))
        self.refuse(ports, Equals(("n",), 1.5))
        self.refuse(ports, Equals(("n",), 1.5, "1.5"))
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 1.5}, when=Equals(("n",), 1.5, "1.50")))
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": 2}, when=Equals(("n",), 1.5, "1.50")))
