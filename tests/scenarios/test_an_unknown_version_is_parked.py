"""P19: a consumer that meets what it cannot read parks it: nothing is lost, nothing is tried again, nothing is misread."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest

from oort import Can, Event, Put, Queue, Service, Table, atomic, event, upcast
from oort.model import limits
from oort.model.messages import Reason
from oort.testing import Platform
from tests.repeats import times
from tests.scenarios.sold import Sold


@event("shop.sold", version=3, key="id")
class SoldV3(Event):
    """With a currency."""

    id: str
    cents: int
    currency: str


@upcast
def with_currency(old: Sold) -> SoldV3:
    """There was one only."""
    return SoldV3(id=old.id, cents=old.cents, currency="NOK")


class Entry(msgspec.Struct):
    """What was booked, as the consumer saw it."""

    id: str
    seen: str


class Parcel(msgspec.Struct):
    """Work."""

    id: str
    grams: int


@dataclass
class Books:
    """A service that consumes the event as one of its classes, and a work queue."""

    kind: type[Event]
    entered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = service = Service("books")

        @service.table("entries", key="id")
        class Entries(Table[str, Entry, Can]):
            """Everything that was booked."""

        @service.queue("parcels")
        class Parcels(Queue[Parcel, Can]):
            """To be sent."""

        def record(event: Event, entries: Entries[Put]) -> None:
            identifier = str(msgspec.structs.asdict(event)["id"])
            self.entered.append(identifier)
            with atomic() as tx:
                tx.put(entries, Entry(identifier, repr(event)), if_absent=True)

        record.__annotations__["event"] = self.kind
        service.on(self.kind)(record)

        @service.worker(Parcels)
        def send(parcel: Parcel) -> None:
            self.entered.append(parcel.id)

        self.record: Callable[..., object] = record
        self.entries, self.parcels = Entries, Parcels


GARBAGE = [
    (b"garbage", Reason.MALFORMED),
    (b'{"id":"g","cents":', Reason.MALFORMED),
    (b"", Reason.MALFORMED),
    (b'{"id":"\xff","cents":1}', Reason.MALFORMED),
    (b'{"id":"g","cents":1,"cents":2}', Reason.REPEATED_NAME),
    (b'{"id":"g","cents":1,"deep":' + b"[" * 50_000 + b"]" * 50_000 + b"}", Reason.TOO_DEEP),
    (b'{"id":"g","cents":"dear"}', Reason.MISFIT),
    (b'{"id":"g"}', Reason.MISFIT),
    (b"[]", Reason.MISFIT),
]


@pytest.mark.parametrize(("body", "reason"), GARBAGE)
def test_garbage_is_parked_with_its_reason_and_its_bytes(body: bytes, reason: Reason) -> None:
    books = Books(Sold)
    with Platform(books.service) as platform:
        platform.inject(books.record, body, version=2)
        platform.inject(books.parcels, body)
        platform.advance(timedelta(hours=13))
        for source in (books.record, books.parcels):
            (parked,) = platform.parked(source)
            assert (parked.fault.reason, parked.message.body) == (reason, body)
        assert books.entered == []
        assert platform.failures() == []
        assert platform.dead_letters(books.record) == platform.dead_letters(books.parcels) == []


def test_a_body_larger_than_both_targets_carry_is_parked() -> None:
    """It comes over SQS, which takes 1 MiB: the engine's own queues refuse it before."""
    from oort.model.messages import Message
    from oort.rules.messaging import bodies

    huge = json.dumps({"id": "g", "cents": 1, "x": "x" * 1024 * 1024}).encode()
    assert len(huge) > limits.MESSAGE_BYTES
    with pytest.raises(Exception, match="more than 262144") as caught:
        bodies.check(Message(id="1", name="shop.sold", body=huge))
    assert caught.value.fault.reason is Reason.TOO_LARGE  # type: ignore[attr-defined]


def test_an_unknown_event_and_an_unknown_version_are_parked_and_not_tried_again() -> None:
    books = Books(Sold)
    with Platform(books.service) as platform:
        platform.inject(books.record, b'{"id":"a","cents":1}', version=9)
        platform.inject(books.record, b'{"id":"b","cents":1}', version=2, name="bank.paid")
        platform.inject(books.record, b'{"id":"c","cents":1}', version=2)
        platform.advance(timedelta(days=1))
        assert [one.fault.reason for one in platform.parked(books.record)] == [
            Reason.UNKNOWN_VERSION,
            Reason.UNKNOWN_EVENT,
        ]
        assert set(books.entered) == {"c"}
        assert platform.failures() == []


def test_a_newer_version_that_says_it_can_be_read_is_read() -> None:
    books = Books(Sold)
    with Platform(books.service) as platform:
        platform.inject(books.record, b'{"id":"a","cents":7,"tax":[1]}', version=5, oldest=2)
        platform.settle()
        assert [one.seen for one in platform.items(books.entries)] == ["Sold(id='a', cents=7)"]
        assert platform.parked(books.record) == []


def test_what_is_parked_is_handed_over_when_a_consumer_that_reads_it_is_deployed() -> None:
    before, after = Books(Sold), Books(SoldV3)
    with Platform(before.service) as platform:
        for number in range(30):
            platform.inject(
                before.record, b'{"id":"n%d","cents":5,"currency":"EUR"}' % number, version=3
            )
        platform.inject(before.record, b"garbage", version=3)
        platform.inject(before.record, b'{"id":"later","cents":5}', version=4)
        platform.settle()
        assert len(platform.parked(before.record)) == 32
        platform.redeploy(after.service)
        assert [one.message.version for one in platform.parked(after.record)] == [3, 4]
        platform.settle()
        assert {one.id for one in platform.items(after.entries)} == {
            f"n{number}" for number in range(30)
        }
        assert before.entered == []


EVENTS = times(10_000)


def test_thousands_of_mixed_events_are_all_accounted_for() -> None:
    """Known, older, newer, unknown and garbage: each is either applied exactly once or parked exactly once."""
    books = Books(Sold)
    random_ = random.Random(20)
    kinds: list[tuple[str, Callable[[int], tuple[bytes, int, int]]]] = [
        ("known", lambda n: (b'{"id":"k%d","cents":%d}' % (n, n), 2, 0)),
        ("older", lambda n: (b'{"id":"o%d","price":%d}' % (n, n), 1, 0)),
        ("newer", lambda n: (b'{"id":"n%d","cents":%d,"tax":1}' % (n, n), 3, 2)),
        ("unknown", lambda n: (b'{"id":"u%d","cents":%d}' % (n, n), 4, 4)),
        ("garbage", lambda n: (GARBAGE[n % len(GARBAGE)][0], 2, 0)),
    ]
    sent: Counter[str] = Counter()
    with Platform(books.service) as platform:
        ids: dict[str, set[str]] = {kind: set() for kind, _ in kinds}
        for number in range(EVENTS):
            kind, make = random_.choice(kinds)
            body, version, oldest = make(number)
            ids[kind].add(platform.inject(books.record, body, version=version, oldest=oldest))
            sent[kind] += 1
        platform.advance(timedelta(days=1))
        applied = platform.items(books.entries)
        parked = platform.parked(books.record)
        assert {one.message.id for one in parked} == ids["unknown"] | ids["garbage"]
        assert len(parked) == sent["unknown"] + sent["garbage"]
        assert len(applied) == sent["known"] + sent["older"] + sent["newer"]
        assert len(applied) + len(parked) == EVENTS
        assert Counter(one.id[0] for one in applied) == {
            "k": sent["known"],
            "o": sent["older"],
            "n": sent["newer"],
        }
        # The kit hands everything that succeeds over twice; nothing else came twice.
        assert max(Counter(books.entered).values()) == 2
        assert platform.failures() == []
        assert platform.dead_letters(books.record) == []
    assert min(sent.values()) > 0.15 * EVENTS
