"""Two versions of one event, with the ways between them, for the scenarios about versions."""

from oort import Event, downcast, event, upcast


@event("shop.sold", version=1, key="id")
class SoldV1(Event):
    """Prices were whole."""

    id: str
    price: int


@event("shop.sold", version=2, key="id")
class Sold(Event):
    """Prices in cents."""

    id: str
    cents: int


@upcast
def in_cents(old: SoldV1) -> Sold:
    """A hundred each."""
    return Sold(id=old.id, cents=old.price * 100)


@downcast
def in_whole(new: Sold) -> SoldV1:
    """Without the cents."""
    return SoldV1(id=new.id, price=new.cents // 100)
