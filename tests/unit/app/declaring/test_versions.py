"""Versions of an event: a consumer reads the newest one it knows, whatever was sent, or the message is parked."""

from itertools import permutations

import msgspec
import pytest

from oort import Event, Publish, Service, downcast, event, upcast
from oort.app.declaring import versions
from oort.app.loading.loader import load
from oort.model.errors import InvalidEvent, InvalidProgram, NotUnderstood
from oort.model.messages import Message, Older, Reason
from oort.testing import fake, published
from tests.unit.app.library import Closed, Opened


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


@downcast
def in_whole_units(new: Priced) -> PricedV2:
    """Without the cents."""
    return PricedV2(id=new.id, amount=new.minor // 100, currency=new.currency)


@downcast
def without_currency(new: PricedV2) -> PricedV1:
    """Whatever it was."""
    return PricedV1(id=new.id, amount=new.amount)


def message(
    body: Event | bytes,
    *,
    version: int,
    name: str = "shop.priced",
    oldest: int = 0,
    older: dict[int, Event] | None = None,
) -> Message:
    """What arrives."""
    encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
    told = tuple(Older(key, msgspec.json.encode(one)) for key, one in (older or {}).items())
    return Message(id="m", name=name, body=encoded, version=version, oldest=oldest, older=told)


@pytest.mark.parametrize(
    ("version", "body", "currency"),
    [
        (1, PricedV1(id="1", amount=2), "NOK"),
        (2, PricedV2(id="1", amount=2, currency="SEK"), "SEK"),
        (3, Priced(id="1", minor=200, currency="EUR"), "EUR"),
    ],
)
def test_every_older_version_is_read_as_the_class_the_consumer_knows(
    version: int, body: Event, currency: str
) -> None:
    assert versions.read(Priced, message(body, version=version)) == Priced(
        id="1", minor=200, currency=currency
    )


@pytest.mark.parametrize("version", [-1, 0, 4, 10**9])
def test_a_version_that_nothing_leads_from_is_not_guessed_at(version: int) -> None:
    with pytest.raises(NotUnderstood) as caught:
        versions.read(Priced, message(b'{"id":"1","minor":1,"currency":"NOK"}', version=version))
    assert caught.value.fault.reason is Reason.UNKNOWN_VERSION


def test_an_older_version_without_a_way_up_is_unknown() -> None:
    @event("shop.moved", version=2, key="id")
    class V2(Event):
        id: str

    with pytest.raises(NotUnderstood, match="no upcast leads from there to version 2") as caught:
        versions.read(V2, message(b'{"id":"1"}', version=1, name="shop.moved"))
    assert caught.value.fault.reason is Reason.UNKNOWN_VERSION


def test_another_event_on_the_queue_is_unknown() -> None:
    with pytest.raises(NotUnderstood) as caught:
        versions.read(Priced, message(b"{}", version=3, name="shop.sold"))
    assert caught.value.fault.reason is Reason.UNKNOWN_EVENT


def test_a_newer_version_that_says_it_can_be_read_is_read_and_the_rest_is_skipped() -> None:
    newer = b'{"id":"1","minor":5,"currency":"EUR","tax":1}'
    assert versions.read(Priced, message(newer, version=5, oldest=3)) == Priced(
        id="1", minor=5, currency="EUR"
    )
    with pytest.raises(NotUnderstood):
        versions.read(Priced, message(newer, version=5, oldest=4))


def test_of_what_a_newer_message_holds_a_consumer_reads_the_newest_that_it_knows() -> None:
    held: dict[int, Event] = {
        2: PricedV2(id="1", amount=2, currency="SEK"),
        1: PricedV1(id="1", amount=3),
    }
    newer = message(
        b'{"id":"1","minor":999,"currency":"EUR","shape":[]}', version=4, oldest=4, older=held
    )
    assert versions.read(Priced, newer) == Priced(id="1", minor=200, currency="SEK")
    assert versions.read(PricedV2, newer) == held[2]
    assert versions.read(PricedV1, newer) == held[1]


def test_its_own_version_goes_before_a_newer_one_that_can_be_read_and_that_before_an_older_one() -> (
    None
):
    body = b'{"id":"1","amount":9,"currency":"EUR"}'
    old = PricedV1(id="1", amount=3)
    assert versions.read(PricedV1, message(body, version=4, oldest=1, older={1: old})) == old
    assert versions.read(PricedV2, message(body, version=4, oldest=2, older={1: old})) == PricedV2(
        id="1", amount=9, currency="EUR"
    )


def test_unknown_fields_are_skipped_and_missing_ones_are_not() -> None:
    def read(body: bytes) -> Event:
        return versions.read(Opened, message(body, version=1, name=Opened.__oort__.model.name))

    assert read(b'{"day":"d","new":1}') == Opened(day="d")
    with pytest.raises(NotUnderstood) as caught:
        read(b"{}")
    assert caught.value.fault.reason is Reason.MISFIT


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
        read = [
            versions.read(V3, message(b'{"id":"1"}', version=one, name="shop.moved"))
            for one in (1, 2)
        ]
        assert [one.was for one in read if isinstance(one, V3)] == [1, 2]


def test_a_conversion_returns_its_function_and_goes_one_way_only() -> None:
    assert with_currency(PricedV1(id="1", amount=1)).currency == "NOK"
    assert without_currency(PricedV2(id="1", amount=1, currency="NOK")).amount == 1
    with pytest.raises(
        InvalidProgram,
        match=r"(?s)priced version 3 does not become shop\.priced version 1.*Write @upcast",
    ):
        upcast(backwards)
    with pytest.raises(InvalidProgram, match=r"(?s)A downcast cannot be used: .*Write @downcast"):
        downcast(forwards)


def test_there_is_one_way_from_each_version_to_another() -> None:
    def again(old: PricedV1) -> PricedV2:
        return with_currency(old)

    def once_more(new: Priced) -> PricedV2:
        return in_whole_units(new)

    for declare, one in ((upcast, again), (downcast, once_more)):
        with pytest.raises(InvalidProgram, match="already"):
            declare(one)


def backwards(old: Priced) -> PricedV1:
    """Not an upcast."""
    return PricedV1(id=old.id, amount=old.minor)


def forwards(old: PricedV1) -> Priced:
    """Not a downcast."""
    return Priced(id=old.id, minor=old.amount, currency="NOK")


def test_a_conversion_says_what_it_converts() -> None:
    def nothing(old: Opened) -> None:
        """Becomes nothing."""

    def strange(old: "Nowhere") -> Priced:  # type: ignore[name-defined]  # noqa: F821  the point
        raise AssertionError

    for declare in (upcast, downcast):
        with pytest.raises(
            InvalidProgram, match="its parameter and return annotation must be event classes"
        ):
            declare(nothing)  # type: ignore[type-var]  # the point
        with pytest.raises(InvalidProgram, match="the type 'Nowhere' cannot be found"):
            declare(strange)


def test_one_message_tells_the_event_in_every_version_that_downcasts_lead_to() -> None:
    out = fake(Publish[Priced])
    out.publish(Priced(id="1", minor=250, currency="EUR"))
    assert published(out) == [Priced(id="1", minor=250, currency="EUR")]
    from oort.app.handles.events import prepare_publish

    sent = prepare_publish(out, Priced(id="1", minor=250, currency="EUR")).message
    assert (sent.version, sent.oldest) == (3, 3)
    assert versions.read(PricedV1, sent) == PricedV1(id="1", amount=2)
    assert [one.version for one in sent.older] == [2, 1]


def test_each_version_is_told_once_though_two_ways_lead_there() -> None:
    @event("shop.sent", version=1, key="id")
    class V1(Event):
        id: str

    @event("shop.sent", version=2, key="id")
    class V2(Event):
        id: str

    @event("shop.sent", version=3, key="id")
    class V3(Event):
        id: str

    @downcast
    def first(new: V3) -> V2:
        return V2(id=new.id)

    @downcast
    def second(new: V3) -> V1:
        return V1(id="direct")

    @downcast
    def third(new: V2) -> V1:
        return V1(id="by two")

    from oort.app.handles.events import prepare_publish

    sent = prepare_publish(fake(Publish[V3]), V3(id="1")).message
    assert [(one.version, one.body) for one in sent.older] == [
        (2, b'{"id":"1"}'),
        (1, b'{"id":"by two"}'),
    ]
    assert (first(V3(id="1")), second(V3(id="1")), third(V2(id="1"))) == (
        V2(id="1"),
        V1(id="direct"),
        V1(id="by two"),
    )


def test_a_downcast_that_makes_what_its_class_refuses_publishes_nothing() -> None:
    @event("shop.lent", version=1, key="id")
    class V1(Event):
        id: str

    @event("shop.lent", version=2, key="id")
    class V2(Event):
        id: str

    @downcast
    def wrong(new: V2) -> V1:
        return V1(id=1)  # type: ignore[arg-type]  # the point

    out = fake(Publish[V2])
    with pytest.raises(InvalidEvent, match=r"The event does not fit shop\.lent version 1"):
        out.publish(V2(id="1"))
    assert published(out) == []
    assert wrong(V2(id="1")).id == 1  # type: ignore[comparison-overlap]


def refused(*services: Service) -> list[tuple[str, str]]:
    """The code of each mistake, and what it says."""
    with pytest.raises(InvalidProgram) as caught:
        load(services)
    return [(one.code, one.what) for one in caught.value.mistakes]


def consumer(kind: type[Event]) -> Service:
    """A service that reads the event."""
    service = Service("reader")

    def note(event: Event) -> None:
        """Nothing."""

    note.__annotations__["event"] = kind
    service.on(kind)(note)
    return service


def producer(*kinds: type[Event]) -> Service:
    """A service that publishes the events."""
    service = Service("shop")
    for number, kind in enumerate(kinds):

        def tell(out: object) -> None:
            """Nothing."""

        tell.__name__ = f"tell_{number}"
        tell.__annotations__["out"] = Publish[kind]  # type: ignore[valid-type]
        service.post(f"/tell/{number}", public=True)(tell)
    return service


def test_old_and_new_run_together_if_there_is_a_way_between_them() -> None:
    load([producer(PricedV1, Priced), consumer(Priced)])
    load([producer(Priced), consumer(PricedV1)])


def test_a_consumer_that_could_not_read_an_older_version_is_refused_at_load() -> None:
    @event("shop.told", version=1, key="id")
    class V1(Event):
        id: str

    @event("shop.told", version=2, key="id")
    class V2(Event):
        id: str

    ((code, what),) = refused(producer(V1), consumer(V2))
    assert code == "event.gap"
    assert what.startswith(
        "reader.note knows shop.told version 2, and no upcast leads there from version 1"
    )


def test_a_gap_in_a_chain_of_upcasts_is_refused_at_load() -> None:
    @event("shop.chained", version=1, key="id")
    class V1(Event):
        id: str

    @event("shop.chained", version=2, key="id")
    class V2(Event):
        id: str

    @event("shop.chained", version=3, key="id")
    class V3(Event):
        id: str

    @downcast
    def down(new: V2) -> V1:
        return V1(id=new.id)

    @upcast
    def up(old: V2) -> V3:
        return V3(id=old.id)

    assert down(V2(id="1")).id == up(V2(id="1")).id
    ((code, what),) = refused(consumer(V3))
    assert (code, "from version 1" in what) == ("event.gap", True)


def test_a_new_version_that_a_consumer_could_not_read_is_refused_at_load() -> None:
    @event("shop.ahead", version=1, key="id")
    class V1(Event):
        id: str

    @event("shop.ahead", version=2, key="id")
    class V2(Event):
        id: str
        n: int

    ((code, what),) = refused(producer(V2), consumer(V1))
    assert code == "event.ahead"
    assert (
        what == "shop.ahead version 2 is published, but reader.note only knows version 1 "
        "and would not get the event."
    )

    @event("shop.ahead", version=2, key="id", compatible=1)
    class Compatible(Event):
        id: str
        n: int

    load([producer(Compatible), consumer(V1)])


@pytest.mark.parametrize("compatible", [0, -1, 3])
def test_a_version_is_compatible_with_older_ones_or_itself(compatible: int) -> None:
    with pytest.raises(InvalidProgram, match="cannot be compatible with version"):

        @event("shop.wrong", version=2, key="id", compatible=compatible)
        class Wrong(Event):
            id: str


def test_events_without_versions_have_nothing_to_do_with_each_other() -> None:
    assert list(versions.steps(Closed)) == []
    assert versions.reachable(Closed, 1)
    assert not versions.reachable(Closed, 2)
