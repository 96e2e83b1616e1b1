"""The first parked message of each event and version rings, and no other."""

from oort.model.messages import Message
from oort.runtime.alarms import Alarms


def test_each_event_and_version_rings_once_a_queue() -> None:
    alarms = Alarms()
    one = [Message(id=str(number), name="a.b", body=b"", version=version) for number, version in enumerate([1, 2, 1])]
    assert [alarms.rings("q", message) for message in one] == [True, True, False]
    assert alarms.rings("other", one[0])


def test_names_that_somebody_makes_up_do_not_fill_the_memory() -> None:
    alarms = Alarms()
    for number in range(5000):
        assert alarms.rings("q", Message(id="1", name=f"a.b{number}", body=b""))
    assert len(alarms._rung) == 1000
