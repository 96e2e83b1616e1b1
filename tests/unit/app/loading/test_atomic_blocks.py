"""A block of `atomic()` that writes nothing, or beside which a handle writes, is refused when the program is loaded."""

from collections.abc import Callable

import msgspec
import pytest

import oort
from oort import Can, Context, Event, Publish, Put, Service, Table, atomic, event
from oort import atomic as together
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram, InvalidUse, Mistake
from oort.testing import Platform

blocks = Service("blocks")


class Item(msgspec.Struct):
    id: str


@event("blocks.made", version=1, key="id")
class Made(Event):
    id: str


@blocks.table("items", key="id")
class Items(Table[str, Item, Can]): ...


def unnamed(items: Items[Put]) -> None:
    with atomic():
        ...


def beside(items: Items[Put], out: Publish[Made]) -> None:
    with atomic() as tx:
        tx.put(items, Item("1"))
        for _ in range(1):
            items.put(Item("2"))
        out.publish(Made(id="1"))


def otherwise_named(items: Items[Put]) -> None:
    with together() as first, oort.atomic() as second:
        first.put(items, Item("1"))
        second.put(items, Item("2"))
        items.put(Item("3"))


def right(items: Items[Put], ctx: Context) -> None:
    items.put(Item("0"))
    with atomic() as tx:
        tx.put(items, Item(ctx.message_id))
        Items.__name__.upper().join([])
    with open("/dev/null"):
        items.put(Item("9"))


def service(handler: Callable[..., None]) -> Service:
    made = Service("blocks")
    made.declared.resources[:] = blocks.declared.resources
    made.post("/", public=True)(handler)
    return made


def mistakes(made: Service) -> tuple[Mistake, ...]:
    try:
        load([made])
    except InvalidProgram as error:
        return error.mistakes
    return ()


@pytest.mark.parametrize(
    ("handler", "codes"),
    [
        (unnamed, ["atomic.unnamed"]),
        (beside, ["atomic.beside", "atomic.beside"]),
        (otherwise_named, ["atomic.beside", "atomic.beside"]),
        (right, []),
    ],
)
def test_what_a_block_cannot_do_is_a_mistake_with_its_line(
    handler: Callable[..., None], codes: list[str]
) -> None:
    found = mistakes(service(handler))
    assert [mistake.code for mistake in found] == codes
    first = handler.__code__.co_firstlineno
    for mistake in found:
        assert first < mistake.source.line < first + 7
        assert mistake.source.file == __file__


def test_a_handler_without_source_is_not_judged() -> None:
    space: dict[str, object] = {"atomic": atomic}
    exec("def bare() -> None:\n    with atomic():\n        ...", space)
    load([service(space["bare"])])  # type: ignore[arg-type]


def test_a_write_beside_the_block_is_refused_at_run_time_and_nothing_is_written() -> None:
    shop = Service("shop")

    @shop.table("items", key="id")
    class Shelf(Table[str, Item, Can]): ...

    def helper(shelf: Shelf[Put]) -> None:
        shelf.put(Item("1"))

    @shop.post("/", public=True)
    def handle(shelf: Shelf[Put]) -> None:
        with atomic() as tx:
            tx.put(shelf, Item("2"))
            helper(shelf)

    with Platform(shop) as platform:
        reply = platform.post("/shop")
        assert (reply.status, InvalidUse.__name__ in reply.error) == (500, True)
        assert "put() on shop.items inside atomic() would not be part of the block" in reply.error
        assert platform.items(Shelf) == []
