"""P14: a consumer with ten times more load than it can handle keeps its backlog, loses nothing, and delays no neighbour.

The slow consumer's time is counted in its own messages, so that a busy machine does not change the result.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from oort import Can, Queue, Service, Table, Update, atomic, field, fields
from oort.app.loading.loader import load
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.invoking.shares import Shares
from oort.engine.services.tables import Tables
from oort.engine.store.group import GroupCommitStore
from oort.model.messages import Message
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers

BACKLOG = 500  # messages, about ten times what the slow consumer does meanwhile
THREADS = 4
PROBES = 5
MOST = 25  # slow messages during the delivery to the neighbour; without shares it waits for a slice of each thread
PATIENCE = 60.0

town = Service("town")


class Job(msgspec.Struct):
    id: str
    count: int = 0


class Pace:
    """The pace of the slow consumer: each message takes its time until `hurry`."""

    def __init__(self) -> None:
        self.slow = self.fast = 0
        self.hurry = threading.Event()
        self.changed = threading.Condition()

    def take(self) -> None:
        self.hurry.wait(0.02)
        with self.changed:
            self.slow += 1
            self.changed.notify_all()

    def greet(self) -> None:
        with self.changed:
            self.fast += 1
            self.changed.notify_all()


@town.table("done", key="id")
class Done(Table[str, Job, Can]): ...


@town.queue("heavy")
class Heavy(Queue[Job, Can]): ...


@town.queue("light")
class Light(Queue[Job, Can]): ...


@town.provide
def pace() -> Pace:
    return Pace()


@town.worker(Heavy, batch=10)
def carry(job: Job, pace: Pace, done: Done[Update]) -> None:
    pace.take()
    with atomic() as tx:
        tx.update(done, job.id, field(fields(Job).count).add(1), initial=Job(job.id))


@town.worker(Light)
def greet(job: Job, pace: Pace) -> None:
    pace.greet()


class Unfair(Shares):
    """The control: whoever comes first gets every thread."""

    def _room(self, queue: str) -> int:
        return self._threads - self._running.total()


class Town:
    """The platform on a file, with its threads."""

    def __init__(self, path: Path) -> None:
        self.pace = Pace()
        self.store = GroupCommitStore(path)
        self.engine = Engine(
            load([town]),
            store=self.store,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
            identity=KnownCallers(),
            overrides={Pace: lambda: self.pace},
            threads=THREADS,
        )

    def send(self, queue: str, names: Iterator[str]) -> None:
        queues = self.engine.ports.queues
        for name in names:
            body = msgspec.json.encode(Job(name))
            queues.send(queue, Message(id=name, name=queue, body=body))

    def probe(self) -> int:
        """Send one message to the neighbour. Return how many slow messages were done until it was delivered."""
        pace = self.pace
        with pace.changed:
            before, seen = pace.slow, pace.fast
        self.send("town.light", iter([f"light {seen}"]))
        with pace.changed:
            assert pace.changed.wait_for(lambda: pace.fast > seen, timeout=PATIENCE)
            return pace.slow - before

    def wait(self, slow: int) -> None:
        with self.pace.changed:
            assert self.pace.changed.wait_for(lambda: self.pace.slow >= slow, timeout=PATIENCE)

    def stop(self) -> None:
        self.pace.hurry.set()
        self.engine.stop()
        self.store.close()


def probed(running: Town) -> list[int]:
    """Load the slow consumer, and send to its neighbour meanwhile."""
    running.send("town.heavy", (f"heavy {number}" for number in range(BACKLOG)))
    running.engine.start()
    running.wait(2 * THREADS)
    return [running.probe() for _ in range(PROBES)]


@pytest.mark.serial
def test_a_neighbour_is_served_at_once_and_the_backlog_is_done_once(tmp_path: Path) -> None:
    running = Town(tmp_path / "oort.db")
    try:
        assert max(probed(running)) <= MOST
        depth = running.engine.ports.queue_inspection.depth("town.heavy")
        assert (
            depth.waiting + depth.in_flight + running.pace.slow >= BACKLOG
        )  # nothing left the queue undone
        assert depth.waiting > BACKLOG / 2
        running.pace.hurry.set()
        running.wait(BACKLOG)
    finally:
        running.stop()
    store = GroupCommitStore(tmp_path / "oort.db")
    tables = Tables(store, platform=load([town]).model, clock=SystemClock())
    done = [tables.get("town.done", (f"heavy {number}",)) for number in range(BACKLOG)]
    store.close()
    assert [item["count"] for item in done if item is not None] == [1] * BACKLOG


@pytest.mark.serial
def test_without_shares_the_neighbour_waits_for_the_backlog(tmp_path: Path) -> None:
    running = Town(tmp_path / "oort.db")
    running.engine._dispatcher._shares = Unfair(THREADS)
    try:
        assert max(probed(running)) > MOST
    finally:
        running.stop()
