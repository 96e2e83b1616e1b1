"""One run on a disk that loses power: write in groups, cut, start again on what is left, and look at the laws.

The store is the one of a running platform, with its encryption and its group commit; the ports of the engine write. The same seed cuts at
the same operation: python -m tests.crash.cuts SEED
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import apsw

from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.rows import messages
from oort.engine.rows.encoding import decoded
from oort.engine.services import bundle
from oort.engine.services.bundle import EnginePorts
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Row, Session, Value
from oort.model.errors import StateUnusable, StateUnwritable
from oort.model.items import AddTo
from oort.model.messages import Message
from oort.model.operations import PutItem, SendMessage, UpdateItem
from tests.crash import power
from tests.crash.orders import orders
from tests.crash.outcomes import ALL, Outcome

T = TypeVar("T")

KEY = "0c" * 32
QUEUE = "orders.jobs"
ROUNDS = 3
GROUPS = (2, 10)  # in a round without a cut
OPERATIONS = (0, 160)  # until the cut
SIZES = (10, 400, 9_000)  # bytes of an item, up to some pages
PAGES = (4, 40, 4000)  # between two checkpoints
FULL_FOR = (1, 60)  # operations without space
FULL, NORMAL = "FULL", "NORMAL"
MEMORY = Path("/dev/shm")


@dataclass(slots=True)
class Known:
    """What the writers know: transactions and messages by their number."""

    written: set[str] = field(default_factory=set[str])  # acknowledged
    tried: set[str] = field(default_factory=set[str])
    done: set[str] = field(default_factory=set[str])  # messages whose end was acknowledged
    ending: set[str] = field(default_factory=set[str])


class _Gathering:
    """A `Store` whose writes join one group. Their results come later."""

    def free(self) -> int | None:
        """See `Store.free`."""
        return None

    def __init__(self, store: GroupCommitStore) -> None:
        self.on_commit: Callable[[], None] = lambda: None
        self.commit_seconds = 0.0
        self._store = store
        self._futures: list[Future[object]] = []

    def group(self, writes: Sequence[Callable[[], object]]) -> bool:
        """Hand in all writes while the writer waits. True if all were acknowledged."""
        with self._store._arrived:
            for write in writes:
                write()
        futures, self._futures = self._futures, []
        outcomes = [future.exception() for future in futures]  # waits for every write
        return not any(outcomes)

    def write(self, work: Callable[[Session], T]) -> T:
        future = self._store.submit(work)
        self._futures.append(future)  # type: ignore[arg-type]
        return None  # type: ignore[return-value]

    def read(self, work: Callable[[Session], T]) -> T:
        return self._store.read(work)

    def row(self, sql: str, *values: Value) -> Row | None:
        return self._store.row(sql, *values)

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        return self._store.submit(work)

    def begin(self, work: Callable[[Session], T], then: Callable[[T | Exception], None]) -> None:
        self._store.begin(work, then)

    def later(self, work: Callable[[Session], object]) -> None:
        self._store.later(work)

    def data_version(self) -> int:
        return self._store.data_version()

    def close(self) -> None:
        self._store.close()


class Cuts:
    """A run of some rounds. In each, the disk may be full for a time if it `fills`. The rest is for controls."""

    def __init__(
        self,
        seed: int,
        *,
        lies: bool = False,
        synchronous: str = FULL,
        fills: bool = False,
        swallows: bool = False,
    ) -> None:
        self.outcome = Outcome(seed)
        self._random = random.Random(seed)
        self._lies = lies
        self._fills = fills or swallows
        self._swallows = swallows
        self._synchronous = synchronous
        self._known = Known()
        self._platform = _PLATFORM
        self._number = 0

    def run(self) -> Outcome:
        """Cut the power in each round, and look at what is left."""
        image: dict[str, bytes] = {}
        base = MEMORY if MEMORY.is_dir() else None
        with power.quiet(), tempfile.TemporaryDirectory(prefix="oort-power-", dir=base) as folder:
            for number in range(ROUNDS):
                place = Path(folder, str(number))
                place.mkdir()
                power.restore(image, place)
                disk = self._disk()
                disk.load(image)
                self._work(place, disk)
                image = disk.cut()
                if disk.refused:
                    self.outcome.crashes["a full disk"] += 1
                at = disk.at or "nothing was under way"
                self.outcome.crashes.update((f"cut: {at}", ALL))
                self._tell(
                    f"cut: {at}; left: { ({name: len(data) for name, data in image.items()}) }"
                )
                after = Path(folder, f"after {number}")
                after.mkdir()
                power.restore(image, after)
                if not self._look(after):
                    break
        return self.outcome

    def _disk(self) -> power.Disk:
        disk = power.Disk(self._random, self._random.randint(*OPERATIONS), lies=self._lies)
        if self._fills:
            start = self._random.randint(*OPERATIONS)
            disk.operations = self._random.choice((None, disk.operations))
            disk.full = range(start, start + self._random.randint(*FULL_FOR))
            disk.swallows = self._swallows
        return disk

    def _work(self, place: Path, disk: power.Disk) -> None:
        with suppress(StateUnusable):  # without power nothing works, and nothing is acknowledged
            store = GroupCommitStore(place / "oort.db", key=KEY, vfs=power.connect(disk))
            try:
                self._set_up(store)
                gathering = _Gathering(store)
                together = bundle.on(gathering, platform=self._platform, clock=VirtualClock())
                alone = bundle.on(store, platform=self._platform, clock=VirtualClock())
                for _ in range(self._random.randint(*GROUPS)):
                    with suppress(StateUnwritable):  # no space, and perhaps later there is
                        self._step(disk, gathering, together, alone)
                    if disk.off:
                        break
            finally:
                with suppress(
                    apsw.FullError
                ):  # of the checkpoint; SQLite in C closes without a word
                    store.close()

    def _set_up(self, store: GroupCommitStore) -> None:
        pages = self._random.choice(PAGES)
        store.write(lambda session: session.rows(f"PRAGMA wal_autocheckpoint = {pages}"))
        if self._synchronous != FULL:
            store._writing.execute(f"PRAGMA synchronous = {self._synchronous}")

    def _step(
        self, disk: power.Disk, gathering: _Gathering, together: EnginePorts, alone: EnginePorts
    ) -> None:
        kind = self._random.choices(("write", "relay", "deliver"), (5, 2, 2))[0]
        if kind == "relay":
            alone.relay.move()
        elif kind == "deliver":
            received = alone.deliveries.receive(QUEUE, most=self._random.randint(1, 4))
            numbers = {delivery.message.id for delivery in received}
            self._known.ending |= numbers
            alone.deliveries.acknowledge(QUEUE, [delivery.receipt for delivery in received])
            if not disk.off:
                self._known.done |= numbers
        else:
            numbers = {self._next() for _ in range(self._random.randint(1, 5))}
            self._known.tried |= numbers
            writes = [self._write(together, number) for number in sorted(numbers)]
            if gathering.group(writes) and not disk.off:
                self._known.written |= numbers
        self._tell(f"{kind}{' without power' if disk.off else ''}")

    def _write(self, ports: EnginePorts, number: str) -> Callable[[], object]:
        text = "x" * self._random.choice(SIZES)
        writes = (
            PutItem("orders.placed", {"id": number, "nature": text}),
            SendMessage(QUEUE, Message(id=number, name=QUEUE, body=b"null")),
            PutItem("orders.prices", {"id": number, "nature": text}),
            UpdateItem(
                "orders.effects",
                ("all",),
                (AddTo(("count",), 1),),
                initial={"id": "all", "count": 0},
            ),
        )
        return lambda: ports.transactions.commit(writes, None)

    def _next(self) -> str:
        self._number += 1
        return f"{self._number:04}"

    # -- the laws

    def _look(self, folder: Path) -> bool:
        """Open what is left and look at the laws. False if it cannot be opened."""
        if not (folder / "oort.db").exists():
            self._judge(_Content())
            return not self._known.written
        try:
            store = DirectStore(folder / "oort.db", key=KEY)
        except StateUnusable as error:
            self.outcome.faults.append(f"the state cannot be opened: {error}")
            return False
        try:
            self._judge(store.read(_content))
        except StateUnusable as error:
            self.outcome.faults.append(f"the state cannot be read: {error}")
            return False
        finally:
            store.close()
        return True

    def _judge(self, content: "_Content") -> None:
        known, fault = self._known, self.outcome.faults.append
        if content.integrity != "ok":
            fault(f"the database is damaged: {content.integrity}")
        for number in sorted(known.written - content.placed):
            fault(f"{number} was acknowledged and is gone")
        if content.placed != content.priced or content.count != len(content.placed):
            fault(
                "a part of a transaction is there: "
                f"{content.count} effects, {content.placed ^ content.priced}"
            )
        for number in sorted(content.placed - content.sent.keys() - known.ending):
            fault(f"the message of {number} is gone")
        for number, count in sorted(content.sent.items()):
            if count > 1 or number not in content.placed:
                fault(f"the message of {number} is there {count} times, and nothing else of it")
            if number in known.done:
                fault(f"the message of {number} was acknowledged and is there again")
        self._tell(f"{sorted(content.placed)}; acknowledged: {sorted(known.written)}")
        # What was seen after a start stays.
        known.written |= content.placed
        known.done |= known.ending - content.sent.keys()
        self.outcome.places.update(
            {
                "acknowledged": len(known.written),
                "done": len(known.done),
                "waiting": len(content.sent),
            }
        )

    def _tell(self, what: str) -> None:
        self.outcome.story.append(what)


@dataclass(slots=True)
class _Content:
    """What is in a database."""

    integrity: str = "ok"
    placed: set[str] = field(default_factory=set[str])
    priced: set[str] = field(default_factory=set[str])
    count: int = 0
    sent: Counter[str] = field(default_factory=Counter[str])


def _content(session: Session) -> _Content:
    content = _Content(integrity=str(session.rows("PRAGMA integrity_check")[0][0]))
    for table, value in session.rows("SELECT tbl, value FROM items"):
        item = decoded(value)
        if table == "orders.effects":
            content.count = int(str(item["count"]))
        else:
            numbers = content.placed if table == "orders.placed" else content.priced
            numbers.add(str(item["id"]))
    for (payload,) in session.rows(
        "SELECT payload FROM messages UNION ALL SELECT payload FROM outbox"
    ):
        content.sent[messages.unpacked(payload).id] += 1
    return content


_PLATFORM = load([orders]).model


def run(seed: int) -> Outcome:
    """Run one seed on the store as it is."""
    return Cuts(seed).run()


def run_filling(seed: int) -> Outcome:
    """Run one seed on a disk that is full for a time."""
    return Cuts(seed, fills=True).run()


def main() -> int:
    """Show one run, step by step."""
    outcome = run(int(sys.argv[1]))
    print("\n".join((*outcome.story, *outcome.faults)))  # noqa: T201  its purpose
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
