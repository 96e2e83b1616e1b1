"""A service with every kind of parameter, body and reply that a route can have."""

import enum
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from oort import (
    Conflict,
    Header,
    NotFound,
    Open,
    OpenEnum,
    Page,
    Principal,
    Problem,
    Reply,
    Service,
)

kinds = Service("kinds")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Colour(enum.Enum):
    """A colour of the rainbow."""

    RED = "red"
    BLUE = "blue"


class Tone(OpenEnum):
    """How it sounds; there will be more of them."""

    LOUD = "loud"
    LOW = "low"


class Circle(msgspec.Struct, tag="circle"):
    """Round."""

    radius: Annotated[float, Meta(gt=0, le=1000)]


class Square(msgspec.Struct, tag="square"):
    side: Annotated[int, Meta(ge=1, le=1000)]


class Place(NamedTuple):
    """Where."""

    x: int
    y: int = 0


class Labels(TypedDict, total=False):
    """Free words."""

    first: str


@dataclass
class Size:
    """How large."""

    width: Annotated[int, Meta(ge=0, le=10**9)]
    tags: list[str] = field(default_factory=list[str])
    area: int = field(init=False, default=0)


class Thing(msgspec.Struct, rename="camel"):
    """Everything that a body can hold."""

    first_name: Annotated[str, Meta(min_length=1, max_length=30, description="As it is called.")]
    colour: Colour
    shape: Circle | Square
    outline: Open[Circle | Square] | None = None
    tones: list[Tone] = []
    outlines: dict[Tone, Open[Circle | Square]] = {}
    price: Decimal = Decimal("1.50")
    place: Place | None = None
    labels: Labels | None = None
    size: Size | None = None
    mood: Literal["good", "bad", 3] = "good"
    day: date | None = None
    at: datetime | None = None
    tea: time | None = None
    wait: timedelta | None = None
    uuid: UUID | None = None
    data: Annotated[bytes, Meta(max_length=30)] = b""
    counts: dict[str, int] = {}
    numbers: set[int] = set()
    pair: tuple[int, str] | None = None
    inside: "list[Thing]" = []
    left_out: int | UnsetType = UNSET
    anything: Any = None


class SoldOut(Problem):
    """There is none left."""

    status = 409


class Teapot(Problem):
    """Short and stout."""

    status = 418


@kinds.put("/things/{id}/{day}", raises=[SoldOut, Conflict, Teapot])
def keep(  # noqa: PLR0917  the runtime passes them by name
    id: UUID,
    day: date,
    body: Thing,
    who: Principal,
    colour: Colour,
    key: Annotated[str, Header("Idempotency-Key"), Meta(min_length=1, max_length=20)],
    many: Annotated[list[Annotated[int, Meta(ge=-5, le=5)]], Meta(max_length=5)] | None = None,
    ratio: Annotated[float, Meta(ge=0, lt=1)] = 0.5,
    price: Decimal | None = None,
    flag: bool = False,
    since: datetime = NOON,
    wait: timedelta | None = None,
    words: Annotated[list[str], Header("X-Words")] | None = None,
) -> Thing:
    """Keep a thing.

    It is given back as it came.
    """
    return body


@kinds.post("/maybe", public=True, status=202)
def maybe(body: Square | None = None, who: Principal | None = None) -> Reply[Square]:
    """A body that may be left out, and a reply with a header of its own."""
    return Reply(body or Square(1), headers={"x-seen": "1"})


@kinds.patch("/things/{id}", public=True)
def rows(
    id: int, body: Annotated[list[Place], Meta(min_length=1, max_length=4)]
) -> dict[str, Place]:
    """A list in, a map out."""
    return {str(number): place for number, place in enumerate(body)}


@kinds.get("/pages", groups=["staff", "support"], raises=[NotFound])
def listed(limit: Annotated[int, Meta(ge=1, le=10)] = 5) -> Page[Circle | Square]:
    """A page of a union."""
    return Page([Circle(1.0), Square(limit)])


@kinds.get("/pages/colours", public=True)
def colours() -> Page[Colour]:
    return Page(list(Colour))


@kinds.get("/tones/{tone}", public=True)
def heard(tone: Tone, other: Tone | None = None) -> Open[Circle | Square]:
    """An open enum in the path, an open union as the answer."""
    return Square(len(tone)) if tone.known and other is None else Circle(1.0)


@kinds.delete("/things/{id}", public=True)
def drop(id: str) -> None:
    """Nothing comes back."""


@kinds.get("/unknown", public=True)
def unknown() -> Any:
    """Who knows what comes back."""
    return {"a": 1}
