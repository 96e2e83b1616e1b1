"""Orders: a request, a consumer and a worker that are hurt before or after their atomic blocks."""

from datetime import timedelta

import msgspec

from hurting import hurts
from hurting.contracts import Accepted
from oort import (
    Can,
    Publish,
    Put,
    Queue,
    Send,
    Service,
    Table,
    Update,
    atomic,
    field,
    fields,
)

orders = Service("orders")
SHORT = timedelta(seconds=1)


class Order(msgspec.Struct):
    """An order, also the message for the work that it makes."""

    id: str
    nature: str


class Effects(msgspec.Struct):
    """How often the effect of a consumer happened for an order."""

    id: str
    count: int = 0


E = fields(Effects)


@orders.table("placed", key="id")
class Placed(Table[str, Order, Can]):
    """The orders."""


@orders.table("effects", key="id")
class Happened(Table[str, Effects, Can]):
    """What happened inside atomic blocks, by consumer and order."""


@orders.queue("jobs", attempts=6)
class Jobs(Queue[Order, Can]):
    """The work that an order makes."""


@orders.post("/{id}/{nature}", public=True, status=201, timeout=SHORT)
def place(
    id: str, nature: str, placed: Placed[Put], jobs: Jobs[Send], accepted: Publish[Accepted]
) -> None:
    """Accept an order: the item, the event and the message in one block."""
    hurts.at("request.before", id=id, nature=nature)
    order = Order(id, nature)
    with atomic() as tx:
        tx.put(placed, order, if_absent=True)
        tx.publish(accepted, Accepted(id=id, nature=nature))
        tx.send(jobs, order)
    hurts.at("request.after", id=id, nature=nature)


@orders.on(Accepted, attempts=6, timeout=SHORT)
def count(accepted: Accepted, happened: Happened[Update]) -> None:
    """Count an order."""
    hurts.at("count.before", id=accepted.id, nature=accepted.nature)
    key = f"count {accepted.id}"
    with atomic() as tx:
        tx.update(happened, key, field(E.count).add(1), initial=Effects(key))
    hurts.at("count.after", id=accepted.id, nature=accepted.nature)


@orders.worker(Jobs, batch=5, timeout=SHORT)
def work(order: Order, happened: Happened[Update]) -> None:
    """Do the work of an order, in batches."""
    hurts.at("work.before", id=order.id, nature=order.nature)
    key = f"work {order.id}"
    with atomic() as tx:
        tx.update(happened, key, field(E.count).add(1), initial=Effects(key))
    hurts.at("work.after", id=order.id, nature=order.nature)
