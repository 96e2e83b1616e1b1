"""Pydantic models, when installed, stand wherever a Struct may: bodies, replies, tables, queues. Oort never imports pydantic."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import pytest
from pydantic import BaseModel, Field

from oort import Can, Get, Put, Queue, Send, Service, Table, field, fields
from oort.testing import Platform, fake

shop = Service("pydantic-shop")
packed: list["Parcel"] = []


class Line(BaseModel):
    """One line of an order."""

    article: str
    count: int = Field(ge=1, le=99)


class Order(BaseModel):
    """An order, with a name in JSON of its own for one field."""

    id: str = Field(min_length=2)
    day: date
    lines: list[Line]
    note: str | None = Field(default=None, alias="theNote")


class Parcel(BaseModel):
    """What is to be packed."""

    order: str
    count: int


F = fields(Order)


@shop.table("orders", key="id")
class Orders(Table[str, Order, Can]):
    """Every order."""


@shop.queue("parcels")
class Parcels(Queue[Parcel, Can]):
    """What waits to be packed."""


@shop.post("/", public=True, status=201)
def order(body: Order, orders: Orders[Put], parcels: Parcels[Send]) -> Order:
    """Take an order."""
    orders.put(body, if_absent=True)
    parcels.send(Parcel(order=body.id, count=sum(line.count for line in body.lines)))
    return body


@shop.get("/{id}", public=True)
def read(id: str, orders: Orders[Get]) -> Order:
    """Show an order."""
    return orders.require(id)


@shop.worker(Parcels)
def pack(parcel: Parcel) -> None:
    """Pack it."""
    packed.append(parcel)


GOOD = {
    "id": "o1",
    "day": "2026-01-02",
    "lines": [{"article": "tea", "count": 2}],
    "theNote": "soon",
}


@pytest.fixture
def running() -> Iterator[Platform]:
    """The shop."""
    packed.clear()
    with Platform(shop, redeliver=False) as platform:
        yield platform


def test_a_model_goes_through_body_table_queue_and_reply(running: Platform) -> None:
    reply = running.post("/pydantic-shop", GOOD)
    assert (reply.status, reply.json()) == (201, GOOD)
    assert running.get("/pydantic-shop/o1").json() == GOOD
    running.settle()
    assert packed == [Parcel(order="o1", count=2)]
    assert running.items(Orders) == [Order.model_validate(GOOD)]


def test_everything_that_is_wrong_is_said_with_pointers(running: Platform) -> None:
    bad = {
        "id": "o1",
        "day": "x",
        "lines": [{"article": 7, "count": 2}, {"count": 1, "extra": 1}],
        "note": "n",
    }
    reply = running.post("/pydantic-shop", bad)
    assert reply.status == 400
    document = reply.into(dict[str, object])
    errors = document["errors"]
    assert isinstance(errors, list)
    assert {one["pointer"] for one in errors} == {
        "/day",
        "/lines/0/article",
        "/lines/1/article",
        "/lines/1/extra",
        "/note",
    }


def test_the_models_own_constraints_are_kept(running: Platform) -> None:
    reply = running.post(
        "/pydantic-shop", {**GOOD, "id": "o", "lines": [{"article": "tea", "count": 100}]}
    )
    assert reply.status == 400
    assert '"pointer":"/id"' in reply.body.decode()
    assert '"pointer":"/lines/0/count"' in reply.body.decode()
    assert running.items(Orders) == []


def test_fields_of_a_model_can_be_recorded() -> None:
    assert field(F.note).equals("soon").rule.path == ("theNote",)  # type: ignore[union-attr]
    orders = fake(Orders[Put | Get], Order.model_validate(GOOD))
    orders.put(Order.model_validate({**GOOD, "theNote": None}), when=field(F.note).equals("soon"))
    assert orders.require("o1").note is None


def test_oort_does_not_import_pydantic() -> None:
    code = "import sys, oort, oort.app.loading.loader, oort.runtime.invoke; print('pydantic' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )
