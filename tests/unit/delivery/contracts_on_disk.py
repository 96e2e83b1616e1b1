"""A small platform with an event in two files, for the tests of lock files and deployments."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.model.contracts import Finding
from tests.unit.app.written import written

CONTRACTS = """
import msgspec

from oort import Event, event


class Address(msgspec.Struct, rename="camel"):
    street_name: str


class Placed(Event):
    id: str
    total: int


@event("shop.placed", version=1, key="id")
class OrderPlaced(Placed):
    to: Address
    note: str = ""
"""
SHOP = """
from HERE.contracts import OrderPlaced
from oort import Publish, Service

shop = Service("shop")
desk = Service("desk")


@shop.post("/", public=True)
def place(note: str, out: Publish[OrderPlaced]) -> None: ...


@desk.on(OrderPlaced)
def show(event: OrderPlaced) -> None: ...
"""


@contextmanager
def platform(
    root: Path, *, contracts: str = CONTRACTS, shop: str = SHOP
) -> Iterator[tuple[Project, Program]]:
    """The platform on disk, loaded."""
    with written(root, {"contracts/__init__.py": contracts, "shop.py": shop}) as made:
        yield made.project, made.load()


def changed(old: str, new: str) -> str:
    """The contracts with a change, which must be one."""
    assert old in CONTRACTS
    return CONTRACTS.replace(old, new)


def place(one: Finding) -> str:
    assert one.source is not None
    file = Path(one.source.file)
    return file.read_text().splitlines()[one.source.line - 1].strip()
