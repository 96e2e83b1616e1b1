"""Events: declared with a name, a version and a key; older versions are read through upcasts."""

from itertools import permutations

import msgspec
import pytest

from oort import Event, Get, Publish, event, upcast
from oort.app import events
from oort.model.errors import InvalidProgram, InvalidUse, InvalidValue, NotGranted
from oort.testing import fake, published
from tests.unit.app.library import Books, Closed, Opened


@event("shop.priced", version=1, key="id")
class PricedV1(Event):
    """The first version."""

    id: str
    amount: int


@event("shop.priced", version=2, key="id")
class PricedV2(Event):
    """With a currency."""

    id: str
    amount: int
    currency: str


@event("shop.priced", version=3, key="id")
class Priced(Event):
    """In minor units."""

    id: str
    minor: int
    currency: str


@upcast
def with_currency(old: PricedV1) -> PricedV2:
    """NOK was the only one."""
    return PricedV2(id=old.id, amount=old.amount, currency="NOK")


@upcast
def in_minor_units(old: PricedV2) -> Priced:
    """A hundred each."""
    return Priced(id=old.id, minor=old.amount * 100, currency=old.currency)


@pytest.mark.parametrize(
    ("version", "body", "currency"),
    [
        (1, PricedV1(id="1", amount=2), "NOK"),
        (2, PricedV2(id="1", amount=2, currency="SEK"), "SEK"),
        (3, Priced(id="1", minor=200, currency="EUR"), "EUR"),
    ],
)
def test_every_older_version_is_read_as_the_class_the_consumer_knows(version: int, body: Event, currency: str) -> None:
    read = events.read(Priced, version=version, body=msgspec.json.encode(body))
    assert read == Priced(id="1", minor=200, currency=currency)


@pytest.mark.parametrize("version", [0, 4])
def test_a_version_that_nothing_leads_from_says_so(version: int) -> None:
    with pytest.raises(InvalidUse, match=rf"version {version} cannot be read as version \d\. Declare an @upcast"):
        events.read(Priced, version=version, body=b"{}")


def test_unknown_fields_are_skipped_and_missing_ones_are_not() -> None:
    assert events.read(Opened, version=1, body=b'{"day":"d","new":1}') == Opened(day="d")
    with pytest.raises(msgspec.ValidationError):
        events.read(Opened, version=1, body=b"{}")


def test_direct_upcasts_are_chosen_in_whatever_order_they_were_declared() -> None:
    for order in permutations((1, 2)):

        @event("shop.moved", version=1, key="id")
        class V1(Event):
            """One."""

            id: str

        @event("shop.moved", version=2, key="id")
        class V2(Event):
            """Two."""

            id: str

        @event("shop.moved", version=3, key="id")
        class V3(Event):
            """Three."""

            id: str
            was: int

        for version in order:
            old = {1: V1, 2: V2}[version]

            def convert(event: Event, version: int = version, new: type[V3] = V3) -> Event:
                return new(id=str(vars(type(event)).get("id")), was=version)

            convert.__annotations__.clear()
            convert.__annotations__.update({"event": old, "return": V3})
            upcast(convert)
        read = [events.read(V3, version=version, body=b'{"id":"1"}') for version in (1, 2)]
        assert [one.was for one in read if isinstance(one, V3)] == [1, 2]


def test_an_upcast_returns_its_function() -> None:
    assert with_currency(PricedV1(id="1", amount=1)).currency == "NOK"
    with pytest.raises(InvalidProgram, match="does not become"):
        upcast(backwards)


def backwards(old: Priced) -> PricedV1:
    """Not an upcast."""
    return PricedV1(id=old.id, amount=old.minor)


def test_publishing_another_event_is_not_granted() -> None:
    out = fake(Publish[Opened])
    with pytest.raises(NotGranted, match=r"may not publish Closed\. Ask for it: out: Publish\[Closed\]"):
        out.publish(Closed(day="d"))  # type: ignore[arg-type]  # the point
    assert published(out) == []


def test_a_publish_of_several_events_takes_each() -> None:
    out = fake(Publish[Opened | Closed])
    for one in (Opened(day="1"), Closed(day="1"), Opened(day="2")):
        out.publish(one)
    assert published(out) == [Opened(day="1"), Closed(day="1"), Opened(day="2")]


def test_an_event_that_aws_would_not_carry_is_refused() -> None:
    with pytest.raises(InvalidValue):
        fake(Publish[Opened]).publish(Opened(day="\ud800"))


def test_only_a_class_under_the_decorator_is_declared() -> None:
    class Sub(Opened):
        """Inherits the declaration of another class."""

    assert events.declared(Opened) is Opened
    for other in (Sub, Event, Books[Get], "opened", None, int):
        assert events.declared(other) is None


def test_events_are_immutable_and_made_by_keyword() -> None:
    with pytest.raises(AttributeError):
        Opened(day="d").day = "e"  # type: ignore[misc]  # the point
