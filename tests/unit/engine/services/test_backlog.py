"""The limit of messages that wait: who is refused, when that ends, and how often is counted."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services.backlog import Backlog
from oort.engine.services.events import Events
from oort.engine.services.queues import Queues
from oort.engine.services.relay import Relay
from oort.engine.services.steady import SteadyTime
from oort.engine.services.transactions import Transactions
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Row, Value
from oort.model.errors import QueueFull, StateUnwritable, Unavailable
from oort.model.operations import PublishEvent, SendMessage
from oort.testing.port_suites.target import HAPPENED, OTHER_WORK, PLATFORM, WORK, message

SECOND = timedelta(seconds=1)
FULL = "The queue .* has 4 waiting messages; nothing was sent"


class CountedStore(DirectStore):
    """A store that counts the counts, on a disk with so many bytes free."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = 0
        self.left: int | None = None

    def row(self, sql: str, *values: Value) -> Row | None:
        self.counts += "count(*)" in sql
        return super().row(sql, *values)

    def free(self) -> int | None:
        return self.left


class Desk:
    """The senders of a store with room for four messages a queue."""

    def __init__(self) -> None:
        self.store, self.clock = CountedStore(), VirtualClock()
        self.backlog = Backlog(
            self.store, platform=PLATFORM, clock=self.clock, most=4, reserve=1000
        )
        kept = {"platform": PLATFORM, "clock": self.clock, "backlog": self.backlog}
        self.queues = Queues(self.store, **kept)  # type: ignore[arg-type]
        self.events = Events(self.store, **kept)  # type: ignore[arg-type]
        steady = SteadyTime(self.store, clock=self.clock)
        self.transactions = Transactions(self.store, steady=steady, **kept)  # type: ignore[arg-type]
        self.relay = Relay(self.store, platform=PLATFORM, clock=self.clock)

    def send(self, queue: str = WORK) -> None:
        self.queues.send(queue, message("m"))

    def send_in_transaction(self) -> None:
        self.transactions.commit([SendMessage(queue=WORK, message=message("m"), delay=0)], None)

    def publish(self) -> None:
        self.events.publish(HAPPENED, message("m"))

    def publish_in_transaction(self) -> None:
        self.transactions.commit([PublishEvent(event=HAPPENED, message=message("m"))], None)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.store.close()


def fill(desk: Desk, send: Callable[[], None]) -> None:
    for _ in range(4):
        send()
    with pytest.raises(QueueFull):
        send()


def test_a_full_queue_refuses_until_messages_are_taken_off(desk: Desk) -> None:
    fill(desk, desk.send)
    with pytest.raises(QueueFull, match=FULL) as refused:
        desk.send_in_transaction()
    assert isinstance(refused.value, Unavailable)  # a client gets 503 with Retry-After
    desk.send(OTHER_WORK)
    desk.store.write(lambda session: session.run("DELETE FROM messages WHERE seq < 3"))
    desk.clock.advance(SECOND)
    for _ in range(2):
        desk.send()
    with pytest.raises(QueueFull):
        desk.send()


@pytest.mark.parametrize("how", ["publish", "publish_in_transaction"])
def test_an_event_is_refused_if_the_queue_of_a_subscriber_is_full(desk: Desk, how: str) -> None:
    fill(desk, getattr(desk, how))


def test_the_outbox_has_the_limit_of_a_queue(desk: Desk) -> None:
    for queue in (WORK, OTHER_WORK) * 2:
        sent = SendMessage(queue=queue, message=message("m"), delay=0)
        desk.transactions.commit([sent], None)
    with pytest.raises(QueueFull, match="The outbox has 4"):
        desk.send_in_transaction()
    desk.relay.move()
    desk.clock.advance(SECOND)
    desk.send_in_transaction()


def test_a_short_queue_is_counted_once_a_minute(desk: Desk) -> None:
    desk.send()
    before = desk.store.counts
    desk.clock.advance(10 * SECOND)
    desk.backlog.admit(OTHER_WORK)
    assert desk.store.counts == before + 1  # of the other queue
    desk.clock.advance(60 * SECOND)
    desk.send()
    assert desk.store.counts == before + 2


def test_a_disk_that_is_nearly_full_is_kept_for_deliveries(desk: Desk) -> None:
    desk.store.left = 999
    for send in (desk.send, desk.publish, desk.send_in_transaction, desk.publish_in_transaction):
        with pytest.raises(StateUnwritable, match="999 bytes free"):
            send()
    desk.store.left = 1000
    desk.clock.advance(SECOND)
    desk.send()
