"""A platform on disk whose events are of every kind: three versions with conversions, and fields that schemas say in all ways."""

from pathlib import Path

from tests.unit.cli.shops import shop

SOURCE = '''
import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from oort import (
    Can, Event, Open, OpenEnum, Principal, Publish, Queue, Service, downcast, event, upcast,
)

orders = Service("orders")
stock = Service("stock")


class Country(OpenEnum):
    NO = "no"
    SE = "se"


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Box(Struct, tag="box"):
    """A box <b>of</b> cardboard."""

    size: Size


class Bag(Struct, tag="bag", frozen=True):
    colour: Annotated[str, Meta(pattern="^[a-z|]+$", examples=["red"])] = "red"


class Line(Struct):
    """One article."""

    sku: Annotated[str, Meta(min_length=1, max_length=20, description="What | it is, with `code` & <i>.")]
    pieces: Annotated[int, Meta(ge=1, lt=1000)] = 1
    inside: "list[Line]" = []


@event("orders.placed", version=1, key="id")
class PlacedV1(Event):
    """An order came in."""

    id: str
    price: float


@event("orders.placed", version=2, key="id")
class PlacedV2(Event):
    id: str
    cents: int


@event("orders.placed", version=3, key="id", compatible=2)
class Placed(Event):
    """An order <script>alert(1)</script> came in.

    1. It is *paid*,
    - and | not sent.
    """

    id: str
    cents: Annotated[int, Meta(gt=0, description="Hundredths.")] = 100
    lines: Annotated[list[Line], Meta(min_length=1, max_length=9)] = []
    packing: Box | Bag = Bag()
    wish: Open[Box | Bag] | None = None
    country: Country = Country.NO
    size: Size = Size.SMALL
    urgency: Literal["low", "high"] = "low"
    prices: dict[Annotated[str, Meta(min_length=2, max_length=3)], Decimal] = {}
    counts: dict[int, float] = {}
    tags: set[str] = set()
    place: tuple[float, int] = (1.5, 2)
    at: datetime | None = None
    day: date = date(2026, 1, 1)
    lasts: timedelta = timedelta(hours=1)
    number: UUID | int = 5
    photo: bytes = b""
    gift: bool = False
    free: object = None


@event("stock.emptied", version=1, key="sku")
class Emptied(Event):
    """There is none left."""

    sku: str


@upcast
def in_cents(old: PlacedV1) -> PlacedV2:
    return PlacedV2(id=old.id, cents=round(old.price * 100))


@upcast
def with_lines(old: PlacedV2) -> Placed:
    return Placed(id=old.id, cents=old.cents, lines=[Line("unknown")])


@downcast
def in_whole(new: Placed) -> PlacedV1:
    return PlacedV1(id=new.id, price=new.cents / 100)


@orders.queue("parcels")
class Parcels(Queue[Line, Can]):
    """Parcels."""


@orders.post("/", status=201, public=True)
def place(body: Line, out: Publish[Placed]) -> None:
    """Place an order | of one line."""


@orders.get("/all", groups=["staff", "audit"])
def everything() -> list[str]:
    """List them."""
    return []


@orders.get("/mine")
def mine(who: Principal) -> str:
    return who.id


@orders.get("/of/{customer}", owner="customer")
def of(customer: str) -> str:
    return customer


@orders.worker(Parcels)
def ship(line: Line) -> None:
    """Send it."""


@orders.every(timedelta(hours=1))
def sweep() -> None:
    """Look for what is late."""


@orders.cron("0 6 * * *", timezone="Europe/Oslo")
def report() -> None:
    """Write a report."""


@stock.on(Placed)
def reserve(event: Placed, out: Publish[Emptied]) -> None:
    """Take it from the shelf."""


@stock.on(PlacedV1)
def count(event: PlacedV1) -> None:
    """Count."""
'''


def platform(folder: Path) -> Path:
    """The platform; its folder."""
    return shop(folder, SOURCE)
