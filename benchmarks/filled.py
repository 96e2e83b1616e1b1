"""Stores of the growth claim: filled in large transactions, by the functions with which the engine writes rows.

Requests would take an hour for a million items. The rows are the same as those of requests: items are checked,
encoded and indexed by `rows.items`, messages are added by `rows.messages`, in the encrypted file of a state folder.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.grown.shelves import shelves
from benchmarks.processes import ROOT
from oort.app.loading.loader import load
from oort.engine.rows import items, messages
from oort.engine.services import bundle
from oort.engine.services.bundle import EnginePorts
from oort.engine.state.folder import open_state
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import unlock
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.session import Session
from oort.model.items import Item
from oort.model.messages import Message
from oort.model.operations import PutItem, QueryIndex
from oort.runtime.system import SystemClock

APP = ROOT / "benchmarks" / "grown"
TABLE, QUEUE, INDEX = "shelves.books", "shelves.jobs", "by_shelf"
PAGE = 20
_SHELVES = 10
_PIECE = 10_000  # rows a transaction
_WEAR = 100_000
_TEXT = "lorem ipsum " * 20


@dataclass(slots=True)
class Filled:
    """An open store with a number of items and of waiting messages."""

    store: GroupCommitStore
    ports: EnginePorts
    items: int
    _added: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(7))

    def get(self) -> None:
        """Read an item by its key, each time another one."""
        assert self.ports.tables.get(TABLE, (name(self._chance.randrange(self.items)),))

    def put(self) -> None:
        """Write a new item, durably."""
        self.ports.tables.put(PutItem(TABLE, item(self.items + self._added)))
        self._added += 1

    def page(self) -> None:
        """Read a page of an index, from an item in the first half of a partition on."""
        number = self._chance.randrange(self.items // 2)
        wanted = QueryIndex(TABLE, INDEX, shelf(number), at_least=name(number), limit=PAGE)
        assert len(self.ports.tables.query(wanted).items) == PAGE

    def deliver(self) -> None:
        """Send a message, receive the one that is due first, and acknowledge it: three commits."""
        self.ports.queues.send(QUEUE, message(self.items + self._added))
        self._added += 1
        received = self.ports.deliveries.receive(QUEUE, most=1)
        self.ports.deliveries.acknowledge(QUEUE, [one.receipt for one in received])

    def look(self) -> None:
        """Do what the dispatcher does at each commit: look for queues with work, and for the next moment."""
        self.ports.deliveries.ready_queues()
        self.ports.deliveries.next_due()
        self.ports.deliveries.waiting(QUEUE, most=100)


@dataclass(frozen=True, slots=True)
class Spent:
    """What an operation took, in seconds."""

    wall: float
    cpu: float


def timed(operation: Callable[[], None], times: int) -> Spent:
    """Repeat the operation; the mean."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        operation()
    return Spent((time.perf_counter() - wall) / times, (time.process_time() - cpu) / times)


def name(number: int) -> str:
    """The key of an item."""
    return f"n{number:09}"


def shelf(number: int) -> str:
    """The partition of an item in the index; each holds a tenth of the items."""
    return f"s{number % _SHELVES}"


def item(number: int) -> Item:
    """An item unlike any other."""
    return {"id": name(number), "shelf": shelf(number), "text": f"{number} {_TEXT}"}


def message(number: int) -> Message:
    """A message unlike any other."""
    return Message(id=f"m{number}", name=QUEUE, body=b'{"id":"%d"}' % number, sent=time.time())


@contextmanager
def opened(folder: Path, *, stored: int) -> Iterator[Filled]:
    """The store of the state folder `folder / "state"`, whose key is in `folder / "config"`, as `programs.oort` has it."""
    state = open_state(folder / "state")
    key = unlock(state, Keys({"XDG_CONFIG_HOME": str(folder / "config")}))
    store = GroupCommitStore(state.database, key=key)
    try:
        state.settle()
        ports = bundle.on(store, platform=load([shelves]).model, clock=SystemClock())
        ports.tables.prepare()
        yield Filled(store, ports, stored)
    finally:
        store.close()


def with_items(filled: Filled) -> None:
    """Write all items."""
    table = next(one for one in load([shelves]).model.tables if one.name == TABLE)
    moment = filled.ports.tables.moment()

    def add(session: Session, number: int) -> None:
        row = item(number)
        new = items.prepared(table, row)
        items.put(session, table, PutItem(TABLE, row), new, moment=moment)

    _in_pieces(filled.store, filled.items, add)


def with_messages(filled: Filled, number: int) -> None:
    """Put messages on the queue that may be delivered now."""
    now = time.time()

    def add(session: Session, number: int) -> None:
        payload = messages.packed(message(number))
        messages.add(session, QUEUE, payload, sent=now, visible=now)

    _in_pieces(filled.store, number, add)


def worn(filled: Filled) -> None:
    """Bring the log of writes to its usual length, and leave no message.

    A new store has a short one: its first commits make the file longer, so each costs more than later ones.
    """
    with_messages(filled, _WEAR)
    filled.store.write(lambda session: session.run("DELETE FROM messages WHERE queue = ?", QUEUE))


def _in_pieces(store: GroupCommitStore, number: int, add: Callable[[Session, int], None]) -> None:
    def write(piece: range) -> None:
        def work(session: Session) -> None:
            for one in piece:
                add(session, one)

        store.write(work)

    for start in range(0, number, _PIECE):
        write(range(start, min(start + _PIECE, number)))
