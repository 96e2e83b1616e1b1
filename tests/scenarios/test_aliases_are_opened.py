"""P4: an alias of a type means what the type means, wherever a signature may name it."""

from collections.abc import Callable
from typing import Annotated, NewType, TypeVar

import msgspec
import pytest
from typing_extensions import TypeAliasType

from oort import (
    Call,
    Can,
    Event,
    Get,
    Header,
    Principal,
    Publish,
    Put,
    Queue,
    Service,
    Table,
    call,
    event,
)
from oort.app.declaring.parameters import (
    CallParameter,
    HandleParameter,
    MessageParameter,
    PrincipalParameter,
    ProvidedParameter,
    PublishParameter,
    ValueParameter,
)
from oort.app.loading.loader import load
from oort.testing import Platform

T = TypeVar("T")


class Item(msgspec.Struct):
    id: str


@event("shop.made", version=1, key="id")
class Made(Event):
    id: str


ItemAlias = TypeAliasType("ItemAlias", Item)


@call("shop.ask")
class Ask(Call[ItemAlias, ItemAlias]): ...


class Port: ...


service = Service("shop")


@service.table("items", key="id")
class Items(Table[str, Item, Can]): ...


@service.queue("work")
class Work(Queue[ItemAlias, Can]): ...


Key = TypeAliasType("Key", Annotated[str, Header("Idempotency-Key")])
MaybeKey = TypeAliasType("MaybeKey", Key | None)
UserId = NewType("UserId", str)
Amounts = TypeAliasType("Amounts", list[int])
Many = TypeAliasType("Many", list[T], type_params=(T,))
Reader = TypeAliasType("Reader", Items[Get])
Actions = TypeAliasType("Actions", Get | Put)
Who = TypeAliasType("Who", Principal)
Out = TypeAliasType("Out", Publish[Made])
Asking = TypeAliasType("Asking", Ask)
PortAlias = TypeAliasType("PortAlias", Port)
First = NewType("First", Port)
Second = NewType("Second", Port)


def parameter(kind: object, *, path: str = "/") -> object:
    """The parameter of a route with this annotation."""

    def handle(value: object) -> None: ...

    handle.__annotations__["value"] = kind
    made = Service("shop")
    made.declared.resources[:] = service.declared.resources
    made.provide(port)
    made.get(path)(handle)
    (function,) = load([made], checked=True).functions.values()
    return function.signature.parameters[0]


def port() -> Port:
    return Port()


@pytest.mark.parametrize(
    ("kind", "place", "wire"),
    [
        (Key, "header", "idempotency-key"),
        (MaybeKey, "header", "idempotency-key"),
        (UserId, "query", "value"),
        (NewType("Sent", Key), "header", "idempotency-key"),
        (Amounts, "query", "value"),
        (Many[int], "query", "value"),
    ],
)
def test_a_value_comes_from_where_the_type_says(kind: object, place: str, wire: str) -> None:
    found = parameter(kind)
    assert isinstance(found, ValueParameter)
    assert (found.place, found.wire) == (place, wire)
    assert found.many == (kind in (Amounts, Many[int]))


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (Reader, HandleParameter),
        (Items[Actions], HandleParameter),
        (Who, PrincipalParameter),
        (Out, PublishParameter),
        (Asking, CallParameter),
        (PortAlias, ProvidedParameter),
        (NewType("Read", Items[Get]), HandleParameter),
    ],
)
def test_a_parameter_is_of_the_kind_of_its_type(kind: object, form: type) -> None:
    assert isinstance(parameter(kind), form)


def test_a_message_and_a_reply_may_be_aliases() -> None:
    shop = Service("shop")
    shop.declared.resources[:] = service.declared.resources

    @shop.worker(Work)
    def work(item: ItemAlias) -> None: ...

    @shop.answer(Ask)
    def answer(item: Item) -> Item:
        return item

    @shop.post("/", public=True)
    def handle(body: ItemAlias, ask: Asking) -> ItemAlias:
        return ask(body)

    program = load([shop])
    assert isinstance(program.functions["shop.work"].signature.parameters[0], MessageParameter)
    with Platform(shop) as platform:
        assert platform.post("/shop", {"id": "1"}).json() == {"id": "1"}
        assert platform.post("/shop", {"id": 1}).status == 400


def test_new_types_tell_ports_apart() -> None:
    shop = Service("shop")

    def made(kind: object) -> Callable[[], Port]:
        def factory() -> Port:
            port = Port()
            port.__dict__["name"] = getattr(kind, "__name__", "")
            return port

        factory.__annotations__["return"] = kind
        return factory

    shop.provide(made(First))
    shop.provide(made(Second))

    @shop.get("/", public=True)
    def handle(first: First, second: Second) -> list[str]:
        return [first.__dict__["name"], second.__dict__["name"]]

    with Platform(shop) as platform:
        assert platform.get("/shop").json() == ["First", "Second"]
