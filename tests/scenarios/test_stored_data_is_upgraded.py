"""P17, P19: items and waiting messages of an earlier type are upgraded by the next program, on both targets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from oort import (
    Can,
    Check,
    Delete,
    Get,
    Index,
    NotFound,
    Put,
    Query,
    Queue,
    Scan,
    Send,
    Service,
    Table,
    Update,
    atomic,
    fields,
)
from oort import field as attribute
from oort.model.errors import InvalidProgram, StateUnusable
from oort.testing import Platform
from tests.scenarios.targets import IN_PROCESS, TARGETS


class PriceV1(msgspec.Struct):
    id: str
    euros: int
    note: str = ""


class PriceV2(msgspec.Struct):
    id: str
    cents: int


class Price(msgspec.Struct):
    id: str
    cents: int
    currency: str
    sold: int = 0


def in_cents(old: PriceV1) -> PriceV2:
    return PriceV2(old.id, old.euros * 100)


def with_currency(old: PriceV2) -> Price:
    return Price(old.id, old.cents, "EUR")


@dataclass
class First:
    """The program that wrote the first items and messages."""

    service: Service = field(default_factory=lambda: Service("shop"))

    def __post_init__(self) -> None:
        shop = self.service

        @shop.table("prices", key="id")
        class Prices(Table[str, PriceV1, Can]): ...

        @shop.queue("labels")
        class Labels(Queue[PriceV1, Can]): ...

        @shop.post("/{id}/{euros}", public=True)
        def write(id: str, euros: int, prices: Prices[Put], labels: Labels[Send]) -> None:
            prices.put(PriceV1(id, euros, "old"))
            labels.send(PriceV1(id, euros))

        @shop.get("/{id}", public=True)
        def read(id: str, prices: Prices[Get]) -> PriceV1:
            return prices.require(id)

        @shop.worker(Labels)
        def never(price: PriceV1) -> None: ...


@dataclass
class Third:
    """The program two upgrades later."""

    service: Service = field(default_factory=lambda: Service("shop"))
    labelled: list[Price] = field(default_factory=list)

    def __post_init__(self) -> None:
        shop = self.service

        @shop.table("prices", key="id", upgrades=[in_cents, with_currency])
        class Prices(Table[str, Price, Can]):
            dearest = Index[str, int]("currency", sort="cents")

        @shop.queue("labels", upgrades=[in_cents, with_currency])
        class Labels(Queue[Price, Can]): ...

        @shop.get("/", public=True)
        def all_of_them(prices: Prices[Scan]) -> list[Price]:
            return prices.scan().items

        @shop.get("/{id}", public=True)
        def read(id: str, prices: Prices[Get]) -> Price:
            return prices.require(id)

        @shop.post("/{id}/sold", public=True)
        def sell(id: str, prices: Prices[Update]) -> Price:
            of = fields(Price)
            in_euros = attribute(of.currency).equals("EUR")
            return prices.update(id, attribute(of.sold).add(1), when=in_euros)

        @shop.get("/in/{currency}", public=True)
        def indexed(currency: str, prices: Prices[Query]) -> list[Price]:
            return prices.query(Prices.dearest, currency).items

        @shop.delete("/{id}", public=True)
        def remove(id: str, prices: Prices[Delete | Check]) -> None:
            prices.delete(id)

        @shop.worker(Labels)
        def label(price: Price) -> None:
            if price not in self.labelled:
                self.labelled.append(price)

        self.prices = Prices
        writing(shop, Prices, Labels)


def writing(shop: Service, Prices: Any, Labels: Any) -> None:  # noqa: N803  classes
    """The routes that write, besides the plain update."""

    @shop.post("/{id}/sold-atomically", public=True)
    def sell_atomically(id: str, prices: Prices[Update], labels: Labels[Send]) -> None:
        with atomic() as tx:
            tx.update(prices, id, attribute(fields(Price).sold).add(1))
            tx.send(labels, Price(id, 0, "sold"))

    @shop.post("/{id}/label", public=True)
    def label_now(id: str, labels: Labels[Send]) -> None:
        labels.send(Price(id, 0, "label"))

    @shop.post("/{id}/first", public=True)
    def first(id: str, prices: Prices[Update]) -> Price:
        changed: Price = prices.update(
            id, attribute(fields(Price).sold).add(1), initial=Price(id, 5, "CHF")
        )
        return changed


OLD = {"id": "a", "euros": 3, "note": "old"}
NEW = {"id": "a", "cents": 300, "currency": "EUR", "sold": 0}


def kept(target: type[Platform]) -> Platform:
    """The platform with an item and a message of the first program."""
    platform = target(First().service)
    assert platform.post("/shop/a/3").status == 200
    return platform


@TARGETS
def test_a_read_shows_an_old_item_in_its_new_form(target: type[Platform]) -> None:
    with kept(target) as platform:
        platform.redeploy(Third().service)
        assert platform.get("/shop/a").json() == NEW
        assert platform.get("/shop").json() == [NEW]


@TARGETS
def test_an_update_upgrades_the_item_first(target: type[Platform]) -> None:
    third = Third()
    with kept(target) as platform:
        platform.redeploy(third.service)
        assert platform.post("/shop/a/sold").json() == NEW | {"sold": 1}
        assert platform.post("/shop/a/sold").json() == NEW | {"sold": 2}
        platform.advance(timedelta(minutes=1))  # an index is eventually consistent
        assert platform.get("/shop/in/EUR").json() == [NEW | {"sold": 2}]
        assert platform.items(third.prices) == [Price("a", 300, "EUR", 2)]


@TARGETS
def test_an_update_inside_a_block_upgrades_the_item_first(target: type[Platform]) -> None:
    third = Third()
    with kept(target) as platform:
        platform.redeploy(third.service)
        assert platform.post("/shop/a/sold-atomically").status == 200
        assert platform.post("/shop/a/sold-atomically").status == 200
        assert platform.get("/shop/a").json() == NEW | {"sold": 2}


@TARGETS
def test_an_update_of_a_missing_item_stays_as_it_was(target: type[Platform]) -> None:
    with target(Third().service) as platform:
        assert platform.post("/shop/x/sold").status == 404
        assert platform.post("/shop/x/first").into(Price).sold == 1
        assert platform.post("/shop/x/sold").status == 409  # CHF
        assert platform.get("/shop/x").json() == {
            "id": "x",
            "cents": 5,
            "currency": "CHF",
            "sold": 1,
        }


@TARGETS
def test_an_item_of_a_newer_program_is_not_read(target: type[Platform]) -> None:
    with target(Third().service) as platform:
        platform.post("/shop/x/first")
        with pytest.raises(
            StateUnusable, match=r"have revision 3, and the program knows revision 1"
        ):
            platform.redeploy(First().service)
        platform.redeploy(Third().service)
        assert platform.get("/shop/x").into(Price).currency == "CHF"


@IN_PROCESS
def test_waiting_messages_reach_the_worker_in_their_new_form(target: type[Platform]) -> None:
    third = Third()
    with kept(target) as platform:
        platform.redeploy(third.service)
        platform.settle()
        assert third.labelled == [Price("a", 300, "EUR")]


@TARGETS
def test_a_message_of_a_newer_program_is_parked_until_that_program_is_back(
    target: type[Platform],
) -> None:
    first, third = First(), Third()
    with target(third.service) as platform:
        platform.post("/shop/x/label")
        platform.redeploy(first.service)
        platform.settle()
        labels = next(queue for queue in platform.model.queues if queue.name == "shop.labels")
        (parked,) = platform._engine.ports.parking.parked(labels.name, most=10)
        assert "version 3" in parked.fault.detail
        assert "version 1" in parked.fault.detail


class Versioned(msgspec.Struct):
    id: str
    euros: int = 0
    revision: int = 0


def with_revision(old: PriceV1) -> Versioned:
    return Versioned(old.id, old.euros)


@TARGETS
@pytest.mark.parametrize("upgrades", [(), (with_revision,)])
def test_a_table_with_items_may_get_a_version(
    target: type[Platform], upgrades: tuple[Any, ...]
) -> None:
    shop = Service("shop")

    @shop.table("prices", key="id", version="revision", upgrades=upgrades)
    class Prices(Table[str, Versioned, Can]): ...

    @shop.post("/{id}", public=True)
    def raised(id: str, prices: Prices[Get | Put]) -> Versioned:
        price = prices.require(id)
        price.euros += 1
        prices.put(price)
        return price

    @shop.post("/{id}/new", public=True)
    def new(id: str, prices: Prices[Put]) -> None:
        prices.put(Versioned(id))

    with kept(target) as platform:
        platform.redeploy(shop)
        assert platform.post("/shop/a").into(Versioned) == Versioned("a", 4, 1)
        assert platform.post("/shop/a").into(Versioned) == Versioned("a", 5, 2)
        assert platform.post("/shop/a/new").status == 409
        assert platform.post("/shop/b/new").status == 200
        assert platform.post("/shop/b/new").status == 409


class Rating(msgspec.Struct):
    id: str
    stars: int


def in_stars(old: PriceV1) -> Rating:
    return Rating(old.id, old.euros)


def branch(item: type[object], *upgrades: object) -> Service:
    """A program of a branch, whose last upgrade returns this type."""
    shop = Service("shop")

    @shop.table("prices", key="id", upgrades=upgrades)  # type: ignore[arg-type]
    class Prices(Table[str, item, Can]): ...  # type: ignore[valid-type]

    @shop.post("/{id}/{euros}", public=True)
    def write(id: str, euros: int, prices: Prices[Put]) -> None:
        value: Any = PriceV1(id, euros)
        for upgrade in upgrades:
            value = upgrade(value)  # type: ignore[operator]
        prices.put(value)

    return shop


@TARGETS
def test_the_same_revision_of_another_branch_is_refused_and_not_misread(
    target: type[Platform],
) -> None:
    with target(branch(PriceV2, in_cents)) as platform:
        assert platform.post("/shop/a/3").status == 200
        with pytest.raises(StateUnusable, match="Two branches have made revision 2"):
            platform.redeploy(branch(Rating, in_stars))
        platform.redeploy(branch(Price, in_cents, with_currency))


def keyed(*key: str) -> Service:
    """A program whose table has this key."""
    shop = Service("shop")

    @shop.table("prices", key=key)  # type: ignore[arg-type]
    class Prices(Table[tuple[str, int], PriceV1, Can]): ...

    return shop


@TARGETS
def test_a_program_with_another_key_is_refused_while_there_are_items(
    target: type[Platform],
) -> None:
    with (
        kept(target) as platform,
        pytest.raises(
            StateUnusable,
            match=r"shop\.prices have the key id \(text\), .* declares id \(text\), euros \(number\)",
        ),
    ):
        platform.redeploy(keyed("id", "euros"))
    with target(First().service) as empty:
        empty.redeploy(keyed("id", "euros"))
        assert [table.key for table in empty.model.tables] == [("id", "euros")]


def moved(old: PriceV1) -> Price:
    return Price("b", old.euros, "EUR")


def misfitting(old: PriceV1) -> Price:
    return Price(old.id, "3", "EUR")  # type: ignore[arg-type]


@TARGETS
@pytest.mark.parametrize("upgrade", [moved, misfitting])
def test_a_wrong_upgrade_shows_nothing_and_writes_nothing(
    target: type[Platform], upgrade: Callable[[PriceV1], Price]
) -> None:
    shop = Service("shop")

    @shop.table("prices", key="id", upgrades=[upgrade])
    class Prices(Table[str, Price, Can]): ...

    @shop.get("/{id}", public=True)
    def read(id: str, prices: Prices[Get]) -> Price:
        return prices.require(id)

    @shop.post("/{id}/sold", public=True)
    def sell(id: str, prices: Prices[Update]) -> Price:
        return prices.update(id, attribute(fields(Price).sold).add(1))

    with kept(target) as platform:
        platform.redeploy(shop)
        assert platform.get("/shop/a").status == 500
        assert platform.post("/shop/a/sold").status == 500
        platform.redeploy(Third().service)
        assert platform.get("/shop/a").json() == NEW


@pytest.mark.parametrize("raised", [NotFound("There is no rate."), SystemExit(5)])
def test_what_an_upgrade_raises_is_an_error_of_the_service(raised: BaseException) -> None:
    def broken(old: PriceV1) -> Price:
        raise raised

    shop = Service("shop")

    @shop.table("prices", key="id", upgrades=[broken])
    class Prices(Table[str, Price, Can]): ...

    @shop.queue("labels", upgrades=[broken], attempts=2)
    class Labels(Queue[Price, Can]): ...

    @shop.get("/{id}", public=True)
    def read(id: str, prices: Prices[Get]) -> Price:
        return prices.require(id)

    @shop.worker(Labels)
    def label(price: Price) -> None: ...

    with kept(Platform) as platform:
        platform.redeploy(shop)
        answer = platform.get("/shop/a")
        assert answer.status == 500
        assert "The upgrade broken failed for the item a of shop.prices" in answer.error
        assert "in broken" in answer.error
        platform.settle()
        platform.advance(timedelta(minutes=5))
        (letter,) = platform.dead_letters(Labels)
        assert "The upgrade broken failed for the message" in letter.error


class Other(msgspec.Struct):
    name: str


def to_other(old: PriceV1) -> Other:
    return Other(old.id)


def untyped(old):  # type: ignore[no-untyped-def]
    return old


def from_other(old: Other) -> Price:
    return Price(old.name, 0, "EUR")


@pytest.mark.parametrize(
    ("upgrades", "says"),
    [
        ([in_cents], "it returns PriceV2, and Price comes next"),
        ([with_currency, in_cents], "it returns Price, and PriceV1 comes next"),
        ([untyped], "an upgrade has one parameter, with its type"),
        ([to_other, from_other], "Other has no field 'id' of the key"),
    ],
)
def test_a_chain_of_upgrades_that_cannot_work_is_refused_at_load(
    upgrades: list[object], says: str
) -> None:
    shop = Service("shop")

    @shop.table("prices", key="id", upgrades=upgrades)  # type: ignore[arg-type]
    class Prices(Table[str, Price, Can]): ...

    with pytest.raises(InvalidProgram, match=says):
        Platform(shop)
