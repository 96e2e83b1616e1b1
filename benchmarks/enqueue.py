"""Claim: a durable send by 64 producers at once, against raw SQLite that commits 64 rows a transaction.

Both write the same rows through the same cipher, schema, settings and disk. Producers are threads,
as the environments of the in-process engine are; a third contender hands the same sends in from one
thread, to show what waking threads costs.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import apsw
import msgspec

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from oort import Can, Queue, Service
from oort.app.loading.loader import load
from oort.engine.rows import messages
from oort.engine.services.queues import Queues
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.store import connect
from oort.model.messages import Message
from oort.runtime.system import SystemClock

PRODUCERS = 64
QUEUE = "bench.jobs"
INSERT = (
    "INSERT INTO messages(queue, sent, visible, attempts, leased, payload) VALUES(?, ?, ?, 0, 0, ?)"
)


bench = Service("bench")


class Job(msgspec.Struct):
    """What the producers send."""

    to: str
    text: str


@bench.queue("jobs")
class Jobs(Queue[Job, Can]):
    """A queue that nobody empties."""


@bench.worker(Jobs, batch=10)
def work(job: Job) -> None:
    """Never called: there is no dispatcher here, and an invoker that does nothing in queue_cycle.py."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a number of sends took, in seconds a send."""

    wall: float
    cpu: float


def measure(effort: Effort) -> list[Figure]:
    """Let the three send in turn."""
    each = int(20 * effort.seconds)  # sends of a producer in one round
    key = os.urandom(32).hex()
    with (
        programs.scratch() as folder,
        opened_store(folder / "oort.db", key) as store,
        opened_raw(folder / "raw.db", key) as raw,
    ):
        queues = Queues(store, platform=load([bench]).model, clock=SystemClock())
        contenders: list[Callable[[int], None]] = [
            lambda sends: by_threads(queues, sends),
            lambda sends: by_one_thread(store, sends),
            lambda sends: in_transactions(raw, sends),
        ]
        for run in contenders:
            run(2)
        rounds = [[timed(run, each) for run in contenders] for _ in range(effort.rounds)]
    threads, single, plain = ([one[place] for one in rounds] for place in range(3))
    return _figures(threads, single, plain)


def timed(run: Callable[[int], None], each: int) -> Spent:
    """Let every producer send so often."""
    cpu, wall = time.process_time(), time.perf_counter()
    run(each)
    sends = each * PRODUCERS
    return Spent((time.perf_counter() - wall) / sends, (time.process_time() - cpu) / sends)


def by_threads(queues: Queues, each: int) -> None:
    """Each producer is a thread that waits until its message is durable before it sends the next one."""

    def produce() -> None:
        for _ in range(each):
            queues.send(QUEUE, message())

    producers = [threading.Thread(target=produce) for _ in range(PRODUCERS)]
    for one in producers:
        one.start()
    for one in producers:
        one.join()


def by_one_thread(store: GroupCommitStore, each: int) -> None:
    """64 sends are under way at any time, handed in by one thread: no thread is woken for a single send."""
    under_way: deque[Future[None]] = deque()
    for _ in range(each * PRODUCERS):
        if len(under_way) == PRODUCERS:
            under_way.popleft().result()
        now = time.time()
        payload = messages.packed(message())
        under_way.append(
            store.submit(lambda session, payload=payload, now=now: messages.add(  # type: ignore[misc]
                session, QUEUE, payload, sent=now, visible=now
            ))
        )  # fmt: skip
    while under_way:
        under_way.popleft().result()


def in_transactions(connection: apsw.Connection, each: int) -> None:
    """The rival: nothing but SQLite, 64 rows a transaction."""
    for _ in range(each):
        now = time.time()
        rows = [(QUEUE, now, now, messages.packed(message())) for _ in range(PRODUCERS)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")


def _figures(threads: list[Spent], single: list[Spent], plain: list[Spent]) -> list[Figure]:
    def faster(ours: list[Spent]) -> float:
        return ratio([1 / one.wall for one in ours], [1 / one.wall for one in plain])

    def absolute(name: str, runs: list[Spent]) -> list[Figure]:
        slug = f"enqueue.{name.split(maxsplit=1)[0].lower()}"
        return [
            Figure(f"{slug}.rate", f"{name}", 1 / median(one.wall for one in runs), "sends/s"),
            Figure(
                f"{slug}.cpu", f"{name}, CPU a send", median(one.cpu for one in runs) * 1e6, "µs"
            ),
        ]

    return [
        Figure("enqueue.ratio", "64 threads: sends/s, to raw SQLite's", faster(threads), "x"),
        Figure(
            "enqueue.single-ratio", "64 under way from one thread: the same", faster(single), "x"
        ),
        *absolute("Threads: 64 that wait", threads),
        *absolute("Single thread, 64 under way", single),
        *absolute("Raw SQLite, 64 rows a transaction", plain),
    ]


_numbers = count()


def message() -> Message:
    """A message unlike any other, since SQLite does not sync what does not change."""
    number = next(_numbers)
    return Message(
        id=f"m{number}",
        name=QUEUE,
        body=b'{"to":"%d","text":"%s"}' % (number, b"lorem ipsum " * 20),
    )


@contextmanager
def opened_store(path: Path, key: str) -> Iterator[GroupCommitStore]:
    """Oort's store."""
    store = GroupCommitStore(path, key=key)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_raw(path: Path, key: str) -> Iterator[apsw.Connection]:
    """A connection with the same cipher, schema and settings."""
    connection = connect(path, key=key)
    try:
        yield connection
    finally:
        connection.close()
