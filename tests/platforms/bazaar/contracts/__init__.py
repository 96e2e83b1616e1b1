"""The event and the call between the two services."""

import msgspec

from oort import Call, Conflict, Event, call, event


class Payment(msgspec.Struct):
    """An order to be paid."""

    order: str
    cents: int


class Receipt(msgspec.Struct):
    """Proof that an order was paid."""

    order: str
    paid: int


class TooMuch(Conflict):
    """The bank does not pay as much at once."""


@call("bank.pay", raises=[TooMuch])
class Pay(Call[Payment, Receipt]):
    """Pay an order."""


@event("shop.sold", version=1, key="order")
class Sold(Event):
    """An order was paid."""

    order: str
    cents: int
