"""The stock: a consumer in another service than the one that publishes."""

from datetime import timedelta

import msgspec

from hurting import hurts
from hurting.contracts import Accepted
from oort import Can, Service, Table, Update, atomic, field, fields

stock = Service("stock")


class Effects(msgspec.Struct):
    """How often the effect of a consumer happened for an order."""

    id: str
    count: int = 0


E = fields(Effects)


@stock.table("effects", key="id")
class Reserved(Table[str, Effects, Can]):
    """What happened inside atomic blocks, by consumer and order."""


@stock.on(Accepted, attempts=6, timeout=timedelta(seconds=1))
def reserve(accepted: Accepted, reserved: Reserved[Update]) -> None:
    """Reserve what was ordered."""
    hurts.at("reserve.before", id=accepted.id, nature=accepted.nature)
    key = f"reserve {accepted.id}"
    with atomic() as tx:
        tx.update(reserved, key, field(E.count).add(1), initial=Effects(key))
    hurts.at("reserve.after", id=accepted.id, nature=accepted.nature)
