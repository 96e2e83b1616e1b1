"""The contracts of a program: every version with its schemas and conversions, and the routes of each service."""

from decimal import Decimal
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from cometbid.accounts import accounts
from cometbid.analytics.service import analytics
from cometbid.email.service import email
from cometbid.onboarding.service import onboarding
from oort import Can, Event, Get, Page, Publish, Scan, Service, Table, downcast, event, upcast
from oort.app.documents import declared_contracts
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.model.errors import InvalidProgram
from oort.rules.events import event_schemas


@event("lab.found", version=1, key="id")
class FoundV1(Event):
    id: str


@event("lab.found", version=2, key="id")
class FoundV2(Event):
    id: str
    what: str


@event("lab.found", version=3, key="id", compatible=2)
class Found(Event):
    id: str
    what: str
    note: str = ""


@upcast
def to_second(old: FoundV1) -> FoundV2:
    return FoundV2(id=old.id, what="")


@upcast
def to_third(old: FoundV2) -> Found:
    return Found(id=old.id, what=old.what)


@downcast
def to_first(new: Found) -> FoundV1:
    return FoundV1(id=new.id)


class Part(msgspec.Struct):
    price: Decimal
    parts: "list[Part]" = []


def lab(*kinds: type[Event]) -> Program:
    service = Service("lab")

    def found(out: object) -> None: ...

    found.__annotations__["out"] = Publish[Found]
    service.post("/", public=True)(found)
    for number, kind in enumerate(kinds):

        def read(event: object) -> None: ...

        read.__name__ = f"read_{number}"
        read.__annotations__["event"] = kind
        service.on(kind)(read)
    return load([service])


def test_every_version_is_declared_also_those_that_are_only_converted() -> None:
    found = declared_contracts.declared(lab(Found)).events
    assert list(found) == [("lab.found", 1), ("lab.found", 2), ("lab.found", 3)]
    first, second, third = found.values()
    assert [one.reads for one in (first, second, third)] == [frozenset(), {1}, {1, 2}]
    assert [one.serves for one in (first, second, third)] == [1, 2, 1]
    assert [one.converted for one in (first, second, third)] == [(), (), (1,)]
    assert [one.compatible for one in (first, second, third)] == [1, 2, 2]
    assert [one.consumers for one in (first, second, third)] == [(), (), ("lab.read_0",)]
    assert [one.producers for one in (first, second, third)] == [(), (), ("lab.found",)]
    assert third.revision.reader == event_schemas.reader(Found)
    assert third.revision.writer == event_schemas.writer(Found)


def test_each_service_with_routes_has_a_document_of_its_own() -> None:
    found = declared_contracts.declared(
        load([accounts, email, analytics, onboarding], name="cometbid")
    )
    assert sorted(found.apis) == ["accounts", "analytics", "email", "onboarding"]
    email_ = found.apis["email"]
    assert list(email_.document["paths"]) == ["/email/sent"]  # type: ignore[arg-type]
    assert email_.sources["email.sent_mails"].file.endswith("email/service.py")
    assert declared_contracts.declared(load([Service("bare")])).apis == {}


def test_a_type_without_a_schema_is_a_mistake_with_its_place() -> None:
    @event("lab.odd", version=1, key="id")
    class OddEvent(Event):
        id: str
        odd: dict[Annotated[float, Meta(ge=0)], int]

    service = Service("lab")

    @service.on(OddEvent)
    def read(event: OddEvent) -> None: ...

    with pytest.raises(InvalidProgram) as raised:
        declared_contracts.declared(load([service]))
    (mistake,) = raised.value.mistakes
    assert (mistake.code, mistake.source) == ("contract.type", OddEvent.__oort__.model.source)


def test_examples_are_made_of_the_classes() -> None:
    make = declared_contracts.example(declared_contracts.kinds(lab(Found)))
    assert make(("lab.found", 2)) == ({"id": "id", "what": "what"},)


def test_both_schemas_are_those_that_are_made_alone() -> None:
    assert event_schemas.both(Part) == (event_schemas.writer(Part), event_schemas.reader(Part))
    assert event_schemas.both(int) == (event_schemas.writer(int), event_schemas.reader(int))


class Kept(msgspec.Struct):
    id: str


def test_routes_that_reply_with_the_type_of_stored_items_are_known() -> None:
    shop = Service("shop")

    @shop.table("things", key="id")
    class Things(Table[str, Kept, Can]): ...

    @shop.get("/", public=True)
    def every(things: Things[Scan]) -> Page[Kept]:
        return things.scan()

    @shop.get("/{id}", public=True)
    def read(id: str, things: Things[Get]) -> Kept | None:
        return things.get(id)

    @shop.get("/{id}/name", public=True)
    def name(id: str) -> str:
        return id

    api = declared_contracts.declared(load([shop])).apis["shop"]
    assert api.stored == {"shop.every": "shop.things", "shop.read": "shop.things"}
