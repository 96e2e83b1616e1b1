"""What a loaded program says: models, grants, events, and where each declaration stands."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NewType

import msgspec
import pytest

from oort import (
    Can,
    Context,
    Event,
    Get,
    Index,
    Principal,
    Publish,
    Put,
    Query,
    Queue,
    Reply,
    Send,
    Service,
    Table,
    event,
)
from oort.app.handles.later import Bucket
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.model.errors import InvalidProgram, InvalidUse
from oort.model.functions import Grant, Http, Subscription, Worker
from oort.model.resources import EventModel, IndexModel, Kind

shop = Service("shop")
mail = Service("mail")


class Item(msgspec.Struct):
    """One thing."""

    id: str
    kind: str = ""
    revision: int = 0


@shop.table("items", key=("kind", "id"), version="revision")
class Items(Table[tuple[str, str], Item, Can]):
    """Things."""

    by_kind = Index[str, str]("kind", sort="id")
    by_id = Index[str, None]("id")


@mail.queue("outgoing", attempts=7)
class Outgoing(Queue[Item, Can]):
    """Work."""


@event("shop.sold", version=2, key="id")
class Sold(Event):
    """Sold."""

    id: str


@event("mail.sent", version=1, key="id")
class Sent(Event):
    """Sent."""

    id: str


class Store:
    """A port that reads items."""


class Pricing:
    """A port made of another one."""


class Unused:
    """A port that nobody asks for."""


@shop.provide
def store(items: Items[Get | Query]) -> Iterator[Store]:
    """Opens it."""
    yield Store()


@shop.provide
def pricing(store: "Store", out: Publish[Sold]) -> "Pricing":
    """Needs the other one, whose types are names."""
    return Pricing()


@shop.provide
def unused(items: Items[Put]) -> Unused:
    """Its grants are nobody's."""
    return Unused()


@shop.get("/{id}", groups=["staff"], status=203, timeout=timedelta(seconds=3))
def show(
    id: str, pricing: Pricing, items: Items[Put | Get], who: Principal, ctx: Context
) -> Reply[Item]:
    """Show one.

    More about it.
    """
    return Reply(Item(id))


@mail.on(Sold, attempts=3, batch=4, timeout=timedelta(seconds=20))
def sold_out(event: Sold, outgoing: Outgoing[Send]) -> None: ...


@mail.worker(Outgoing, batch=2, timeout=timedelta(seconds=10))
def deliver(item: Item, out: Publish[Sent]) -> None: ...


@pytest.fixture(scope="module")
def program() -> Program:
    return load([shop, mail], name="test")


def line_of(call: object) -> int:
    """The line of the decorator above a function."""
    assert callable(call)
    return inspect.getsourcelines(call)[1]


def test_grants_are_the_signatures_and_those_of_the_providers_that_are_used(
    program: Program,
) -> None:
    grants = {one.name: one.grants for one in program.model.functions}
    assert grants["shop.show"] == (
        Grant(Kind.EVENT, "shop.sold", ("publish",)),
        Grant(Kind.TABLE, "shop.items", ("get", "put", "query")),
    )
    assert grants["mail.sold_out"] == (Grant(Kind.QUEUE, "mail.outgoing", ("send",)),)


def test_functions_know_their_trigger_time_and_first_line(program: Program) -> None:
    functions = {one.name: one for one in program.model.functions}
    show_, sold, worker = (
        functions["shop.show"],
        functions["mail.sold_out"],
        functions["mail.deliver"],
    )
    assert show_.trigger == Http("GET", "/shop/{id}", 203, False, ("staff",))
    assert (show_.timeout, show_.description) == (timedelta(seconds=3), "Show one.")
    assert sold.trigger == Subscription("shop.sold", 2, "mail.sold-out", 4)
    assert worker.trigger == Worker("mail.outgoing", 2)


def test_every_declaration_knows_the_users_own_file_and_line(program: Program) -> None:
    sources = {one.name: one.source for one in program.model.functions}
    for name, call in (("shop.show", show), ("mail.sold_out", sold_out), ("mail.deliver", deliver)):
        assert (Path(sources[name].file).name, sources[name].line) == (
            "test_loader.py",
            line_of(call),
        )
    places = [one.source for one in program.model.tables]
    places += [one.source for one in program.model.queues] + [
        one.source for one in program.model.events
    ]
    assert {Path(place.file).name for place in places} == {"test_loader.py"}
    assert shop.declared.modules == mail.declared.modules == {__name__}


def test_queues_are_invisible_for_six_times_the_time_of_a_batch(program: Program) -> None:
    queues = {one.name: one for one in program.model.queues}
    # of a batch of four messages, and of two
    assert queues["mail.sold-out"].visibility == 6 * timedelta(seconds=4 * 20 + 10)
    assert queues["mail.outgoing"].visibility == 6 * timedelta(seconds=2 * 10 + 10)
    assert (queues["mail.sold-out"].attempts, queues["mail.outgoing"].attempts) == (3, 7)
    assert (queues["mail.sold-out"].subscription, queues["mail.outgoing"].subscription) == (
        "shop.sold",
        None,
    )


def test_an_index_that_is_the_key_is_primary(program: Program) -> None:
    (table,) = program.model.tables
    assert (table.key, table.version) == (("kind", "id"), "revision")
    assert table.indexes == (
        IndexModel("by_kind", "kind", "id", primary=True),
        IndexModel("by_id", "id", None, primary=False),
    )


def test_events_that_only_a_provider_publishes_belong_to_their_service(program: Program) -> None:
    known = {service.name: service.events for service in program.model.services}
    assert [one.name for one in known["shop"]] == ["shop.sold"]
    assert [one.name for one in known["mail"]] == ["mail.sent"]
    assert all(isinstance(one, EventModel) for one in known["shop"])


def test_loading_twice_gives_the_same_model(program: Program) -> None:
    assert load([shop, mail], name="test").model == program.model


def test_one_mistake_of_one_service_refuses_the_program() -> None:
    broken = Service("broken")

    @broken.get("/")
    def nothing(items: Items) -> None: ...

    with pytest.raises(InvalidProgram) as caught:
        load([shop, mail, broken])
    assert [one.code for one in caught.value.mistakes] == ["handle.bare"]
    assert str(caught.value) == str(caught.value.mistakes[0])


Code = NewType("Code", str)


def test_what_a_query_can_carry_is_accepted() -> None:
    service = Service("wide")

    @service.get("/", public=True)
    def find(
        a: Code, b: bool, d: Any = None, e: "tuple[float, ...]" = (), who: Principal | None = None
    ) -> None: ...

    with pytest.raises(InvalidProgram) as caught:
        load([service])
    assert [(one.code, one.what) for one in caught.value.mistakes] == [
        ("route.parameter", "find: d: Any cannot come from the query.")
    ]


@pytest.mark.parametrize(
    "status_and_type",
    [(204, None), (204, Reply[None]), (205, Reply), (304, Any), (200, Item), (204, type(None))],
)
def test_a_status_without_body_goes_with_an_answer_that_has_none(
    status_and_type: tuple[int, object],
) -> None:
    service = Service("quiet")
    status, kind = status_and_type

    def answer() -> object:
        return None

    answer.__annotations__["return"] = kind
    service.post("/", status=status)(answer)
    assert list(load([service]).functions) == ["quiet.answer"]


def test_what_is_not_run_yet_says_so_when_it_is_called() -> None:
    bucket: Bucket[Any] = Bucket()
    for attempt in (
        lambda: bucket.read("k"),
        lambda: bucket.write("k", b""),
        lambda: bucket.upload_link("k", expires=timedelta(1), max_bytes=1),
        lambda: bucket.download_link("k", expires=timedelta(1)),
    ):
        with pytest.raises(InvalidUse, match=r"is not run by this release\. docs/limits\.md"):
            attempt()
