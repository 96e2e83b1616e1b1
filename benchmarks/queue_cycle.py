"""Claim: durable send, lease and acknowledgement of a message, against the same three statements in raw SQLite.

Oort's side is the engine as in production, without HTTP and without a handler: 64 threads send, the dispatcher and its threads
lease and settle, the outbox is looked at. The rival commits 64 rows in each transaction: one inserts them, one reads and leases
them, one deletes them. Both use the same cipher, schema, settings and disk, and pack and unpack the same messages.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

import apsw

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.enqueue import (
    INSERT,
    PRODUCERS,
    QUEUE,
    Spent,
    bench,
    by_threads,
    message,
    opened_raw,
    opened_store,
    timed,
)
from benchmarks.figures import Figure, ratio
from oort.app.loading.loader import load
from oort.engine.engine import CONSUMER_THREADS
from oort.engine.entropy import SystemEntropy
from oort.engine.invoking.cutoff import Cutoff
from oort.engine.invoking.dispatcher import Consumers, Dispatcher
from oort.engine.rows import messages
from oort.engine.services import bundle
from oort.engine.store.group import GroupCommitStore
from oort.model.invocations import (
    BatchOutcome,
    CallOutcome,
    DeliveryReport,
    HttpInvocation,
    HttpOutcome,
)
from oort.model.messages import Delivery
from oort.model.operations import CallFunction
from oort.runtime.parking import Alarms
from oort.runtime.system import SystemClock

LEASED = 30.0  # seconds
PATIENCE = 120.0
_NEXT = (
    "SELECT seq, attempts, payload FROM messages WHERE queue = ? AND visible <= ? "
    "ORDER BY visible, seq LIMIT ?"
)
_LEASE = "UPDATE messages SET visible = ?, attempts = ?, leased = 1 WHERE seq = ?"
_ACKNOWLEDGE = "DELETE FROM messages WHERE seq = ? AND queue = ? AND attempts = ? AND leased = 1 AND visible > ?"


class NoHandler:
    """An invoker for batches that runs nothing: what is measured is the queue."""

    def batch(self, name: str, deliveries: tuple[Delivery, ...], *, id: str) -> BatchOutcome:  # noqa: ARG002
        """Every message succeeds."""
        return BatchOutcome(failures=())

    def request(
        self, name: str, invocation: HttpInvocation, *, cutoff: Cutoff | None = None
    ) -> HttpOutcome:
        """Never called."""
        raise NotImplementedError

    def call(self, name: str, operation: CallFunction) -> CallOutcome:
        """Never called."""
        raise NotImplementedError

    def wind_down(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing is open."""


class Settled:
    """Counts the deliveries whose end is durable."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = threading.Condition()

    def add(self, _: DeliveryReport) -> None:
        """Count one."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def await_number(self, number: int) -> None:
        """Wait until so many were counted, from then on count from zero."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._number >= number, timeout=PATIENCE):
                raise RuntimeError(f"{self._number} of {number} messages were settled.")
            self._number = 0


def measure(effort: Effort) -> list[Figure]:
    """Let both carry messages in turn."""
    each = int(100 * effort.seconds)  # messages of a producer in one round
    key = os.urandom(32).hex()
    with ExitStack() as stack:
        folder = stack.enter_context(programs.scratch())
        store = stack.enter_context(opened_store(folder / "oort.db", key))
        ours = stack.enter_context(engine(store))
        raw = stack.enter_context(opened_raw(folder / "raw.db", key))
        contenders: list[Callable[[int], None]] = [ours, lambda each: in_transactions(raw, each)]
        for run in contenders:
            run(2)
        rounds = [[timed(run, each) for run in contenders] for _ in range(effort.rounds)]
    return _figures([one[0] for one in rounds], [one[1] for one in rounds])


@contextmanager
def engine(store: GroupCommitStore) -> Iterator[Callable[[int], None]]:
    """The queue and the dispatcher as in production. The function carries messages until all are settled."""
    platform, clock, entropy, settled = (
        load([bench]).model,
        SystemClock(),
        SystemEntropy(),
        Settled(),
    )
    ports = bundle.on(store, platform=platform, clock=clock)
    failures: list[Exception] = []
    consumers = Consumers(
        platform, deliveries=ports.deliveries, invoker=NoHandler(), traces=ports.traces, clock=clock,
        entropy=entropy, report=settled.add, alarms=Alarms(ports.transactions),
    )  # fmt: skip
    dispatcher = Dispatcher(
        consumers, relay=lambda: ports.relay.move() + ports.schedules.fire(), ready=ports.deliveries.ready_queues,
        due=ports.deliveries.next_due, version=store.data_version, clock=clock,
        threads=CONSUMER_THREADS, failed=failures.append,
    )  # fmt: skip

    def run(each: int) -> None:
        by_threads(ports.queues, each)
        settled.await_number(each * PRODUCERS)
        if failures:
            raise failures[0]

    store.on_commit = dispatcher.wake
    dispatcher.start()
    try:
        yield run
    finally:
        dispatcher.stop()


def in_transactions(connection: apsw.Connection, each: int) -> None:
    """The rival: three transactions for 64 messages."""
    for _ in range(each):
        now = time.time()
        rows = [(QUEUE, now, now, messages.packed(message())) for _ in range(PRODUCERS)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
        now = time.time()
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute(_NEXT, (QUEUE, now, PRODUCERS)).fetchall()
        leases = [(now + LEASED, int(str(tried)) + 1, seq) for seq, tried, _ in found]
        connection.executemany(_LEASE, leases)
        connection.execute("COMMIT")
        for _, _, payload in found:
            assert isinstance(payload, bytes)
            messages.unpacked(payload)
        now = time.time()
        connection.execute("BEGIN IMMEDIATE")
        ends = [(seq, QUEUE, tried, now) for _, tried, seq in leases]
        connection.executemany(_ACKNOWLEDGE, ends)
        connection.execute("COMMIT")


def _figures(ours: list[Spent], raw: list[Spent]) -> list[Figure]:
    faster = ratio([1 / one.wall for one in ours], [1 / one.wall for one in raw])
    more_cpu = ratio([one.cpu for one in ours], [one.cpu for one in raw])
    return [
        Figure("queue-cycle.ratio", "messages/s, to raw SQLite's", faster, "x"),
        Figure("queue-cycle.cpu-ratio", "CPU a message, to raw SQLite's", more_cpu, "x"),
        *_absolute("oort", f"Oort: 64 threads send, {CONSUMER_THREADS} settle", ours),
        *_absolute("raw", "Raw SQLite: 64 rows in each of three transactions", raw),
    ]


def _absolute(name: str, what: str, runs: list[Spent]) -> list[Figure]:
    rate, cpu = 1 / median(one.wall for one in runs), median(one.cpu for one in runs)
    return [
        Figure(f"queue-cycle.{name}.rate", what, rate, "messages/s"),
        Figure(f"queue-cycle.{name}.cpu", f"{what}, CPU a message", cpu * 1e6, "µs"),
    ]
