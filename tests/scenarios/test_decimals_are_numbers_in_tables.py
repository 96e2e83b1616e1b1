"""A Decimal of an item is a number on both targets: in order, in equality, in sums and as a key; a text everywhere else."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NewType

import msgspec
import pytest
from msgspec import Meta
from pydantic import BaseModel

from oort import (
    Can,
    Conflict,
    Get,
    Index,
    Put,
    Query,
    Queue,
    Scan,
    Send,
    Service,
    Table,
    Update,
    atomic,
    field,
    fields,
)
from oort.app.handles.handle import ask
from oort.model.errors import InvalidValue
from oort.model.items import Item
from oort.model.operations import Found, GetItem, PutItem
from oort.testing import Platform, fake
from tests.scenarios.targets import IN_PROCESS

Price = NewType("Price", Decimal)
Rate = Annotated[Decimal, Meta(description="A share of 1")]

shop = Service("decimal-shop")


@dataclass
class Fee:
    """A dataclass, whose default is not written by msgspec."""

    amount: Decimal = Decimal("0.50")


class Offer(msgspec.Struct, kw_only=True):
    article: str
    price: Price
    rate: Rate | None = None
    total: Decimal = Decimal(0)
    fee: Fee = msgspec.field(default_factory=Fee)
    steps: list[Decimal] = []
    by_day: dict[Decimal, Decimal] = {}
    weight: float = 0.0
    anything: Any = None


O = fields(Offer)  # noqa: E741


@shop.table("offers", key=("article", "price"))
class Offers(Table[tuple[str, Price], Offer, Can]):
    own = Index[str, Price]("article", sort="price")
    by_rate = Index[Decimal, Price]("rate", sort="price")


class Account(BaseModel):
    """A pydantic model writes a Decimal as a text; a table holds a number."""

    id: Decimal
    balance: Decimal = Decimal("1.10")
    parts: list[dict[str, Decimal]] = []


@shop.table("accounts", key="id")
class Accounts(Table[Decimal, Account, Can]): ...


@shop.queue("sent")
class Sent(Queue[Offer, Can]): ...


received: list[Offer] = []


@shop.worker(Sent)
def take(offer: Offer) -> None:
    received.append(offer)


@shop.post("/", public=True)
def put(body: Offer, offers: Offers[Put], sent: Sent[Send]) -> Offer:
    offers.put(body)
    sent.send(body)
    return body


@shop.get("/{article}", public=True)
def listed(article: str, offers: Offers[Query], after: str | None = None) -> list[Decimal]:
    page = offers.query(Offers.own, article, at_least=Price(Decimal("1.0")), limit=2, after=after)
    rest = [] if page.next is None else listed(article, offers, page.next)
    return [offer.price for offer in page.items] + rest


@shop.post("/{article}/{price}", public=True)
def add(article: str, price: Decimal, amount: Decimal, offers: Offers[Update]) -> Offer:
    with atomic() as tx:
        tx.update(offers, (article, Price(price)), field(O.total).add(amount))
    return offers.update((article, Price(price)), field(O.total).add(amount))


def offer(price: str, **more: Any) -> Offer:
    return Offer(article="tea", price=Price(Decimal(price)), **more)


EXACT = "1.0000000000000000000000000000000000001"


@IN_PROCESS
def test_decimals_are_in_order_and_are_written_as_texts(target: type[Platform]) -> None:
    received.clear()
    with target(shop, redeliver=False) as platform:
        for price in ("10", "9.90", EXACT, "0.5", "1.00", "-3"):
            reply = platform.post("/decimal-shop", offer(price, steps=[Decimal("0.50")]))
            assert f'"price":"{price}"'.encode() in reply.body
            assert b'"steps":["0.50"]' in reply.body
        assert platform.get("/decimal-shop/tea").json() == ["1", EXACT, "9.9", "10"]
        platform.settle()
        assert sorted(str(each.price) for each in received) == sorted(
            ["10", "9.90", EXACT, "0.5", "1.00", "-3"]
        )


def test_a_template_makes_numbers_of_the_keys() -> None:
    with Platform(shop) as platform:
        tables = {table.name: table.numeric for table in platform.model.tables}
    assert tables["decimal-shop.offers"] == {"price", "rate"}
    assert tables["decimal-shop.accounts"] == {"id"}


@IN_PROCESS
def test_sums_are_exact_alone_and_in_a_transaction(target: type[Platform]) -> None:
    with target(shop) as platform:
        platform.post("/decimal-shop", offer("1.5"))
        reply = platform.post("/decimal-shop/tea/1.50?amount=0.1")
        assert reply.json()["total"] == "0.2"  # type: ignore[index]
        reply = platform.post(f"/decimal-shop/tea/1.50?amount={10**36}")
        assert reply.json()["total"] == f"{2 * 10**36}.2"  # type: ignore[index]
        reply = platform.post("/decimal-shop/tea/1.50?amount=0.01")
        assert reply.status == 500
        assert "38 are possible" in reply.error


def test_an_item_comes_back_with_equal_numbers_without_trailing_zeros() -> None:
    offers = fake(Offers[Put | Get])
    written = offer(
        "1.10",
        rate=Decimal("0.250"),
        steps=[Decimal("1.00"), Decimal(EXACT)],
        by_day={Decimal("1.10"): Decimal("2.20")},
        anything={"n": Decimal("7.50")},
    )
    offers.put(written)
    read = offers.require(("tea", Price(Decimal("1.1"))))
    assert read == written
    assert (str(read.price), str(read.rate), str(read.steps[0])) == ("1.1", "0.25", "1")
    assert read.steps[1] == Decimal(EXACT)
    assert read.fee == Fee(Decimal("0.5"))


def test_no_decimal_is_stored_as_a_text_but_the_names_of_members() -> None:
    offers = fake(Offers[Put | Get])
    offers.put(offer("1.10", by_day={Decimal("1.10"): Decimal("2.20")}, anything=Decimal("3.30")))
    result = ask(offers._link, GetItem(offers.__oort__.model.name, ("tea", 1.1)))
    assert isinstance(result, Found)
    assert result.item == {
        "article": "tea", "price": 1.1, "rate": None, "total": 0, "fee": {"amount": 0.5}, "steps": [],
        "by_day": {"1.10": 2.2}, "weight": 0.0, "anything": 3.3,
    }  # fmt: skip


def test_an_index_of_decimals_leaves_out_items_without_them() -> None:
    offers = fake(Offers[Put | Query | Update])
    for price, rate in (("3", "0.10"), ("2", "0.1"), ("1", None)):
        offers.put(offer(price, rate=None if rate is None else Decimal(rate)))
    found = offers.query(Offers.by_rate, Decimal("0.100")).items
    assert [each.price for each in found] == [2, 3]
    offers.update(("tea", Price(Decimal(2))), field(O.rate).set(None))
    assert [each.price for each in offers.query(Offers.by_rate, Decimal("0.1")).items] == [3]


def test_conditions_compare_numbers() -> None:
    offers = fake(Offers[Put | Get])
    offers.put(offer("1", total=Decimal("10.00")))
    total = field(O.total)
    for when in (total.equals(Decimal(10)), total.between(Decimal("9.99"), Decimal("10.0"))):
        offers.put(offer("1", total=Decimal("10.00")), when=when)
    for when in (total.equals(Decimal("10.01")), total.between(Decimal("10.01"), Decimal(11))):
        with pytest.raises(Conflict):
            offers.put(offer("1"), when=when)


@pytest.mark.parametrize("text", ["NaN", "Infinity", f"0.{'1' * 39}", "1E+126", "1E-131"])
def test_a_decimal_that_dynamodb_cannot_hold_is_refused(text: str) -> None:
    offers = fake(Offers[Put | Get | Scan])
    with pytest.raises(InvalidValue):
        offers.put(offer("1", total=Decimal(text)))
    with pytest.raises(InvalidValue):
        offers.put(offer(text))
    with pytest.raises(InvalidValue):
        offers.get(("tea", Price(Decimal(text))))
    assert offers.scan().items == []


def test_a_decimal_is_no_float() -> None:
    with pytest.raises(InvalidValue, match="weight"):
        fake(Offers[Put]).put(offer("1", weight=Decimal("1.5"), total=Decimal("1.5")))


def test_a_decimal_that_an_earlier_version_stored_is_read_compared_and_added_to() -> None:
    offers = fake(Offers[Put | Get | Update])
    old: Item = {"article": "tea", "price": 1, "total": "1.50", "steps": ["1.10"]}
    ask(offers._link, PutItem(offers.__oort__.model.name, old))
    key, total = ("tea", Price(Decimal(1))), field(O.total)
    read = offers.require(key)
    assert (read.total, read.steps) == (Decimal("1.50"), [Decimal("1.10")])
    steps = field(O.steps).equals([Decimal("1.10")])
    offers.update(key, field(O.weight).set(1.0), when=total.equals(read.total) & steps)
    with pytest.raises(Conflict):
        offers.update(key, field(O.weight).set(1.0), when=total.between(Decimal(1), Decimal(2)))
    assert offers.update(key, total.add(Decimal("0.25"))).total == Decimal("1.75")
    in_range = total.between(Decimal(1), Decimal(2))
    assert offers.update(key, field(O.weight).set(2.0), when=in_range).weight == 2


def test_decimals_of_pydantic_models_are_numbers_too() -> None:
    accounts = fake(Accounts[Put | Get | Update])
    accounts.put(Account(id=Decimal("7.0"), parts=[{"a": Decimal("2.50")}]))
    result = ask(accounts._link, GetItem(accounts.__oort__.model.name, (7,)))
    assert isinstance(result, Found)
    assert result.item == {"id": 7, "balance": 1.1, "parts": [{"a": 2.5}]}
    balance = fields(Account).balance
    assert accounts.update(Decimal(7), field(balance).add(Decimal("0.01"))).balance == Decimal(
        "1.11"
    )
    assert accounts.require(Decimal(7)).parts == [{"a": Decimal("2.5")}]
