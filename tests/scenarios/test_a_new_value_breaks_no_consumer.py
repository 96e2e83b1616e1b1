"""P17: an open enum gets a value, an open union an arm, and consumers and producers of the older class work on.

What they do not know they keep, and write it back as it came. They only cannot say it themselves.
"""

from typing import TypeVar

import msgspec
import pytest

from oort import (
    Can,
    Event,
    Get,
    Json,
    NotFound,
    Open,
    OpenEnum,
    Publish,
    Put,
    Queue,
    Send,
    Service,
    Table,
    Unknown,
    atomic,
    event,
)
from oort.model.errors import InvalidEvent
from oort.testing import Platform, fake, published


class Country(OpenEnum):
    NO = "no"
    SE = "se"


class Card(msgspec.Struct, tag="card"):
    digits: str


class Invoice(msgspec.Struct, tag="invoice"):
    days: int = 30


class Order(msgspec.Struct):
    id: str
    country: Country
    payment: Open[Card | Invoice]
    earlier: list[Open[Card | Invoice]] = []


@event("shop.paid", version=1, key="id")
class Paid(Event):
    id: str
    country: Country
    payment: Open[Card | Invoice]
    earlier: list[Open[Card | Invoice]] = []


E = TypeVar("E", bound=Event)

shop = Service("shop")
books = Service("books")


@shop.table("orders", key="id")
class Orders(Table[str, Order, Can]): ...


@books.table("entries", key="id")
class Entries(Table[str, Order, Can]): ...


@shop.put("/orders", public=True)
def keep(body: Order, orders: Orders[Put]) -> Order:
    orders.put(body)
    return body


@shop.get("/orders/{id}", public=True, raises=[NotFound])
def show(id: str, orders: Orders[Get]) -> Order:
    return orders.require(id)


@shop.post("/paid", public=True)
def pay(body: Order, orders: Orders[Put], out: Publish[Paid]) -> None:
    with atomic() as tx:
        tx.put(orders, body)
        tx.publish(
            out, Paid(id=body.id, country=body.country, payment=body.payment, earlier=body.earlier)
        )


@shop.table("last", key="country")
class Last(Table[Country, Order, Can]): ...


@shop.queue("refunds")
class Refunds(Queue[Open[Card | Invoice], Can]): ...


@shop.post("/refunds/{country}", public=True)
def refund(
    country: Country, body: Open[Card | Invoice], refunds: Refunds[Send], last: Last[Put]
) -> Open[Card | Invoice]:
    refunds.send(body)
    last.put(Order("1", country, body))
    return body


@shop.worker(Refunds)
def give_back(payment: Open[Card | Invoice], last: Last[Get], orders: Orders[Put]) -> None:
    assert last.require(Country("dk")).payment == payment
    orders.put(Order("refund", Country("dk"), payment))


@books.on(Paid)
def enter(event: Paid, entries: Entries[Put]) -> None:
    entries.put(Order(event.id, event.country, event.payment, event.earlier))


# A week later: the same version of the event, and more that it can say.


class Countries(OpenEnum):
    NO = "no"
    SE = "se"
    DK = "dk"


class Points(msgspec.Struct, tag="points"):
    balance: int
    shared_with: list[str] = []


@event("shop.paid", version=1, key="id")
class PaidSoon(Event):
    id: str
    country: Countries
    payment: Open[Card | Invoice | Points]
    earlier: list[Open[Card | Invoice | Points]] = []


class OrderSoon(msgspec.Struct):
    id: str
    country: Countries
    payment: Open[Card | Invoice | Points]
    earlier: list[Open[Card | Invoice | Points]] = []


books_soon = Service("books")


@books_soon.table("entries", key="id")
class EntriesSoon(Table[str, OrderSoon, Can]): ...


@books_soon.on(PaidSoon)
def enter_soon(event: PaidSoon, entries: EntriesSoon[Put]) -> None:
    entries.put(OrderSoon(event.id, event.country, event.payment, event.earlier))


NEWER = PaidSoon(
    id="1", country=Countries.DK, payment=Points(7, ["a", "b"]), earlier=[Card("1234"), Points(1)]
)
POINTS: dict[str, Json] = {"type": "points", "balance": 7, "shared_with": ["a", "b"]}
STRANGE = {
    "id": "2",
    "country": "dk",
    "payment": POINTS,
    "earlier": [{"type": "card", "digits": "1"}, POINTS],
}
KNOWN = {"id": "3", "country": "no", "payment": {"type": "invoice", "days": 30}, "earlier": []}


def sent(kind: type[E], event: E) -> bytes:
    """What a program in which the class stands has published, as bytes; a program has one class for a version."""
    out = fake(Publish[kind])  # type: ignore[valid-type]
    out.publish(event)
    (found,) = published(out)
    return msgspec.json.encode(found)


def test_a_consumer_keeps_what_only_newer_producers_know_and_writes_it_back_as_it_came() -> None:
    with Platform(shop, books) as platform:
        platform.inject(enter, sent(PaidSoon, NEWER))
        platform.settle()
        assert (platform.failures(), platform.parked(enter)) == ([], [])
        (entry,) = platform.items(Entries)
        assert (entry.country, entry.country.known) == ("dk", False)
        assert entry.payment == Unknown("points", POINTS)
        assert entry.earlier == [
            Card("1234"),
            Unknown("points", {"type": "points", "balance": 1, "shared_with": []}),
        ]

        platform.redeploy(books_soon)
        assert platform.items(EntriesSoon) == [
            OrderSoon("1", NEWER.country, NEWER.payment, NEWER.earlier)
        ]


def test_a_newer_consumer_reads_what_older_producers_send() -> None:
    with Platform(books_soon) as platform:
        platform.inject(enter_soon, sent(Paid, Paid(id="3", country=Country.NO, payment=Invoice())))
        platform.settle()
        assert platform.items(EntriesSoon) == [OrderSoon("3", Countries.NO, Invoice())]


def test_bodies_and_tables_give_back_what_they_do_not_know() -> None:
    with Platform(shop, books) as platform:
        for order in (STRANGE, KNOWN):
            assert platform.put("/shop/orders", order).json() == order
            assert platform.get(f"/shop/orders/{order['id']}").json() == order


def test_they_may_be_a_body_a_message_a_part_of_a_path_and_a_key() -> None:
    with Platform(shop, books) as platform:
        assert platform.post("/shop/refunds/dk", POINTS).json() == POINTS
        assert platform.waiting(Refunds) == [Unknown("points", POINTS)]
        platform.settle()
        assert platform.failures() == []
        assert platform.items(Orders) == [Order("refund", Country("dk"), Unknown("points", POINTS))]
        assert platform.post("/shop/refunds/dk", {"type": "card"}).status == 400
        assert platform.post("/shop/refunds/dk", {"type": 1}).status == 400


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({**STRANGE, "country": 1}, "/country"),
        ({**STRANGE, "payment": {"type": "invoice", "days": "x"}}, "/payment/days"),
        ({**STRANGE, "payment": {"type": "invoice", "weeks": 1}}, "/payment/weeks"),
        ({**STRANGE, "payment": {"balance": 7}}, "/payment"),
        ({**STRANGE, "earlier": [POINTS, {"type": "card"}]}, "/earlier/1/digits"),
    ],
    ids=str,
)
def test_what_is_known_must_fit_all_the_same(wrong: dict[str, object], pointer: str) -> None:
    with Platform(shop, books) as platform:
        reply = platform.put("/shop/orders", wrong)
        assert reply.status == 400
        assert f'"pointer":"{pointer}"'.encode() in reply.body


def test_nobody_publishes_what_it_does_not_know() -> None:
    with Platform(shop, books) as platform:
        assert platform.post("/shop/paid", STRANGE).status == 500
        assert platform.published(Paid) == []
        assert platform.items(Orders) == []
        assert platform.post("/shop/paid", KNOWN).status == 200
        assert len(platform.published(Paid)) == 1

    out = fake(Publish[Paid])
    with pytest.raises(InvalidEvent) as raised:
        out.publish(
            Paid(
                id="2",
                country=Country("dk"),
                payment=Card("1"),
                earlier=[Invoice(), Unknown("points", POINTS)],
            )
        )
    assert (
        "/country: 'dk' is not known to Country; /earlier/1: no Struct there has the tag 'points'."
        in raised.value.what
    )
