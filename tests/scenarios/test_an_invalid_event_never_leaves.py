"""P17: an event that does not fit its class is refused where it is published, and nothing of the block is written."""

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from oort import Can, Context, Event, Publish, Put, Service, Table, atomic, event
from oort.model.errors import InvalidEvent
from oort.testing import Platform, fake

shop = Service("shop")


class Line(msgspec.Struct):
    sku: str
    pieces: Annotated[int, Meta(ge=1)]


@event("shop.ordered", version=3, key="id")
class Ordered(Event):
    id: str
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    lines: list[Line]


class Order(msgspec.Struct):
    id: str


class Wanted(msgspec.Struct):
    country: str
    pieces: int


@shop.table("orders", key="id")
class Orders(Table[str, Order, Can]): ...


@shop.post("/", status=201, public=True)
def order(body: Wanted, ctx: Context, orders: Orders[Put], out: Publish[Ordered]) -> None:
    with atomic() as tx:
        tx.put(orders, Order(ctx.message_id))
        tx.publish(out, Ordered(id=ctx.message_id, country=body.country, lines=[Line("a", body.pieces)]))


@shop.post("/alone", status=201, public=True)
def alone(body: Wanted, out: Publish[Ordered]) -> None:
    out.publish(Ordered(id="1", country=body.country, lines=[Line("a", body.pieces)]))


@pytest.mark.parametrize("path", ["/shop", "/shop/alone"])
def test_an_event_that_fits_leaves_and_one_that_does_not_stays(path: str) -> None:
    with Platform(shop) as platform:
        assert platform.post(path, {"country": "NO", "pieces": 1}).status == 201
        orders = len(platform.items(Orders))
        for wrong in ({"country": "Norway", "pieces": 1}, {"country": "NO", "pieces": 0}):
            assert platform.post(path, wrong).status == 500  # the caller did nothing wrong
        assert len(platform.published(Ordered)) == 1
        assert len(platform.items(Orders)) == orders


def test_the_error_names_the_event_where_it_stands_and_every_place() -> None:
    with pytest.raises(InvalidEvent) as raised:
        alone(Wanted("Norway", 0), out=fake(Publish[Ordered]))
    assert raised.value.what.startswith("This is no shop.ordered version 3 (")
    assert "test_an_invalid_event_never_leaves.py" in raised.value.what
    assert "/country" in raised.value.what
    assert "/lines/0/pieces" in raised.value.what
    assert "Nothing was published" in raised.value.instead


def test_a_value_of_another_type_is_found_too() -> None:
    out = fake(Publish[Ordered])
    with pytest.raises(InvalidEvent, match="/id"):
        out.publish(Ordered(id=7, country="NO", lines=[]))  # type: ignore[arg-type]
