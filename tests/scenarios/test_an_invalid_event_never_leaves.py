"""P17: an event that does not fit its class is refused where it is published, and nothing of the block is written."""

from datetime import date
from typing import Annotated, Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from oort import Can, Context, Event, OpenEnum, Publish, Put, Service, Table, atomic, event
from oort.model.errors import InvalidEvent
from oort.rules.events import event_schemas
from oort.testing import Platform, fake
from tests.repeats import times

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
        tx.publish(
            out, Ordered(id=ctx.message_id, country=body.country, lines=[Line("a", body.pieces)])
        )


@shop.post("/alone", status=201, public=True)
def alone(body: Wanted, out: Publish[Ordered]) -> None:
    out.publish(Ordered(id="1", country=body.country, lines=[Line("a", body.pieces)]))


@pytest.mark.parametrize("path", ["/shop", "/shop/alone"])
def test_an_event_that_fits_leaves_and_one_that_does_not_stays(path: str) -> None:
    with Platform(shop) as platform:
        assert platform.post(path, {"country": "NO", "pieces": 1}).status == 201
        orders = len(platform.items(Orders))
        for wrong in (
            {"country": "Norway", "pieces": 1},
            {"country": "NO", "pieces": 0},
            {"country": "NO\n", "pieces": 1},  # Python's own $ would let it pass
        ):
            assert platform.post(path, wrong).status == 500  # the caller did nothing wrong
        assert len(platform.published(Ordered)) == 1
        assert len(platform.items(Orders)) == orders


def test_the_error_names_the_event_where_it_stands_and_every_place() -> None:
    with pytest.raises(InvalidEvent) as raised:
        alone(Wanted("Norway", 0), out=fake(Publish[Ordered]))
    assert raised.value.what.startswith("The event does not fit shop.ordered version 3 (")
    assert "test_an_invalid_event_never_leaves.py" in raised.value.what
    assert "/country" in raised.value.what
    assert "/lines/0/pieces" in raised.value.what
    assert "Nothing was published" in raised.value.instead


def test_a_value_of_another_type_is_found_too() -> None:
    out = fake(Publish[Ordered])
    with pytest.raises(InvalidEvent, match="/id"):
        out.publish(Ordered(id=7, country="NO", lines=[]))  # type: ignore[arg-type]


class Kind(OpenEnum):
    SMALL = "small"


@event("shop.measured", version=1, key="id")
class Measured(Event):
    """A field of many sorts; nothing checks them when the event is made."""

    id: Annotated[str, Meta(min_length=1, max_length=3)]
    day: date
    kind: Kind
    lines: Annotated[list[Line], Meta(max_length=2)]
    weight: Annotated[float, Meta(gt=0)] | None = None
    notes: dict[str, int] = {}


WRITER = jsonschema_rs.validator_for(event_schemas.writer(Measured), validate_formats=True)
LINES = st.builds(
    Line, sku=st.sampled_from(["a", 1, None]), pieces=st.sampled_from([1, 0, -1, 2.5, "1", True])
)
FIELDS = st.fixed_dictionaries({
    "id": st.sampled_from(["a", "abc", "", "abcd", 7, None]),
    "day": st.sampled_from([date(2026, 1, 1), "2026-01-01", "soon", 5]),
    "kind": st.sampled_from([Kind.SMALL, "small", Kind("huge"), "huge", 1]),
    "lines": st.lists(LINES, max_size=3) | st.just("none"),
    "weight": st.sampled_from([None, 1.5, 1, 0, -1, "heavy", True]),
    "notes": st.sampled_from([{}, {"a": 1}, {"a": "x"}, {"a": 1.5}, [], {1: 1}]),
})  # fmt: skip


@settings(max_examples=times(300))
@given(FIELDS)
def test_what_leaves_fits_the_writers_schema_and_what_is_refused_does_not(
    fields: dict[str, Any],
) -> None:
    out = fake(Publish[Measured])
    made = Measured(**fields)
    document = msgspec.json.decode(msgspec.json.encode(made))
    try:
        out.publish(made)
    except InvalidEvent:
        assert not WRITER.is_valid(document)
    else:
        assert WRITER.is_valid(document)
