"""The small platform of the simulated crashes: a table, events, a work queue, a call, a schedule, and effects outside.

Every effect inside `atomic()` adds one to a number, so that an effect that happens twice shows.
"""

from datetime import timedelta
from typing import Protocol

import msgspec

from oort import (
    Call,
    Can,
    Context,
    Event,
    Get,
    Once,
    Publish,
    Put,
    Queue,
    Send,
    Service,
    Table,
    Transaction,
    Update,
    atomic,
    call,
    event,
    field,
    fields,
)

HOUR = timedelta(hours=1)
PLAIN, FLAKY, POISON, KILLER = "plain", "flaky", "poison", "killer"
COUNTED, MAILED, WORKED, SHIPPED, TICKED = "count", "mail", "work", "ship", "tick"

orders = Service("orders")


class Order(msgspec.Struct):
    """An order, also the message for the work that it makes."""

    id: str
    nature: str = PLAIN


class Effects(msgspec.Struct):
    """How often the effect of a consumer happened for an order."""

    id: str
    count: int = 0


E = fields(Effects)


@orders.table("placed", key="id")
class Placed(Table[str, Order, Can]): ...


@orders.table("effects", key="id")
class Happened(Table[str, Effects, Can]): ...


@orders.table("prices", key="id")
class Prices(Table[str, Order, Can]): ...


@orders.queue("jobs", attempts=3)
class Jobs(Queue[Order, Can]): ...


@event("orders.accepted", version=1, key="id")
class Accepted(Event):
    id: str


@event("orders.counted", version=1, key="id")
class Counted(Event):
    id: str


@call("orders.price", timeout=timedelta(seconds=20), idempotent=True)
class Price(Call[Order, str]): ...


class Outside(Protocol):
    """The world outside the platform. It can fail, and it keeps a ledger."""

    def work(self, order: Order) -> None:
        """Do what nobody can undo; raise if the order is poison, or for a time if it is flaky."""

    def mail(self, id: str, key: str) -> str:
        """Send a mail under an idempotency key. Return the number of the mail."""

    def mailed(self, id: str, receipt: str) -> None:
        """Hear that a consumer knows that the mail was sent."""


@orders.provide
def outside() -> Outside:
    raise NotImplementedError("each simulation gives its own")


@orders.post("/placed/{id}/{nature}", public=True, status=201)
def place(
    id: str, nature: str, placed: Placed[Put], jobs: Jobs[Send], accepted: Publish[Accepted]
) -> None:
    order = Order(id, nature)
    with atomic() as tx:
        tx.put(placed, order, if_absent=True)
        tx.publish(accepted, Accepted(id=id))
        tx.send(jobs, order)


@orders.post("/notes/{id}/{nature}", public=True, status=202)
def note(id: str, nature: str, jobs: Jobs[Send]) -> None:
    jobs.send(Order(id, nature))


def _happen(tx: Transaction, happened: Happened[Update], id: str) -> None:
    tx.update(happened, id, field(E.count).add(1), initial=Effects(id))


@orders.on(Accepted)
def count(accepted: Accepted, happened: Happened[Update], counted: Publish[Counted]) -> None:
    with atomic() as tx:
        _happen(tx, happened, f"{COUNTED} {accepted.id}")
        tx.publish(counted, Counted(id=accepted.id))


@orders.on(Accepted, attempts=20)
def mail(accepted: Accepted, outside: Outside, once: Once) -> None:
    receipt = once("mail", lambda key: outside.mail(accepted.id, key), returns=str)
    outside.mailed(accepted.id, receipt)


@orders.on(Counted)
def ship(counted: Counted, happened: Happened[Update]) -> None:
    with atomic() as tx:
        _happen(tx, happened, f"{SHIPPED} {counted.id}")


@orders.worker(Jobs, batch=3)
def work(order: Order, happened: Happened[Update], price: Price, outside: Outside) -> None:
    outside.work(order)
    price(order)
    with atomic() as tx:
        _happen(tx, happened, f"{WORKED} {order.id}")


@orders.answer(Price)
def priced(order: Order, prices: Prices[Get | Put]) -> str:
    if prices.get(order.id) is None:
        prices.put(order)
    return "100"


@orders.every(HOUR)
def tick(ctx: Context, happened: Happened[Update]) -> None:
    with atomic() as tx:
        _happen(tx, happened, f"{TICKED} {ctx.message_id}")
