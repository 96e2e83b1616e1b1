"""Contracts for the tests of this folder: declared events made from Structs, and their locks."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from oort.model.contracts import (
    DeclaredContracts,
    DeclaredEvent,
    EventLock,
    Finding,
    Locks,
    Revision,
)
from oort.model.errors import Source
from oort.model.items import Value
from oort.rules.contracts import locks, revisions
from oort.rules.events import event_schemas

HERE = Source("sold.py", 1)
EXAMPLES: tuple[Value, ...] = ({"id": "7", "price": 9},)


class Sold(msgspec.Struct, kw_only=True):
    id: str
    price: int


class Priceless(msgspec.Struct, kw_only=True):
    id: str


class Noted(msgspec.Struct, kw_only=True):
    id: str
    price: int
    note: str = ""


class Numbered(msgspec.Struct, kw_only=True):
    id: str
    price: int
    note: int = 0


class Cheap(msgspec.Struct, kw_only=True):
    id: str
    price: str


def revision(kind: type, *, key: str = "id") -> Revision:
    writer, reader = event_schemas.both(kind)
    return revisions.revision(key=key, writer=writer, reader=reader)


def sold(kind: type = Sold, *, version: int = 1, **more: object) -> DeclaredEvent:
    """One version of the event shop.sold."""
    given = {
        "compatible": version,
        "serves": version,
        "consumers": (f"desk.v{version}",),
        "producers": ("shop.sell",),
    }
    return DeclaredEvent(
        event="shop.sold",
        version=version,
        revision=revision(kind),
        source=HERE,
        **{**given, **more},  # type: ignore[arg-type]
    )


def declared(*events: DeclaredEvent) -> DeclaredContracts:
    return DeclaredContracts({(one.event, one.version): one for one in events})


def locked(*events: DeclaredEvent, stage: str = "prod", before: Iterable[EventLock] = ()) -> Locks:
    """The locks of these, published if a stage is named, after those before."""
    old = {(one.event, one.version): one for one in before}
    made = [
        locks.event(
            one, old.get((one.event, one.version)), examples=lambda _: EXAMPLES, stage=stage
        )
        for one in events
    ]
    return Locks({**old, **{(one.event, one.version): one for one in made}})


def codes(findings: Iterable[Finding]) -> list[str]:
    return [one.code for one in findings]


def keyed(one: DeclaredEvent, key: str) -> DeclaredEvent:
    """The same with another key."""
    now = one.revision
    return replace(one, revision=revisions.revision(key=key, writer=now.writer, reader=now.reader))
