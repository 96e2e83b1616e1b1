"""The first parked message of each event and version rings, and no other, whatever restarts."""

from collections.abc import Sequence

from oort.engine.clocks import VirtualClock
from oort.engine.services.steady import SteadyTime
from oort.engine.services.transactions import Transactions
from oort.engine.store.direct import DirectStore
from oort.model import limits
from oort.model.errors import Unavailable
from oort.model.messages import Message
from oort.model.operations import Mark, Write
from oort.model.platform import PlatformModel
from oort.runtime.parking import Alarms


def message(name: str, *, version: int = 1) -> Message:
    return Message(id="1", name=name, body=b"", version=version)


def inbox(clock: VirtualClock | None = None) -> Transactions:
    store, time = DirectStore(), clock or VirtualClock()
    return Transactions(
        store,
        platform=PlatformModel("shop", ()),
        clock=time,
        steady=SteadyTime(store, clock=time),
    )


def test_each_event_and_version_rings_once_a_function() -> None:
    alarms = Alarms(inbox())
    rang = [alarms.rings("shop.f", message("a.b", version=version)) for version in (1, 2, 1)]
    assert rang == [True, True, False]
    assert alarms.rings("shop.other", message("a.b"))


def test_neither_a_restart_nor_another_environment_rings_again_until_the_mark_has_expired() -> None:
    clock = VirtualClock()
    marks = inbox(clock)
    assert [Alarms(marks).rings("shop.f", message("a.b")) for _ in range(3)] == [True, False, False]
    clock.advance(limits.MARK_RETENTION)
    assert Alarms(marks).rings("shop.f", message("a.b"))


def test_names_that_somebody_makes_up_do_not_fill_the_memory() -> None:
    alarms = Alarms(inbox())
    for number in range(1500):
        assert alarms.rings("shop.f", message(f"a.b{number}"))
    assert len(alarms._raised) == 1000
    assert not alarms.rings("shop.f", message("a.b0"))  # forgotten here, and marked


def test_a_long_name_is_still_a_key() -> None:
    alarms = Alarms(inbox())
    names = [f"{'ü' * 100_000}{end}" for end in "ab"]
    assert [alarms.rings("shop.f", message(name)) for name in (*names, *names)] == [
        True,
        True,
        False,
        False,
    ]
    assert all(len(mark.message.encode()) < 1000 for mark in alarms._raised)


def test_when_the_mark_cannot_be_made_it_rings() -> None:
    class Busy:
        def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
            raise Unavailable("DynamoDB throttles.", "Try again.")

    assert Alarms(Busy()).rings("shop.f", message("a.b"))
