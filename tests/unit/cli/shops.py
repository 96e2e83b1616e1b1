"""A small platform on disk for tests of the command line: routes of every kind, an event, a consumer that can fail, a work queue."""

from itertools import count
from pathlib import Path
from shutil import copytree

from click.testing import CliRunner, Result

from oort.cli.commands import oort
from oort.cli.wiring import embedded, platforms
from oort.engine.identity.issuer import Issuer
from oort.engine.state.folder import open_state

_NUMBERS = count()  # a package of its own for every shop: Python imports a name once

_SERVICE = '''
import time
from datetime import date
from typing import Annotated

import msgspec

from oort import (
    Can, Context, Event, Get, Header, Principal, Problem, Publish, Put, Queue, Scan, Send, Service, Table, atomic, event,
)

orders = Service("orders")


class Order(msgspec.Struct):
    id: str
    email: str
    note: str = ""


class NewOrder(msgspec.Struct):
    email: str
    note: str = ""


class SoldOut(Problem):
    """There is none left."""

    status = 409


class Parcel(msgspec.Struct):
    order_id: str
    weight: int


@event("orders.placed", version=1, key="order_id")
class Placed(Event):
    order_id: str
    note: str = ""


@orders.table("book", key="id")
class Book(Table[str, Order, Can]):
    """Every order."""


@orders.queue("parcels", attempts=1)
class Parcels(Queue[Parcel, Can]):
    """Parcels to send."""


@orders.post("/", status=201, public=True)
def place(body: NewOrder, ctx: Context, book: Book[Put], out: Publish[Placed]) -> Order:
    """Place an order."""
    print("placing")
    if body.note == "raise":
        raise ZeroDivisionError("the handler broke")
    if body.note == "refuse":
        raise SoldOut("Try tomorrow.")
    order = Order(ctx.message_id, body.email, body.note)
    with atomic() as tx:
        tx.put(book, order)
        tx.publish(out, Placed(order_id=order.id, note=order.note))
    return order


@orders.get("/")
def mine(who: Principal) -> str:
    """Say who calls."""
    return who.id


@orders.get("/all", groups=["staff"])
def everything(book: Book[Scan], country: str, trace: Annotated[str, Header("X-Trace")], limit: int = 10) -> list[Order]:
    """List all orders."""
    return list(book.scan(limit=limit).items)


@orders.get("/of/{day}", public=True)
def of_day(day: date) -> str:
    """Say which day."""
    return day.isoformat()


@orders.get("/{id}", public=True)
def read(id: str, book: Book[Get]) -> Order:
    """Show an order."""
    return book.require(id)


@orders.get("/slow/{seconds}", public=True)
def slow(seconds: float) -> str:
    """Take a while."""
    time.sleep(seconds)
    return "slept"


@orders.delete("/{id}", public=True)
def forget(id: str) -> None:
    """Do nothing."""


@orders.on(Placed)
def pack(event: Placed, parcels: Parcels[Send]) -> None:
    """Queue a parcel."""
    with atomic() as tx:
        tx.send(parcels, Parcel(event.order_id, 0 if event.note == "unsendable" else 1))


@orders.worker(Parcels)
def ship(parcel: Parcel) -> None:
    """Send a parcel."""
    if not parcel.weight:
        raise ValueError("a parcel without weight")
'''


def shop(folder: Path, source: str = _SERVICE) -> Path:
    """A platform in the folder with one service; its folder."""
    package = f"shop{next(_NUMBERS)}"
    root = folder / package
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "orders.py").write_text(source)
    (root / "oort.toml").write_text(f'name = "shop"\nservices = ["{package}.orders"]\n')
    return root


def edited(folder: Path, *edits: tuple[str, str]) -> Path:
    """A copy of the platform with changes of its service, and with its lock files."""
    source = (folder / "orders.py").read_text()
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    copy = shop(folder.parent, source)
    if (folder / "contracts").exists():
        copytree(folder / "contracts", copy / "contracts")
    return copy


def delivered(folder: Path) -> None:
    """Deliver what waits in the platform's queues until nothing is left, as `oort dev` would."""
    project, program = platforms.load(folder)
    with embedded.at_rest(program, platforms.state_folder(project, None)) as engine:
        while engine.ports.relay.move() or any(
            engine.consumers.deliver(queue.name) for queue in program.model.queues
        ):
            pass


def run(*words: str | Path, input: str | None = None) -> Result:
    """Run `oort` with these words in this process."""
    return CliRunner().invoke(oort, [str(word) for word in words], input=input)


def running(folder: Path) -> Issuer:
    """The issuer of a platform that is running."""
    return embedded.issuer_of(open_state(folder / ".oort"), platform="shop")


def printed(*words: str | Path) -> str:
    """The output of a command that succeeds."""
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.strip()
