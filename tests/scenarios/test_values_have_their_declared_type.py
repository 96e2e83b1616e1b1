"""P17, P30: a value of another type is not converted on its way into a table, a queue or a reply, on both targets."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel

from oort import (
    Can,
    Get,
    Index,
    Problem,
    Put,
    Query,
    Queue,
    Send,
    Service,
    Table,
    Update,
    field,
    fields,
)
from oort.model.errors import InvalidValue
from oort.testing import Platform
from tests.scenarios.targets import IN_PROCESS, TARGETS

ID = UUID(int=1)
BIG = 2**53 + 1  # no float holds it


class Colour(Enum):
    RED = "red"


class Size(StrEnum):
    SMALL = "small"


class Inner(msgspec.Struct):
    n: int = 0


class Wider(Inner):
    more: int = 1


class Other(msgspec.Struct):
    n: int = 0


class Box(msgspec.Struct):
    id: str
    text: str = ""
    texts: list[str] = []
    named: dict[str, int] = {}
    numbers: set[int] = set()
    data: bytes = b""
    day: date = date(2026, 1, 1)
    uid: UUID = ID
    pause: timedelta = timedelta()
    exact: Decimal = Decimal(0)
    price: float = 0.0
    size: Size = Size.SMALL
    inner: Inner = msgspec.field(default_factory=Inner)
    some: Inner | None = None
    pair: tuple[int, str] = (0, "")
    anything: Any = None


WRONG: dict[str, dict[str, Any]] = {
    "bytes for a text": {"text": b"hello"},
    "a UUID for a text": {"text": ID},
    "a Decimal for a text": {"text": Decimal(1)},
    "a Decimal that is NaN for a text": {"text": Decimal("NaN")},
    "a duration for a text": {"text": timedelta(1)},
    "a date for a text": {"text": date(2026, 1, 1)},
    "a time for a text": {"text": datetime(2026, 1, 1, tzinfo=UTC)},
    "a member of an enum for a text": {"text": Colour.RED},
    "bytes in a list of texts": {"texts": [b"x"]},
    "bytes as a name": {"named": {b"x": 1}},
    "a number as a name": {"named": {1: 1}},
    "a list for a set": {"numbers": [1, 1]},
    "a set for a list": {"texts": {"a"}},
    "a text for bytes": {"data": "aGVsbG8="},
    "a text for a date": {"day": "2026-01-01"},
    "a time for a date": {"day": datetime(2026, 1, 1)},  # noqa: DTZ001
    "a text for a UUID": {"uid": str(ID)},
    "a text for a duration": {"pause": "PT1S"},
    "a text for a Decimal": {"exact": "1"},
    "an object for a Struct": {"inner": {"n": 1}},
    "an object in a union": {"some": {"n": 1}},
    "another Struct": {"inner": Other(1)},
    "bytes in a tuple": {"pair": (1, b"x")},
}
RIGHT: dict[str, dict[str, Any]] = {
    "a member of a text enum for a text": {"text": Size.SMALL},
    "the text of a member": {"size": "small"},
    "a tuple for a list": {"texts": ("a",)},
    "a list for a tuple": {"pair": [1, "a"]},
    "a frozenset": {"numbers": frozenset({1})},
    "a bytearray": {"data": bytearray(b"a")},
    "an int for a float": {"price": 1},
    "an int for a Decimal": {"exact": 1},
    "a float for a Decimal": {"exact": 0.1},
    "a Struct with more fields": {"inner": Wider(1)},
    "a Struct in a union": {"some": Wider(1)},
    "a time for anything": {"anything": datetime(2026, 1, 1, tzinfo=UTC)},
}


def shop(given: dict[str, Any]) -> Service:
    service = Service("shop")

    @service.table("boxes", key="id")
    class Boxes(Table[str, Box, Can]): ...

    @service.queue("work")
    class Work(Queue[Box, Can]): ...

    @service.worker(Work)
    def work(box: Box) -> None: ...

    @service.get("/", public=True)
    def read(boxes: Boxes[Get]) -> Box:
        return boxes.require("1")

    @service.post("/put", public=True)
    def put(boxes: Boxes[Put]) -> None:
        boxes.put(Box("1", **given))

    @service.post("/set", public=True)
    def change(boxes: Boxes[Update]) -> None:
        ((name, value),) = given.items()
        boxes.update("1", field(getattr(fields(Box), name)).set(value), initial=Box("1"))

    @service.post("/initial", public=True)
    def initial(boxes: Boxes[Update]) -> None:
        boxes.update("1", field(fields(Box).anything).set(1), initial=Box("1", **given))

    @service.post("/send", public=True)
    def send(work: Work[Send]) -> None:
        work.send(Box("1", **given))

    @service.post("/reply", public=True)
    def reply() -> list[Box]:
        return [Box("1", **given)]

    return service


WAYS = ("put", "set", "initial", "send", "reply")


@TARGETS
@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_value_of_another_type_is_an_error_of_the_handler(
    target: type[Platform], given: dict[str, Any]
) -> None:
    with target(shop(given)) as platform:
        for way in WAYS:
            reply = platform.post(f"/shop/{way}")
            assert (reply.status, "does not fit" in reply.error) == (500, True), (way, reply.error)
        assert platform.get("/shop").status == 404


@TARGETS
@pytest.mark.parametrize("given", RIGHT.values(), ids=RIGHT)
def test_what_stands_for_a_type_is_written(target: type[Platform], given: dict[str, Any]) -> None:
    with target(shop(given)) as platform:
        for way in WAYS:
            reply = platform.post(f"/shop/{way}")
            assert reply.status // 100 == 2, (way, reply.error)
        assert platform.get("/shop").status == 200


# -- keys


class Rated(msgspec.Struct):
    rate: float
    exact: Decimal = Decimal(0)


class Row(msgspec.Struct):
    id: Decimal
    rate: float = 0.0


class Model(BaseModel):
    id: Decimal


R = fields(Row)


def index(table: object, name: str) -> Any:
    return getattr(type(table), name)


def ledger(act: Callable[..., object]) -> Service:
    service = Service("ledger")

    @service.table("rows", key="id")
    class Rows(Table[Decimal, Row, Can]):
        by_rate = Index[float, Decimal]("rate", sort="id")
        own = Index[Decimal, None]("id")

    @service.table("rated", key="rate")
    class Rates(Table[float, Rated, Can]): ...

    @service.table("models", key="id")
    class Models(Table[Decimal, Model, Can]): ...

    @service.post("/", public=True)
    def run(
        rows: Rows[Get | Put | Update | Query],
        rates: Rates[Get | Put],
        models: Models[Get],
    ) -> None:
        act(rows, rates, models)

    return service


NO_KEYS: dict[str, Callable[[Any, Any, Any], object]] = {
    "put of a text": lambda rows, _, __: rows.put(Row("1")),  # type: ignore[arg-type]
    "initial of a text": lambda rows, _, __: rows.update(
        Decimal(1),
        field(R.rate).set(1.0),
        initial=Row("1"),  # type: ignore[arg-type]
    ),
    "get of a text": lambda rows, _, __: rows.get("1"),
    "get_many of a text": lambda rows, _, __: rows.get_many(["1"]),
    "get of a text, of a model": lambda _, __, models: models.get("1"),
    "a query of a text": lambda rows, _, __: rows.query(index(rows, "by_rate"), "1"),
    "a query from a text": lambda rows, _, __: rows.query(index(rows, "by_rate"), 1, at_least="1"),
    "equals a text": lambda rows, _, __: rows.put(Row(Decimal(1)), when=field(R.id).equals("1")),  # type: ignore[arg-type]
    "between texts": lambda rows, _, __: rows.put(
        Row(Decimal(1)),
        when=field(R.id).between("1", "2"),  # type: ignore[arg-type]
    ),
    "put of an int that no float holds": lambda _, rates, __: rates.put(Rated(BIG)),
    "get of an int that no float holds": lambda _, rates, __: rates.get(BIG),
    "get of an int beyond the floats": lambda _, rates, __: rates.get(10**400),
    "put of an int that no float holds, in an index": lambda rows, _, __: rows.put(
        Row(Decimal(1), BIG)
    ),
}


@TARGETS
@pytest.mark.parametrize("act", NO_KEYS.values(), ids=NO_KEYS)
def test_a_key_has_the_form_of_its_type(target: type[Platform], act: Callable[..., object]) -> None:
    with target(ledger(act)) as platform:
        reply = platform.post("/ledger")
        assert (reply.status, InvalidValue.__name__ in reply.error) == (500, True), reply.error


@IN_PROCESS
def test_equal_numbers_are_one_key(target: type[Platform]) -> None:
    found: list[object] = []

    def act(rows: Any, rates: Any, _: object) -> None:
        rates.put(Rated(2**53))
        found.append(rates.get(float(2**53)))
        rows.put(Row(1, 2))  # type: ignore[arg-type]
        found.append(rows.get(Decimal("1.0")))
        found.append(rows.query(index(rows, "own"), 1.0).items[0])

    with target(ledger(act)) as platform:
        reply = platform.post("/ledger")
        assert reply.status // 100 == 2, reply.error
        assert found == [Rated(2.0**53), *[Row(Decimal(1), 2.0)] * 2]


class TooMany(Problem):
    """There are too many."""

    status = 409


class Counted(msgspec.Struct):
    id: str
    n: int
    most: ClassVar[int] = 10

    def __post_init__(self) -> None:
        if self.n > self.most:
            raise TooMany


@IN_PROCESS
def test_a_problem_of_a_stored_item_is_no_reply_to_a_client(
    target: type[Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Service("counts")

    @counts.table("kept", key="id")
    class Kept(Table[str, Counted, Can]): ...

    @counts.post("/", public=True)
    def add(body: Counted, kept: Kept[Put]) -> None:
        kept.put(body)

    @counts.get("/{id}", public=True)
    def one(id: str, kept: Kept[Get]) -> Counted:
        return kept.require(id)

    with target(counts) as platform:
        assert platform.post("/counts", {"id": "a", "n": 9}).status == 200
        assert platform.post("/counts", {"id": "a", "n": 11}).status == 409
        monkeypatch.setattr(Counted, "most", 5)
        reply = platform.get("/counts/a")
        assert (reply.status, "does not fit Counted" in reply.error) == (500, True), reply.error
