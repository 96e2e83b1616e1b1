"""Routes of every kind, a table with an index and a version, a queue with an effect, and what leaves the service."""

import msgspec

from bazaar.contracts import Pay, Payment, Receipt, Sold, TooMuch
from oort import (
    Can,
    Context,
    Delete,
    Get,
    Index,
    NotFound,
    Once,
    Page,
    Publish,
    Put,
    Query,
    Queue,
    Send,
    Service,
    Table,
    atomic,
)

shop = Service("shop", cors=["https://shop.example", "https://app.example"])


class Order(msgspec.Struct, kw_only=True):
    """What somebody bought."""

    id: str
    country: str
    cents: int
    owner: str = ""
    revision: int = 0


class NewOrder(msgspec.Struct):
    """What somebody buys."""

    country: str
    cents: int


class Parcel(msgspec.Struct):
    """An order to be packed."""

    order: str


@shop.table("orders", key="id", version="revision")
class Orders(Table[str, Order, Can]):
    """Every order."""

    by_country = Index[str, int]("country", sort="cents")


@shop.table("labels", key="order")
class Labels(Table[str, Parcel, Can]):
    """The label of each parcel."""


@shop.queue("parcels", attempts=4)
class Parcels(Queue[Parcel, Can]):
    """Parcels to be packed."""


@shop.post("/orders", status=201, public=True, rate=5.5, burst=10, raises=[TooMuch])
def place(  # noqa: PLR0917  the runtime passes them by name
    body: NewOrder,
    ctx: Context,
    pay: Pay,
    orders: Orders[Put],
    parcels: Parcels[Send],
    sold: Publish[Sold],
) -> Receipt:
    """Take an order, let the bank pay it, and tell everybody."""
    order = Order(id=ctx.message_id, country=body.country, cents=body.cents)
    receipt = pay(Payment(order.id, order.cents))
    with atomic() as tx:
        tx.put(orders, order, if_absent=True)
        tx.send(parcels, Parcel(order.id))
        tx.publish(sold, Sold(order=order.id, cents=order.cents))
    return receipt


@shop.worker(Parcels)
def pack(parcel: Parcel, once: Once, labels: Labels[Put]) -> None:
    """Print a label once, and keep it."""
    label = once("label", lambda key: Parcel(parcel.order), returns=Parcel)
    labels.put(label)


@shop.get("/labels/{order}", public=True, raises=[NotFound])
def show_label(order: str, labels: Labels[Get]) -> Parcel:
    """Show a label."""
    return labels.require(order)


@shop.get("/orders", groups=["support"])
def list_orders(country: str, orders: Orders[Query]) -> Page[Order]:
    """Show the orders of a country."""
    return orders.query(Orders.by_country, country)


@shop.get("/customers/{customer}", owner="customer", groups=["support"])
def show_customer(customer: str) -> str:
    """Show a customer to themselves or to support."""
    return customer


@shop.get("/hello")
def hello() -> str:
    """Greet whoever has a token."""
    return "hello"


@shop.delete("/orders/{id}", groups=["support"])
def drop(id: str, orders: Orders[Delete]) -> None:
    """Remove an order."""
    orders.delete(id)
