"""P17, P30: whatever is written, sent, published, called, kept or answered fits its declared type, on both targets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta
from pydantic import BaseModel

from oort import (
    Call,
    Can,
    Change,
    Event,
    Once,
    Publish,
    Put,
    Queue,
    Reply,
    Scan,
    Send,
    Service,
    Table,
    Update,
    atomic,
    cached,
    call,
    event,
    fields,
    upcast,
)
from oort import field as attribute
from oort.testing import Platform
from tests.scenarios.stock_shop import stock_shop
from tests.scenarios.targets import IN_PROCESS, TARGETS

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Book(msgspec.Struct):
    id: str
    title: Annotated[str, Meta(max_length=10)] = ""
    n: int = 0
    price: float = 0.0
    exact: Decimal = Decimal(0)
    at: datetime = NOON
    anything: Any = None


WRONG: dict[str, Callable[[], Book]] = {
    "a text that is too long": lambda: Book("1", "longer than ten"),
    "a text for a number": lambda: Book("1", n="oops"),  # type: ignore[arg-type]
    "a boolean for a number": lambda: Book("1", n=True),
    "a number in a text key": lambda: Book(5),  # type: ignore[arg-type]
    "nothing for a text": lambda: Book("1", None),  # type: ignore[arg-type]
    "NaN": lambda: Book("1", price=float("nan")),
    "infinity": lambda: Book("1", price=float("inf")),
    "a Decimal that is NaN": lambda: Book("1", exact=Decimal("NaN")),
    "a time without a zone": lambda: Book("1", at=NAIVE),
    "NaN inside of anything": lambda: Book("1", anything=[{"a": float("nan")}]),
}
wrong = pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)


@event("shop.sold", version=1, key="id")
class Sold(Event):
    id: str
    book: Book


@call("shop.ask")
class Ask(Call[Book, Book]): ...


class Port(msgspec.Struct):
    book: Book


def shop(make: Callable[[], Book]) -> Service:
    """A service whose routes pass on what `make` returns, each in another way."""
    service = Service("shop")

    @service.table("books", key="id")
    class Books(Table[str, Book, Can]): ...

    @service.queue("sales")
    class Sales(Queue[Book, Can]): ...

    @service.get("/", public=True)
    def listed(books: Books[Scan]) -> list[Book]:
        return books.scan().items

    @service.post("/put", public=True)
    def put(books: Books[Put]) -> None:
        books.put(make())

    @service.post("/atomic", public=True)
    def together(books: Books[Put], sales: Sales[Send]) -> None:
        with atomic() as tx:
            tx.put(books, Book("mate"))
            tx.send(sales, make())

    @service.post("/initial", public=True)
    def initial(books: Books[Update]) -> None:
        books.update("1", attribute(fields(Book).n).set(1), initial=make())

    @service.post("/send", public=True)
    def send(sales: Sales[Send]) -> None:
        sales.send(make())

    @service.worker(Sales)
    def work(book: Book, books: Books[Put]) -> None:
        books.put(Book("worked"))

    add_answers(service, make)
    return service


def add_answers(service: Service, make: Callable[[], Book]) -> None:
    """Add routes that publish, call, keep and answer."""

    @service.post("/publish", public=True)
    def publish(out: Publish[Sold]) -> None:
        out.publish(Sold(id="1", book=make()))

    @service.get("/answer", public=True)
    def answer() -> Book:
        return make()

    @service.get("/reply", public=True)
    def reply() -> Reply[list[Book]]:
        return Reply([make()], headers={"x": "y"})

    @service.post("/call", public=True)
    def asking(ask: Ask) -> None:
        ask(make())

    @service.answer(Ask)
    def answered(request: Book) -> Book:
        return make()

    @service.post("/called", public=True)
    def called(ask: Ask) -> Book:
        return ask(Book("1"))

    @cached(ttl=timedelta(hours=1))
    def prices() -> Port:
        return Port(make())

    service.provide(prices)

    @service.get("/cached", public=True)
    def cached_value(port: Port) -> str:
        return "reached"


WAYS = [
    *("put", "atomic", "initial", "send", "publish", "call"),
    *("answer", "reply", "cached"),
]


@TARGETS
@wrong
def test_what_does_not_fit_is_an_error_of_the_handler_and_nothing_is_written(
    target: type[Platform], make: Callable[[], Book]
) -> None:
    with target(shop(make)) as platform:
        for way in WAYS:
            method = "GET" if way in ("answer", "reply", "cached") else "POST"
            reply = platform.request(method, f"/shop/{way}")
            assert reply.status == 500, way
            assert "fit" in reply.error or "Expected" in reply.error, reply.error
            assert b"Expected" not in reply.body
        assert platform.post("/shop/called").status == 502
        platform.settle()
        assert platform.get("/shop").json() == []


@TARGETS
def test_what_fits_passes_everywhere(target: type[Platform]) -> None:
    with target(shop(lambda: Book("1", "fits", 3, 1.5, Decimal("2.50"), NOON, [1, 2.5]))) as app:
        for way in WAYS:
            method = "GET" if way in ("answer", "reply", "cached") else "POST"
            reply = app.request(method, f"/shop/{way}")
            assert reply.status == 200, (way, reply.error)
        assert app.post("/shop/called").status == 200
        app.settle()
        assert {book["id"] for book in app.get("/shop").json()} == {"1", "mate", "worked"}  # type: ignore[attr-defined]


# -- updates


class Stock(msgspec.Struct):
    id: str
    left: Annotated[int, Meta(ge=0, le=10)] = 0
    note: Annotated[str, Meta(max_length=3)] = ""
    tags: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=2)] = []
    owner: str | None = None
    price: float = 0.0
    at: datetime = NOON


S = fields(Stock)
UPDATES: dict[str, Callable[[], Change]] = {
    "a text that is too long": lambda: attribute(S.note).set("long"),
    "a text for a number": lambda: attribute(S.left).set("x"),  # type: ignore[arg-type]
    "a number out of bounds": lambda: attribute(S.left).set(11),
    "NaN": lambda: attribute(S.price).set(float("nan")),
    "infinity": lambda: attribute(S.price).add(float("inf")),
    "a time without a zone": lambda: attribute(S.at).set(NAIVE),
    "a sum below its bounds": lambda: attribute(S.left).add(-6),
    "a sum above its bounds": lambda: attribute(S.left).add(6),
    "a fraction for an integer": lambda: attribute(S.left).add(0.5),  # type: ignore[arg-type]
    "a wrong element": lambda: attribute(S.tags).append(""),
    "an element of another type": lambda: attribute(S.tags).append(1),  # type: ignore[arg-type]
    "too many elements": lambda: attribute(S.tags).append("b", "c"),
    "a required field": lambda: attribute(S.id).remove(),  # type: ignore[misc]
}


@TARGETS
@pytest.mark.parametrize("change", UPDATES.values(), ids=UPDATES)
@pytest.mark.parametrize("within", [False, True], ids=["alone", "atomic"])
def test_an_update_is_judged_by_the_item_it_would_make(
    target: type[Platform], change: Callable[[], Change], within: bool
) -> None:
    filled = Stock("1", 5, "", ["a"])
    with target(stock_shop(filled, change, within=within)) as platform:
        platform.post("/shop/fill")
        reply = platform.post("/shop")
        assert (reply.status, "InvalidValue" in reply.error) == (500, True), reply
        assert platform.get("/shop").into(Stock) == filled


# -- replies


def answering(kind: object, value: object, *, status: int = 200) -> Service:
    service = Service("shop")

    def handle() -> object:
        return value

    handle.__annotations__["return"] = kind
    service.get("/", public=True, status=status)(handle)
    return service


@TARGETS
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, None),
        (int, "1"),
        (Book, {"title": "no id"}),
        (float, float("nan")),
        (float | None, float("nan")),
        (list[float], [1.0, float("-inf")]),
        (dict[str, Any], {"a": float("nan")}),
        (datetime, NAIVE),
        (None, {"a": 1}),
        (list[Book], [Book("1"), None]),
    ],
)
def test_a_reply_that_does_not_fit_is_a_500(
    target: type[Platform], kind: object, value: object
) -> None:
    with target(answering(kind, value)) as platform:
        reply = platform.get("/shop")
        assert (reply.status, b"nan" in reply.body) == (500, False)
        assert "InvalidValue" in reply.error


@TARGETS
@pytest.mark.parametrize(
    ("kind", "value", "body"),
    [
        (Book | None, None, b"null"),
        (int | None, None, b"null"),
        (Reply[int | None], Reply(None), b"null"),
        (None, None, b""),
        (Reply[None], Reply(None, status=204), b""),
    ],
)
def test_nothing_to_show_has_one_meaning(
    target: type[Platform], kind: object, value: object, body: bytes
) -> None:
    with target(answering(kind, value)) as platform:
        reply = platform.get("/shop")
        assert (reply.status // 100, reply.body) == (2, body), reply.error
        assert ("content-type" in reply.headers) == bool(body)


class Account(msgspec.Struct):
    id: str
    note: str = "none"


class Stored(Account):
    secret: str = "hidden"


@TARGETS
def test_a_reply_has_the_fields_of_its_type_no_more_and_no_less(target: type[Platform]) -> None:
    for kind, value in (
        (list[Account], [Stored("1")]),
        (list[Account], (Account("1"),)),
    ):
        with target(answering(kind, value)) as platform:
            assert platform.get("/shop").json() == [{"id": "1", "note": "none"}]


# -- dataclasses


@dataclass
class Job:
    id: str
    state: str = "new"
    tags: list[str] = field(default_factory=lambda: ["a"])


@event("shop.done", version=1, key="id")
class Done(Event):
    id: str
    job: Job


@TARGETS
def test_a_dataclass_keeps_the_fields_that_were_defaulted(target: type[Platform]) -> None:
    service = Service("shop")

    @service.table("jobs", key="id")
    class Jobs(Table[str, Job, Can]): ...

    @service.post("/", public=True)
    def take(body: Job, jobs: Jobs[Put], out: Publish[Done]) -> list[Job]:
        jobs.put(body)
        out.publish(Done(id="1", job=body))
        return [body]

    whole = {"id": "1", "state": "new", "tags": ["a"]}
    with target(service) as platform:
        assert platform.post("/shop", {"id": "1"}).json() == [whole]
        (page,) = platform._pages("shop.jobs")
        assert page.items == [whole]
        (sold,) = platform.published(Done)
        assert vars(sold.job) == whole


# -- what is read


class Priced(BaseModel):
    price: float
    at: datetime | None = None


@TARGETS
@pytest.mark.parametrize("price", ['"NaN"', '"Infinity"', "1e400", '"-inf"'])
def test_a_pydantic_model_takes_no_infinite_number(target: type[Platform], price: str) -> None:
    service = Service("shop")

    @service.post("/", public=True)
    def take(body: Priced) -> Priced:
        return body

    with target(service) as platform:
        assert platform.post("/shop", f'{{"price":{price}}}'.encode()).status == 400
        assert platform.post("/shop", b'{"price":1,"at":"2026-01-01T00:00:00"}').status == 400
        assert platform.post("/shop", b'{"price":1.5}').json() == {"price": 1.5, "at": None}


class Counted(msgspec.Struct):
    n: int
    exact: Decimal = Decimal(0)


@IN_PROCESS
@pytest.mark.parametrize("number", ["1.0", "1e0", "10e-1", "1"])
def test_a_whole_number_is_an_integer_wherever_json_is_read(
    target: type[Platform], number: str
) -> None:
    service = Service("shop")
    taken: list[Counted] = []

    @service.queue("work")
    class Work(Queue[Counted, Can]): ...

    @service.worker(Work)
    def work(counted: Counted) -> None:
        taken.append(counted)

    @service.post("/", public=True)
    def take(body: Counted) -> Counted:
        return body

    document = f'{{"n":{number},"exact":0.10000000000000000000001}}'.encode()
    with target(service, redeliver=False) as platform:
        reply = platform.post("/shop", document)
        assert reply.into(Counted) == Counted(1, Decimal("0.10000000000000000000001"))
        platform.inject(Work, document)
        platform.settle()
        assert taken == [reply.into(Counted)]
        assert platform.post("/shop", b'{"n":1.5}').status == 400


class Timed(msgspec.Struct):
    at: datetime


@TARGETS
def test_a_time_without_a_zone_is_taken_nowhere(target: type[Platform]) -> None:
    service = Service("shop")

    @service.queue("work")
    class Work(Queue[Timed, Can]): ...

    @service.worker(Work)
    def work(timed: Timed) -> None: ...

    @service.post("/", public=True)
    def take(body: Timed, since: datetime | None = None) -> Timed:
        return body

    with target(service) as platform:
        reply = platform.post("/shop", b'{"at":"2026-01-01T00:00:00"}')
        assert reply.status == 400
        assert b'"/at"' in reply.body
        fits = b'{"at":"2026-01-01T00:00:00Z"}'
        assert platform.post("/shop?since=2026-01-01T00:00:00", fits).status == 400
        assert platform.post("/shop?since=2026-01-01T00:00:00Z", fits).status == 200
        platform.inject(Work, b'{"at":"2026-01-01T00:00:00"}')
        platform.settle()
        assert len(platform.parked(Work)) == 1


# -- what an effect returns


@TARGETS
def test_the_result_of_an_effect_is_held_against_its_type(target: type[Platform]) -> None:
    service = Service("shop")

    @service.queue("work", attempts=2)
    class Work(Queue[Timed, Can]): ...

    @service.worker(Work)
    def work(timed: Timed, once: Once) -> None:
        once("pay", lambda _: float("nan"), returns=float)

    with target(service, redeliver=False) as platform:
        platform.inject(Work, b'{"at":"2026-01-01T00:00:00Z"}')
        platform.settle()
        (report,) = platform.failures()
        assert report.failure is not None
        assert "Its result cannot be kept" in report.failure.error


# -- upcasts


@event("shop.seats", version=1, key="id")
class Seats1(Event):
    id: str


@event("shop.seats", version=2, key="id")
class Seats2(Event):
    id: str
    seats: Annotated[int, Meta(ge=1)]


RETURNED: list[object] = [None]


@upcast
def with_seats(old: Seats1) -> Seats2:
    return RETURNED[0]  # type: ignore[return-value]  # what a wrong conversion returns


@IN_PROCESS
@pytest.mark.parametrize("returned", [None, Seats1(id="1"), Seats2(id="1", seats=0), "text"])
def test_what_an_upcast_returns_is_held_against_its_class(
    target: type[Platform], returned: object
) -> None:
    service = Service("shop")
    heard: list[Seats2] = []

    @service.on(Seats2)
    def hear(event: Seats2) -> None:
        heard.append(event)

    RETURNED[0] = returned
    with target(service, redeliver=False) as platform:
        platform.inject(hear, b'{"id":"1"}', version=1)
        platform.settle()
        assert heard == []
        assert len(platform.failures()) == 1
        RETURNED[0] = Seats2(id="1", seats=1)
        platform.advance(timedelta(minutes=1))
        assert heard == [Seats2(id="1", seats=1)]
