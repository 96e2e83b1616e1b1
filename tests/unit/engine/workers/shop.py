"""A program whose handlers hurt their process in every way, and an engine that runs it in workers."""

import asyncio
import ctypes
import logging
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

from oort import (
    Call,
    Can,
    Get,
    Once,
    Put,
    Queue,
    Read,
    Secret,
    Send,
    Service,
    Table,
    Update,
    call,
    fields,
)
from oort import field as field_of
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.engine.engine import Engine
from oort.engine.entropy import SystemEntropy
from oort.engine.store.group import GroupCommitStore
from oort.engine.workers import parent, worker
from oort.engine.workers.invoker import Workers
from oort.model import limits
from oort.model.invocations import BatchOutcome, HttpInvocation, HttpOutcome
from oort.model.messages import Delivery, Message
from oort.model.operations import ScanTable
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers

shop = Service("shop")
other = Service("other")
SHORT = timedelta(milliseconds=300)


class Item(msgspec.Struct):
    """Something for sale. `doing` is what happens to the process that handles it."""

    id: str
    count: int = 0
    price: Decimal = Decimal(0)
    doing: str = ""


FIELDS = fields(Item)


@shop.table("items", key="id")
class Items(Table[str, Item, Can]):
    """The stock."""


@other.table("notes", key="id")
class Notes(Table[str, Item, Can]):
    """What belongs to another service."""


@shop.queue("jobs", attempts=3)
class Jobs(Queue[Item, Can]):
    """Work."""


@shop.secret("key")
class ApiKey(Secret[str, Can]):
    """A secret."""


@call("shop.price", timeout=timedelta(seconds=5))
class Price(Call[Item, Item]):
    """Asks for a price."""


LEAK: list[bytes] = []
LEFT: list[int] = []


def hang() -> None:
    """Go on for ever, whatever is raised."""
    while True:
        try:
            time.sleep(10)
        except BaseException:  # not even TimedOut ends it
            continue


def stop() -> None:
    """Raise what ends a program."""
    raise SystemExit("stop")


# What a bad handler or library does to its process.
HURTS: dict[str, Callable[[], object]] = {
    "segfault": lambda: ctypes.string_at(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "hang": hang,
    "sleep": lambda: time.sleep(60),
    "fork": os.fork,
    "eat": lambda: bytearray(2 << 30),
    "leak": lambda: LEAK.append(b"x" * (200 << 20)),
    "raise": stop,
    "close": lambda: os.closerange(3, 64),
}


def hurt(doing: str) -> None:
    """Do this to the process, if it is known."""
    HURTS.get(doing, lambda: None)()


@shop.post("/do", public=True, timeout=SHORT)
def do(body: Item, items: Items[Put | Get]) -> Item:
    """Write, then do to the process what the body says."""
    items.put(body)
    hurt(body.doing)
    return items.require(body.id)


@shop.get("/take", public=True, timeout=timedelta(seconds=20))
def take(doing: str) -> None:
    """Take memory."""
    hurt(doing)


@shop.get("/add", public=True, timeout=timedelta(seconds=20))
def add(doing: str, items: Items[Update]) -> None:
    """Count, then do something to the process."""
    items.update("counter", field_of(FIELDS.count).add(1), initial=Item("counter"))
    hurt(doing)


@shop.get("/process", public=True)
def process() -> list[int]:
    """Return the number of the process."""
    return [os.getpid()]


@shop.get("/wait", public=True, timeout=timedelta(seconds=20))
def wait(seconds: float) -> list[int]:
    """Be busy without a use of CPU."""
    time.sleep(seconds)
    return [os.getpid()]


@shop.get("/later", public=True)
async def later() -> list[int]:
    """Run a coroutine."""
    await asyncio.sleep(0.001)
    return [os.getpid()]


@shop.get("/secret", public=True)
def secret(key: ApiKey[Read]) -> None:
    """Log a secret, and print something."""
    value = key.value()
    logging.getLogger("shop").warning("the key is %s", value)
    raise RuntimeError(value)


@shop.get("/many", public=True)
def many(items: Items[Get]) -> list[int]:
    """Use the handle from several threads."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: items.get("1"), range(40)))
    return [sum(item is not None for item in found)]


@shop.get("/ask", public=True, timeout=SHORT)
def ask(doing: str, price: Price) -> Item:
    """Call a function of the same service."""
    return price(Item("1", doing=doing))


@shop.answer(Price)
def answer(request: Item) -> Item:
    """Answer the call."""
    hurt(request.doing)
    return Item(request.id, price=Decimal("0.1"))


@shop.worker(Jobs, batch=5, timeout=SHORT)
def work(item: Item, items: Items[Put]) -> None:
    """Handle a job."""
    hurt(item.doing)
    if item.doing == "fail":
        raise ValueError(item.id)
    items.put(item)


SCAN = ScanTable("shop.items")


@call("shop.slow", timeout=timedelta(milliseconds=200))
class Slow(Call[Item, Item]):
    """A call that is answered late."""


@shop.answer(Slow, timeout=timedelta(seconds=10))
def answer_late(request: Item) -> Item:
    """Answer after a second."""
    time.sleep(1)
    return request


@shop.get("/late", public=True, timeout=timedelta(seconds=10))
def late(slow: Slow) -> Item:
    """Ask, and wait no longer than the call allows."""
    return slow(Item("1"))


@shop.get("/files", public=True)
def files() -> None:
    """Leave most descriptors open."""
    for _ in range(resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4):
        LEFT.append(os.open(os.devnull, os.O_RDONLY))


@shop.get("/alarm", public=True)
def alarm() -> None:
    """Leave an alarm behind."""
    signal.setitimer(signal.ITIMER_REAL, 0.05)


@shop.queue("effects", attempts=2)
class Effects(Queue[Item, Can]):
    """Work with an effect outside."""


@shop.worker(Effects, timeout=SHORT)
def affect(item: Item, once: Once, items: Items[Put]) -> None:
    """Carry out an effect, which ends the process at the first attempt."""
    once("effect", lambda _: hurt(item.doing), returns=None)
    items.put(item)


@other.queue("parcels", attempts=3)
class Parcels(Queue[Item, Can]):
    """Work of the other service."""


@other.worker(Parcels, timeout=timedelta(seconds=20))
def send(item: Item, parcels: Parcels[Send]) -> None:
    """Send it on."""
    parcels.send(item)


PROGRAM = load([shop, other])


@dataclass
class Shop:
    """The running program. `lines` are what workers log, `errors` what the engine reports."""

    engine: Engine
    lines: list[str] = field(default_factory=list[str])
    errors: list[Exception] = field(default_factory=list[Exception])

    def ask(self, name: str, *, body: object = None, **query: object) -> HttpOutcome:
        """Send a request to the function."""
        invocation = HttpInvocation(
            id="i",
            token="",
            traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
            path={},
            query=tuple((name, str(value)) for name, value in query.items()),
            headers={"content-type": "application/json"},
            body=b"" if body is None else msgspec.json.encode(body),
            principal=None,
        )
        function = name if "." in name else f"shop.{name}"
        return self.engine.invoker.request(function, invocation)

    def do(self, doing: str) -> HttpOutcome:
        """Do this to a process."""
        return self.ask("do", body=Item("1", doing=doing))

    def process(self) -> int:
        """Return the number of the process that answers."""
        (number,) = msgspec.json.decode(self.ask("process").body)
        return int(number)

    def batch(self, *doings: str) -> BatchOutcome:
        """Deliver a job for each of them."""
        return self.engine.invoker.batch("shop.work", jobs(*doings), id="i")

    def count(self) -> int:
        """Return how often `add` has counted."""
        rows = self.engine.ports.tables.scan(SCAN).items
        return sum(int(str(row["count"])) for row in rows if row["id"] == "counter")

    def job(self) -> tuple[Delivery, ...]:
        """Return a delivery."""
        return jobs("")

    def stored(self) -> list[str]:
        """Return the ids of the stored items."""
        rows = self.engine.ports.tables.scan(SCAN).items
        return sorted(str(row["id"]) for row in rows)


def jobs(*doings: str) -> tuple[Delivery, ...]:
    """Return deliveries of jobs that do this."""
    return tuple(
        Delivery(
            message=Message(
                id=f"m{number}",
                name="shop.jobs",
                body=msgspec.json.encode(Item(str(number), doing=doing)),
            ),
            receipt=f"r{number}",
            attempt=1,
        )
        for number, doing in enumerate(doings)
    )


@contextmanager
def opened(
    folder: Path,
    *,
    program: Program = PROGRAM,
    main: parent.Main | None = None,
    most: int = limits.WORKERS,
) -> Iterator[Shop]:
    """Run the program in workers, or `main` in the place of each worker."""
    connection = parent.fork(main or of(program))
    store = GroupCommitStore(folder / "oort.db")
    lines: list[str] = []
    errors: list[Exception] = []
    engine = Engine(
        program,
        store=store,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        identity=KnownCallers(),
        workers=Workers(connection, lines.append, most),
        failed=errors.append,
    )
    engine.ports.tables.prepare()
    assert engine.workers is not None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    loop.call_soon_threadsafe(engine.workers.begin)
    try:
        yield Shop(engine, lines, errors)
    finally:
        engine.invoker.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        store.close()


def of(program: Program) -> parent.Main:
    """Return the work of a worker of the program."""
    return partial(_main, program)


def _main(
    program: Program, connection: socket.socket, claims: int, ending: parent.Ending
) -> NoReturn:
    worker.main(program, connection, claims, ending, prepare=_prepare)


def _prepare(write: Callable[[str], None]) -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            from oort.runtime import redaction

            write(redaction.text(record.getMessage()))

    logging.getLogger().addHandler(Handler())
