"""The platform of the soak: reads, durable writes, events with a consumer, and a queue with a worker.

Its writes go to a fixed number of rows, each time with another content, so the tables do not grow.
"""

from pathlib import Path

ROWS = 5_000
READY = "/mixed/ready"
BODY = '{"number":%d}'

_TOML = 'name = "soak"\nservices = ["mixed", "follower"]\n'

_CONTRACTS = """
from oort import Event, event


@event("mixed.changed", version=1, key="id")
class Changed(Event):
    id: str
    number: int
"""

_MIXED = """
import msgspec

from contracts.mixed import Changed
from oort import Can, Context, Get, Index, Publish, Put, Query, Queue, Send, Service, Table, atomic

mixed = Service("mixed")


class Thing(msgspec.Struct, kw_only=True):
    id: str
    shelf: str
    text: str


class Asked(msgspec.Struct, kw_only=True):
    number: int


class Job(msgspec.Struct, kw_only=True):
    number: int


@mixed.table("things", key="id")
class Things(Table[str, Thing, Can]):
    by_shelf = Index[str, str]("shelf", sort="id")


@mixed.table("done", key="id")
class Done(Table[str, Thing, Can]): ...


@mixed.queue("jobs", attempts=5)
class Jobs(Queue[Job, Can]): ...


def thing(number: int) -> Thing:
    text = f"{{number}} " + "lorem ipsum " * 20
    return Thing(id=f"n{{number % {rows}}}", shelf=f"s{{number % 50}}", text=text)


@mixed.get("/ready", public=True)
def ready(ctx: Context) -> str:
    return ctx.message_id


@mixed.post("/find", public=True, rate=10_000, burst=5_000)
def find(body: Asked, things: Things[Get]) -> Thing:
    wanted = thing(body.number)
    return things.get(wanted.id) or wanted


@mixed.post("/page", public=True, rate=10_000, burst=5_000)
def page(body: Asked, things: Things[Query]) -> list[Thing]:
    return things.query(Things.by_shelf, f"s{{body.number % 50}}", limit=10).items


@mixed.post("/write", public=True, status=201, rate=10_000, burst=5_000)
def write(body: Asked, things: Things[Put]) -> None:
    things.put(thing(body.number))


@mixed.post("/publish", public=True, status=201, rate=10_000, burst=5_000)
def publish(body: Asked, things: Things[Put], out: Publish[Changed]) -> None:
    new = thing(body.number)
    with atomic() as tx:
        tx.put(things, new)
        tx.publish(out, Changed(id=new.id, number=body.number))


@mixed.post("/send", public=True, status=201, rate=10_000, burst=5_000)
def send(body: Asked, jobs: Jobs[Send]) -> None:
    jobs.send(Job(number=body.number))


@mixed.worker(Jobs, batch=10)
def work(job: Job, done: Done[Put]) -> None:
    with atomic() as tx:
        tx.put(done, thing(job.number))
"""

_FOLLOWER = """
import msgspec

from contracts.mixed import Changed
from oort import Can, Put, Service, Table, atomic

follower = Service("follower")


class Mark(msgspec.Struct, kw_only=True):
    id: str
    number: int


@follower.table("marks", key="id")
class Marks(Table[str, Mark, Can]): ...


@follower.on(Changed)
def follow(event: Changed, marks: Marks[Put]) -> None:
    with atomic() as tx:
        tx.put(marks, Mark(id=event.id, number=event.number))
"""


def write(folder: Path) -> None:
    """Write the platform."""
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "__init__.py").touch()
    (folder / "contracts" / "mixed.py").write_text(_CONTRACTS)
    (folder / "oort.toml").write_text(_TOML)
    (folder / "mixed.py").write_text(_MIXED.format(rows=ROWS))
    (folder / "follower.py").write_text(_FOLLOWER)
