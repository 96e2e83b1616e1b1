"""A platform whose consumers say when they had their effect: one event has one subscriber, another has 30.

A consumer writes an item, and when that is durable it appends the time to a file. The time is that of the
machine's monotonic clock, which all processes share, so a generator's planned times can be compared with it.
"""

import time
from collections.abc import Iterable
from pathlib import Path

FAN_OUT = 30
READY = "/front/ready"
BODY = '{"id":"n%d"}'
_PAUSE = 0.02

_CONTRACTS = """
from oort import Event, event


@event("front.told", version=1, key="id")
class Told(Event):
    id: str


@event("front.spread", version=1, key="id")
class Spread(Event):
    id: str


@event("front.sound", version=1, key="id")
class Sound(Event):
    id: str


@event("front.poison", version=1, key="id")
class Poison(Event):
    id: str
"""

_FRONT = """
import msgspec

from contracts.front import Poison, Sound, Spread, Told
from oort import Context, Get, Can, Publish, Put, Service, Table, atomic

front = Service("front")


class Thing(msgspec.Struct, kw_only=True):
    id: str


@front.table("things", key="id")
class Things(Table[str, Thing, Can]): ...


@front.get("/ready", public=True)
def ready(ctx: Context) -> str:
    return ctx.message_id


@front.post("/tell", public=True, status=201, rate=10_000, burst=5_000)
def tell(body: Thing, things: Things[Put], out: Publish[Told]) -> Thing:
    with atomic() as tx:
        tx.put(things, body)
        tx.publish(out, Told(id=body.id))
    return body


@front.post("/spread", public=True, status=201, rate=10_000, burst=5_000)
def spread(body: Thing, things: Things[Put], out: Publish[Spread]) -> Thing:
    with atomic() as tx:
        tx.put(things, body)
        tx.publish(out, Spread(id=body.id))
    return body


@front.post("/sound", public=True, status=201, rate=10_000, burst=5_000)
def sound(body: Thing, out: Publish[Sound]) -> None:
    out.publish(Sound(id=body.id))


@front.post("/poison", public=True, status=201, rate=10_000, burst=5_000)
def poison(body: Thing, out: Publish[Poison]) -> None:
    out.publish(Poison(id=body.id))


@front.post("/find", public=True, rate=10_000, burst=5_000)
def find(body: Thing, things: Things[Get]) -> Thing:
    return things.get(body.id) or body
"""

_FOLLOWER = """
import time

import msgspec

from contracts.front import {event}
from oort import Can, Put, Service, Table

{name} = Service("{name}")


class Mark(msgspec.Struct, kw_only=True):
    id: str


@{name}.table("marks", key="id")
class Marks(Table[str, Mark, Can]): ...


@{name}.on({event})
def mark(event: {event}, marks: Marks[Put]) -> None:
    marks.put(Mark(id=event.id))
    with open({file!r}, "ab", buffering=0) as file:
        file.write(f"{{event.id}} {{time.perf_counter()}}\\n".encode())
"""


_NEIGHBOUR = """
from contracts.front import Poison, Sound
from oort import Service

neighbour = Service("neighbour")


@neighbour.on(Sound)
def sound(event: Sound) -> None:
    pass


@neighbour.on(Poison, attempts=3)
def poison(event: Poison) -> None:
    raise ValueError(event.id)
"""


def write(folder: Path, *, told: Path, spread: Path, fan_out: int = FAN_OUT) -> None:
    """Write the platform. The consumers' times go to these files."""
    followers = {"one": ("Told", told)}
    followers |= {f"w{number:02}": ("Spread", spread) for number in range(1, fan_out + 1)}
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "__init__.py").touch()
    (folder / "contracts" / "front.py").write_text(_CONTRACTS)
    names = ", ".join(f'"{name}"' for name in ("front", "neighbour", *followers))
    (folder / "oort.toml").write_text(f'name = "effects"\nservices = [{names}]\n')
    (folder / "front.py").write_text(_FRONT)
    (folder / "neighbour.py").write_text(_NEIGHBOUR)
    for name, (event, file) in followers.items():
        text = _FOLLOWER.format(name=name, event=event, file=str(file))
        (folder / f"{name}.py").write_text(text)


def times(lines: Iterable[str]) -> dict[str, list[float]]:
    """The times of the effects of each event, in their order."""
    found: dict[str, list[float]] = {}
    for line in lines:
        name, _, moment = line.partition(" ")
        found.setdefault(name, []).append(float(moment))
    return {name: sorted(moments) for name, moments in found.items()}


def delays(
    found: dict[str, list[float]], *, began: float, rate: float, numbers: range, each: int
) -> list[float]:
    """Seconds from the planned time of each request to the last of `each` effects, smallest first.

    An event without all its effects is left out: compare the length with that of `numbers`.
    """
    ends = ((number, found.get(f"n{number}", [])) for number in numbers)
    return sorted(
        moments[each - 1] - (began + (number - numbers.start) / rate)
        for number, moments in ends
        if len(moments) >= each
    )


def arrived(file: Path, count: int, *, patience: float) -> dict[str, list[float]]:
    """Wait until the file has that many lines, or no longer than `patience`; the times in it."""
    end = time.perf_counter() + patience
    while True:
        text = file.read_text() if file.exists() else ""
        lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
        if len(lines) >= count or time.perf_counter() >= end:
            return times(lines)
        time.sleep(_PAUSE)
