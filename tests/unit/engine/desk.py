"""A small program with one route of each kind, and an engine for it on any store."""

import threading
from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec

from oort import (
    Can,
    Context,
    Event,
    Get,
    Header,
    Principal,
    Publish,
    Put,
    Queue,
    Reply,
    Scan,
    Send,
    Service,
    Table,
    Update,
    atomic,
    event,
    field,
    fields,
)
from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.engine import NONE, Deviations, Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.store.store import Store
from oort.model.invocations import DeliveryReport
from oort.ports.clock import Clock
from oort.testing.callers import KnownCallers

desk = Service("desk")


class Note(msgspec.Struct):
    """A note."""

    id: str
    count: int = 0


N = fields(Note)


@desk.table("notes", key="id")
class Notes(Table[str, Note, Can]):
    """Notes."""


@desk.queue("jobs", attempts=3)
class Jobs(Queue[Note, Can]):
    """Work."""


@event("desk.rung", version=1, key="id")
class Rung(Event):
    """The bell."""

    id: str


class Doing:
    """What a job does: a port, so that each test has its own."""

    def __call__(self, note: Note, ctx: Context) -> None:
        """Nothing."""


@desk.provide
def doing() -> Doing:
    """Nothing."""
    return Doing()


@desk.get("/{id}", public=True)
def show(
    id: str, notes: Notes[Get], who: Principal | None = None, word: str = ""
) -> Reply[Note | None]:
    """Show one."""
    return Reply(
        notes.get(id),
        headers={"x-who": who.id if who else "", "x-word": word, "x-id": id.encode().hex()},
    )


@desk.post("/", public=True, status=201)
def ring(body: Note, notes: Notes[Put], jobs: Jobs[Send], out: Publish[Rung]) -> Note:
    """Write, send and publish."""
    with atomic() as tx:
        tx.put(notes, body, if_absent=True)
        tx.send(jobs, body)
        tx.publish(out, Rung(id=body.id))
    return body


@desk.get("/private/room", groups=["staff", "admin"])
def room(who: Principal, tag: Annotated[str, Header("X-Tag")] = "") -> list[str]:
    """For some."""
    return [who.id, tag]


@desk.get("/private/all")
def everybody(who: Principal) -> str:
    """For everybody with a token."""
    return who.id


@desk.put("/private/all", public=True)
def fail() -> None:
    """Fails."""
    raise RuntimeError("password=hunter2")


@desk.worker(Jobs, batch=2)
def work(note: Note, ctx: Context, doing: Doing) -> None:
    """Does it."""
    doing(note, ctx)


@desk.on(Rung)
def count(event: Rung, notes: Notes[Update | Scan]) -> None:
    """Counts."""
    with atomic() as tx:
        tx.update(notes, event.id, field(N.count).add(1))


class Deliveries:
    """Remembers reports, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.reports: list[DeliveryReport] = []
        self.errors: list[Exception] = []
        self._changed = threading.Condition()

    def report(self, report: DeliveryReport) -> None:
        """A delivery is over."""
        with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    def failed(self, error: Exception) -> None:
        """The engine itself failed."""
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; fail after ten seconds."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout=10), (self.reports, self.errors)


class Desk:
    """An engine for the program above."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        overrides: Mapping[object, Callable[..., object]] | None = None,
        threads: int = 4,
        deviations: Deviations = NONE,
    ) -> None:
        self.callers = KnownCallers()
        self.deliveries = Deliveries()
        self.engine = Engine(
            load([desk]),
            store=store,
            clock=clock or VirtualClock(),
            entropy=SeededEntropy(5),
            identity=self.callers,
            overrides=overrides,
            threads=threads,
            deviations=deviations,
            report=self.deliveries.report,
            failed=self.deliveries.failed,
        )
