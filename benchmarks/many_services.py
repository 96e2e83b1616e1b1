"""Claim: `oort dev` carries a large platform: 34 services with 6 functions each, written to a scratch folder for the run."""

from pathlib import Path
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure

SERVICES = 34
FUNCTIONS = 6
_MEGABYTE = 1e6

_CONTRACT = """
from oort import Event, event


@event("{name}.made", version=1, key="id")
class Made{number}(Event):
    id: str
    title: str
"""

_SERVICE = """
import msgspec

from contracts.{name} import Made{number}
from contracts.{before} import Made{number_before}
from oort import Can, Context, Get, Index, Principal, Publish, Put, Query, Queue, Send, Service, Table, Update, atomic

{name} = Service("{name}")


class Thing(msgspec.Struct, kw_only=True):
    id: str
    title: str
    owner: str
    stars: int = 0


class New(msgspec.Struct):
    title: str


class Job(msgspec.Struct):
    id: str


@{name}.table("things", key="id")
class Things(Table[str, Thing, Can]):
    by_owner = Index[str, str]("owner", sort="id")


@{name}.queue("jobs", attempts=5)
class Jobs(Queue[Job, Can]): ...


@{name}.get("/ready", public=True)
def ready(ctx: Context) -> str:
    return ctx.message_id


@{name}.post("/", status=201)
def make(body: New, who: Principal, ctx: Context, things: Things[Put], out: Publish[Made{number}]) -> Thing:
    thing = Thing(id=ctx.message_id, title=body.title, owner=who.id)
    with atomic() as tx:
        tx.put(things, thing)
        tx.publish(out, Made{number}(id=thing.id, title=thing.title))
    return thing


@{name}.get("/{{id}}")
def read(id: str, who: Principal, things: Things[Get]) -> Thing:
    return things.require(id)


@{name}.get("/")
def mine(who: Principal, things: Things[Query]) -> list[Thing]:
    return things.query(Things.by_owner, who.id).items


@{name}.on(Made{number_before})
def follow(event: Made{number_before}, jobs: Jobs[Send]) -> None:
    with atomic() as tx:
        tx.send(jobs, Job(event.id))


@{name}.worker(Jobs, batch=10)
def work(job: Job, things: Things[Get]) -> None:
    things.get(job.id)
"""


def measure(effort: Effort) -> list[Figure]:
    """Start it on a new state, and weigh it when it idles."""
    walls: list[float] = []
    memory: list[float] = []
    for _ in range(effort.starts):
        with programs.scratch() as folder:
            write(folder / "app")
            with programs.oort(folder / "app", folder, ready="/s01/ready") as server:
                walls.append(server.wall)
                memory.append(server.memory() / _MEGABYTE)
    size = f"{SERVICES} services, {SERVICES * FUNCTIONS} functions"
    return [
        Figure("many-services.first", f"{size}: to the first 200", median(walls), "s"),
        Figure(
            "many-services.memory", f"{size}: memory (proportional set size)", median(memory), "MB"
        ),
    ]


def write(folder: Path, *, services: int = SERVICES) -> None:
    """Write the platform: each service publishes an event and follows that of the service before it."""
    names = [f"s{number:02}" for number in range(1, services + 1)]
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "__init__.py").touch()
    quoted = ", ".join(f'"{name}"' for name in names)
    (folder / "oort.toml").write_text(f'name = "many"\nservices = [{quoted}]\n')
    for number, name in enumerate(names):
        words = {
            "name": name,
            "number": number,
            "before": names[number - 1],
            "number_before": (number - 1) % services,
        }
        (folder / "contracts" / f"{name}.py").write_text(_CONTRACT.format(**words))
        (folder / f"{name}.py").write_text(_SERVICE.format(**words))
