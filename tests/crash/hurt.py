"""A trial with hurt workers: load, hurts from inside and from outside, a stop, repair, and the laws.

What was acknowledged to clients is the ledger. The platform is tests/platforms/hurting.
"""

import http.client
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from hurting.hurts import ALWAYS, HURTS, MOMENTS, PLACES

from oort.cli.wiring import embedded, platforms
from oort.engine.engine import Engine
from oort.engine.rows import messages
from oort.engine.rows.encoding import decoded
from oort.engine.store.session import Session
from tests.crash import census
from tests.crash.census import PARENT_ONLY, Census
from tests.crash.processes import ROOT, Process, free_port, until

PLATFORM = ROOT / "tests" / "platforms" / "hurting"
QUEUES = {"count": "orders.count", "work": "orders.jobs", "reserve": "stock.reserve"}
PLAIN = "plain"
_CLIENTS = 4
_PAUSE = 0.1  # seconds between two signals, on average
_STOPPED = 0.1  # share of SIGSTOP among the signals: a process that hangs
_DRAIN = "6s"
_HANGS = 2.5  # seconds until a request that hangs has lost its process
_SLOWEST = 5.0  # seconds for a calm request, on a busy machine
_COSTLY = ("leak", "chatter")  # each costs a second of CPU or of memory
_LATER = (502, 503, 504)


@dataclass(slots=True)
class Ledger:
    """What clients know."""

    acknowledged: set[str] = field(default_factory=set[str])
    notes: set[str] = field(default_factory=set[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    calm: Counter[int] = field(default_factory=Counter[int])
    slowest: float = 0.0  # seconds of a calm request
    signals: Counter[str] = field(default_factory=Counter[str])


@dataclass(slots=True)
class Books:
    """What the state holds: items by table, effects, and the places of each message."""

    placed: set[str] = field(default_factory=set[str])
    notes: set[str] = field(default_factory=set[str])
    effects: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    copies: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[str]](list)
    )


@dataclass(slots=True)
class Result:
    """What a trial showed. `faults` are the laws that were broken."""

    ledger: Ledger
    faults: list[str]
    places: Counter[str]
    hurts: int

    def __str__(self) -> str:
        ledger = self.ledger
        places = ", ".join(f"{count:,} {place}" for place, count in sorted(self.places.items()))
        statuses = ", ".join(
            f"{count:,} x {status}" for status, count in sorted(ledger.statuses.items())
        )
        signals = ", ".join(f"{count:,} {name}" for name, count in sorted(ledger.signals.items()))
        return (
            f"hurt workers: {self.hurts:,} hurts from inside; from outside {signals}; "
            f"{len(ledger.acknowledged):,} orders acknowledged ({statuses}); "
            f"{ledger.calm.total():,} calm requests, the slowest {ledger.slowest:.2f} s; "
            f"at the stop: {places}; {len(self.faults)} laws broken"
        )


def natures(count: int, *, seed: int, costly: int) -> list[str]:
    """Return the natures of so many orders: every hurt at every place in turn, and plain orders between.

    `costly` is the largest number of hurts that cost seconds.
    """
    chosen = random.Random(seed)  # repeatability is the purpose
    cheap = [name for name in HURTS if name not in _COSTLY]
    every = [f"{place}.{moment}.{name}" for place in PLACES for moment in MOMENTS for name in cheap]
    chosen.shuffle(every)
    some = [
        f"{chosen.choice(PLACES)}.{chosen.choice(MOMENTS)}.{_COSTLY[number % len(_COSTLY)]}"
        for number in range(costly)
    ]
    hurting = [*some, f"{ALWAYS}.exit", f"{ALWAYS}.fail", *every]
    return [hurting[number // 2 % len(hurting)] if number % 2 else PLAIN for number in range(count)]


class Trial:
    """A platform under load whose workers are hurt. `command` starts it; see `Process`."""

    def __init__(
        self, command: Sequence[str], folder: Path, *, seed: int = 1, harms: bool = True
    ) -> None:
        self._command = command
        self._state = folder / "state"
        self._world = folder / "world"
        self._world.mkdir()
        self._ledger = Ledger()
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._seed = seed
        self._harms = harms  # workers are hurt from outside, too
        self._faults: list[str] = []
        self._program = platforms.load(PLATFORM)[1]

    def run(self, orders: int, *, costly: int = 2, patient: bool = False) -> Result:
        """Place orders while workers are hurt, stop, look, repair, and look again.

        A `patient` trial waits until idle processes have ended.
        """
        with self._start() as process:
            before = self._warm(process)
            self._load(process, natures(orders, seed=self._seed, costly=costly))
            self._settle(process, before, patient=patient)
            self._stop(process)
        places = Counter[str]()
        with embedded.at_rest(self._program, self._state) as engine:
            self._look(_books(engine), places)
            hurts = len(list(self._world.glob("*.done")))
            (self._world / "healed").touch()
            for queue in QUEUES.values():
                engine.ports.queue_inspection.redrive(queue)
        if not self._faults:
            self._finish()
        return Result(self._ledger, self._faults, places, hurts)

    def _start(self) -> Process:
        return Process(
            [*self._command, str(PLATFORM), "--no-throttle", "--drain", _DRAIN],
            port=free_port(),
            state=self._state,
            environment={"HURTING_FOLDER": str(self._world)},
        )

    def _warm(self, process: Process) -> Census:
        """Let every service have a worker, and count."""
        client = _Client(process.port)
        self._calm(client, "first")
        self._order(client, "first", PLAIN)
        until(lambda: len(census.taken(process.pid).workers) >= len(self._services()), "workers")
        client.close()
        until(lambda: self._pids() != [], "a handler")
        return self._steady(process)

    def _steady(self, process: Process) -> Census:
        """Count as soon as nothing changes any more."""
        counts = [census.taken(process.pid)]

        def same() -> bool:
            time.sleep(0.1)
            counts.append(census.taken(process.pid))
            return counts[-1] == counts[-2]

        until(same, "two equal counts")
        return counts[-1]

    def _services(self) -> set[str]:
        return {function.service for function in self._program.model.functions}

    def _load(self, process: Process, chosen: list[str]) -> None:
        """Place the orders from some clients at once; others stay calm, and somebody kills workers."""
        waiting = [(f"o{number}", nature) for number, nature in enumerate(chosen)]
        over = threading.Event()
        clients = [
            threading.Thread(target=self._place, args=(process.port, waiting))
            for _ in range(_CLIENTS)
        ]
        beside = [threading.Thread(target=self._stay_calm, args=(process.port, over))]
        if self._harms:
            beside.append(threading.Thread(target=self._harm, args=(over,)))
        for thread in (*clients, *beside):
            thread.start()
        for thread in clients:
            thread.join()
        over.set()
        for thread in beside:
            thread.join()

    def _place(self, port: int, waiting: list[tuple[str, str]]) -> None:
        client = _Client(port)
        while waiting:
            with self._lock:
                if not waiting:
                    break
                order, nature = waiting.pop()
            self._order(client, order, nature)
        client.close()

    def _order(self, client: "_Client", id: str, nature: str) -> None:
        """Ask until there is an answer that says whether the order was placed."""
        for _ in range(20):
            status = client.ask("POST", f"/orders/{id}/{nature}")
            with self._lock:
                self._ledger.statuses[status] += 1
                if status in (201, 409):  # 409: an attempt without an answer had been done
                    self._ledger.acknowledged.add(id)
                    return
                if status not in _LATER and not (status == 500 and nature.startswith("request.")):
                    self._faults.append(f"order {id} ({nature}) was answered with {status}")
                    return

    def _stay_calm(self, port: int, over: threading.Event) -> None:
        client, number = _Client(port), 0
        while not over.wait(0.01):
            number += 1
            self._calm(client, f"n{number}")
        client.close()

    def _calm(self, client: "_Client", id: str) -> None:
        began = time.monotonic()
        status = client.ask("PUT", f"/calm/{id}")
        self._ledger.slowest = max(self._ledger.slowest, time.monotonic() - began)
        self._ledger.calm[status] += 1
        if status == 200:
            self._ledger.notes.add(id)

    def _harm(self, over: threading.Event) -> None:
        """Kill or stop workers of the hurt services from outside."""
        while not over.wait(self._random.uniform(0, 2 * _PAUSE)):
            pids = self._pids()
            if not pids:
                continue
            number = signal.SIGSTOP if self._random.random() < _STOPPED else signal.SIGKILL
            pid = self._random.choice(pids)
            if census.send(pid, number):
                self._ledger.signals[number.name] += 1

    def _pids(self) -> list[int]:
        """Return the workers that have run a handler that may be hurt, and forget those that are gone."""
        pids = list[int]()
        for file in self._world.glob("*.pid"):
            if Path("/proc", file.stem).exists():
                pids.append(int(file.stem))
            else:
                file.unlink(missing_ok=True)
        return pids

    def _settle(self, process: Process, before: Census, *, patient: bool) -> None:
        """Compare processes and descriptors with those at the start. Give what is dying some seconds."""
        time.sleep(_HANGS)  # a process has no other sign that its request hangs
        seen = census.taken(process.pid)

        def settled() -> bool:
            nonlocal seen
            time.sleep(0.1)
            seen = census.taken(process.pid)
            same = seen.others == PARENT_ONLY and seen.steady == before.steady
            return same and (not patient or len(seen.workers) <= len(before.workers))

        try:
            until(settled, "the processes of the start", patience=60 if patient else 5)
        except AssertionError:
            self._faults.append(
                f"processes and descriptors at the start {before}, in the end {seen}"
            )

    def _stop(self, process: Process) -> None:
        if (status := process.stop()) != 0:
            self._faults.append(f"the platform ended with status {status}")

    def _finish(self) -> None:
        """Start again without hurts, and wait until every effect is there."""
        with self._start() as process:
            with embedded.at_rest(self._program, self._state) as engine:

                def done() -> bool:
                    time.sleep(0.1)  # a look costs as much as a delivery
                    return engine.ports.tables._store.row(_UNDONE) is None

                try:
                    until(done, "the end of all deliveries", patience=30)
                except AssertionError as error:
                    self._faults.append(str(error))
                self._look(_books(engine), Counter())
                self._missing(_books(engine))
            self._stop(process)

    def _look(self, books: Books, places: Counter[str]) -> None:
        """Look at the laws."""
        ledger = self._ledger
        gone = (ledger.acknowledged - books.placed) | (ledger.notes - books.notes)
        self._faults += [f"{order} was acknowledged and is gone" for order in sorted(gone)]
        if set(ledger.calm) != {200}:
            self._faults.append(f"calm requests were answered with {dict(ledger.calm)}")
        if ledger.slowest > _SLOWEST:
            self._faults.append(f"a calm request took {ledger.slowest:.1f} s")
        for order in sorted(books.placed):
            for consumer, queue in QUEUES.items():
                copies = books.copies.get((queue, order), [])
                if not copies and not books.effects[consumer, order]:
                    self._faults.append(f"{consumer} will never happen for {order}")
                if len(copies) > 1:
                    self._faults.append(f"the message to {queue} for {order} is in {copies}")
                places[copies[0] if copies else "done"] += 1
        self._faults += [
            f"{consumer} happened {count} times for {order}"
            for (consumer, order), count in books.effects.items()
            if count > 1 or order not in books.placed
        ]

    def _missing(self, books: Books) -> None:
        self._faults += [
            f"{consumer} did not happen for {order}, though everything was repaired"
            for order in sorted(books.placed)
            for consumer in QUEUES
            if not books.effects[consumer, order]
        ]


class _Client:
    """A client with a connection that it opens again after a failure."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method: str, path: str) -> int:
        """Send a request and return the status; 0 without an answer."""
        try:
            self._connection.request(method, path)
            reply = self._connection.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0
        return reply.status

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _books(engine: Engine) -> Books:
    return engine.ports.tables._store.read(_read)


_UNDONE = "SELECT 1 FROM outbox UNION ALL SELECT 1 FROM messages LIMIT 1"


def _read(session: Session) -> Books:
    books = Books()
    for table, value in session.rows("SELECT tbl, value FROM items"):
        item: dict[str, Any] = decoded(value)
        if table == "orders.placed":
            books.placed.add(item["id"])
        elif table == "calm.notes":
            books.notes.add(item["id"])
        else:
            consumer, _, order = item["id"].partition(" ")
            books.effects[consumer, order] = item["count"]
    for kind, name, payload in session.rows("SELECT kind, name, payload FROM outbox"):
        queues = (QUEUES["count"], QUEUES["reserve"]) if kind == "publish" else (name,)
        for queue in queues:
            books.copies[queue, _order_of(payload)].append("in flight")
    for place, table in (("in flight", "messages"), ("parked", "parked"), ("dead", "dead")):
        for queue, payload in session.rows(f"SELECT queue, payload FROM {table}"):
            books.copies[queue, _order_of(payload)].append(place)
    return books


def _order_of(payload: bytes) -> str:
    return str(msgspec.json.decode(messages.unpacked(payload).body)["id"])
