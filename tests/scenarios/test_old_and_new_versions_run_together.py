"""P19: a new version of an event is brought in while services run, in both orders of deployment, and nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from oort import Event, Publish, Service, atomic, event
from oort.model.errors import InvalidProgram
from oort.testing import Platform
from tests.scenarios.sold import Sold, SoldV1


def shop(kind: type[Event], make: Callable[[int], Event]) -> Service:
    """The producer, as it publishes this version."""
    service = Service("shop")

    def sell(number: int, out: object) -> None:
        with atomic() as tx:
            tx.publish(out, make(number))  # type: ignore[arg-type]  # its type is set below

    sell.__annotations__["out"] = Publish[kind]  # type: ignore[valid-type]
    service.post("/sell/{number}", public=True)(sell)
    return service


@dataclass
class Consumer:
    """A consumer as it knows the event."""

    name: str
    kind: type[Event]
    seen: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = Service(self.name)

        def note(event: Event) -> None:
            if event not in self.seen:  # the kit hands everything over twice
                self.seen.append(event)

        note.__annotations__["event"] = self.kind
        self.note: Callable[..., object] = self.service.on(self.kind)(note)


def sell(platform: Platform, *numbers: int) -> None:
    """Let the producer publish; nothing is delivered yet."""
    for number in numbers:
        assert platform.post(f"/shop/sell/{number}").status == 200


V1 = shop(SoldV1, lambda number: SoldV1(id=str(number), price=number))
V2 = shop(Sold, lambda number: Sold(id=str(number), cents=number * 100))


def test_consumers_first_each_reads_what_old_and_new_producers_send() -> None:
    old, new = Consumer("books", SoldV1), Consumer("books", Sold)
    other = Consumer("mail", Sold)
    with Platform(V1, old.service) as platform:
        sell(platform, 1, 2)
        platform.settle()
        sell(platform, 3, 4)  # still in the outbox when the consumer is replaced
        platform.redeploy(V1, new.service, other.service)
        platform.settle()
        sell(platform, 5)
        platform.redeploy(V2, new.service, other.service)
        sell(platform, 6)
        platform.settle()
        assert old.seen == [SoldV1(id=str(n), price=n) for n in (1, 2)]
        assert sorted(new.seen, key=repr) == [Sold(id=str(n), cents=n * 100) for n in (3, 4, 5, 6)]
        assert sorted(other.seen, key=repr) == [
            Sold(id=str(n), cents=n * 100) for n in (3, 4, 5, 6)
        ]
        nothing_is_left(platform, new, other)


def test_producers_first_old_consumers_go_on_because_both_versions_are_told() -> None:
    old, mail = Consumer("books", SoldV1), Consumer("mail", SoldV1)
    new, mail_later = Consumer("books", Sold), Consumer("mail", Sold)
    with Platform(V1, old.service, mail.service) as platform:
        sell(platform, 1)
        platform.redeploy(V2, old.service, mail.service)
        sell(platform, 2, 3)
        platform.settle()
        assert sorted(old.seen, key=repr) == [SoldV1(id=str(n), price=n) for n in (1, 2, 3)]
        sell(platform, 4)
        platform.redeploy(V2, new.service, mail.service)
        sell(platform, 5)
        platform.settle()
        assert sorted(new.seen, key=repr) == [Sold(id=str(n), cents=n * 100) for n in (4, 5)]
        assert sorted(mail.seen, key=repr) == [SoldV1(id=str(n), price=n) for n in (1, 2, 3, 4, 5)]
        sell(platform, 6)
        platform.redeploy(V2, new.service, mail_later.service)
        platform.settle()
        assert mail_later.seen == [Sold(id="6", cents=600)]
        nothing_is_left(platform, new, mail_later)


def test_both_versions_of_an_event_are_one_message_that_is_applied_once() -> None:
    one = Consumer("books", Sold)
    with Platform(V2, one.service) as platform:
        sell(platform, 1)
        platform.settle()
        assert one.seen == [Sold(id="1", cents=100)]
        assert platform.published(Sold) == [Sold(id="1", cents=100)]


def test_without_a_way_down_a_producer_does_not_go_first() -> None:
    @event("shop.lent", version=1, key="id")
    class V1Lent(Event):
        id: str

    @event("shop.lent", version=2, key="id")
    class Lent(Event):
        id: str
        days: int

    producer = shop(Lent, lambda number: Lent(id=str(number), days=number))
    with pytest.raises(InvalidProgram, match="would not get the event"):
        Platform(producer, Consumer("books", V1Lent).service)


def test_a_producer_that_went_first_all_the_same_loses_nothing() -> None:
    """Deployed from somewhere else, with no way down: what came early waits, and is handed over after the consumer's turn."""
    old, new = Consumer("books", SoldV1), Consumer("books", Sold)
    with Platform(V1, old.service) as platform:
        for number in range(200):
            platform.inject(
                old.note, b'{"id":"%d","cents":%d}' % (number, number), version=2, oldest=2
            )
        platform.advance(timedelta(days=1))
        assert old.seen == []
        assert len(platform.parked(old.note)) == 200
        platform.redeploy(V2, new.service)
        platform.settle()
        assert sorted(new.seen, key=repr) == sorted(
            (Sold(id=str(n), cents=n) for n in range(200)), key=repr
        )
        nothing_is_left(platform, new)


def nothing_is_left(platform: Platform, *consumers: Consumer) -> None:
    """No message failed, is parked, dead or waits."""
    platform.advance(timedelta(days=1))
    for one in consumers:
        assert platform.parked(one.note) == []
        assert platform.dead_letters(one.note) == []
    assert platform.failures() == []
