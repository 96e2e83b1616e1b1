"""P17: an update of an item that is a pydantic model leaves an item that can be read, on both targets."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, cast

import msgspec
import pytest
from annotated_types import Interval
from pydantic import BaseModel, Field, PositiveInt, field_validator

from oort import Can, Change, Put, Service, Table, Update, field, fields
from oort.testing import Platform
from tests.scenarios.stock_shop import stock_shop
from tests.scenarios.targets import TARGETS


class Inner(BaseModel):
    n: Annotated[int, Field(ge=0)] = 0


class Stock(BaseModel):
    id: str
    left: Annotated[int, Field(ge=0, le=10)] = 0
    some: PositiveInt | None = 5
    within: Annotated[int, Interval(gt=0, lt=10)] = 5
    fixed: int = Field(default=5, ge=0, frozen=True)
    packs: Annotated[int, Field(multiple_of=6)] = 0
    price: Annotated[Decimal, Field(ge=Decimal("0.5"), max_digits=4, decimal_places=2)] = Decimal(5)
    note: Annotated[str, Field(max_length=3, pattern="^a?", alias="Note")] = ""
    tags: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=2)] = ["a"]
    inner: Inner = Inner()
    checked: str = ""

    @field_validator("checked")
    @classmethod
    def check(cls, value: str) -> str:
        """Refuse a value as no metadata does."""
        if value == "bad":
            raise ValueError("bad")
        return value


class Crate(msgspec.Struct):
    id: str
    packs: Annotated[int, msgspec.Meta(multiple_of=6)] = 0
    inner: Inner = msgspec.field(default_factory=Inner)


S, C = fields(Stock), fields(Crate)
WRONG: dict[str, Callable[[], Change]] = {
    "a sum below": lambda: field(S.left).add(-30),
    "a sum above": lambda: field(S.left).add(11),
    "a number below": lambda: field(S.left).set(-5),
    "a sum below, in a union": lambda: field(cast(int, S.some)).add(-5),
    "a number below, in a union": lambda: field(S.some).set(0),
    "a sum out of an interval": lambda: field(S.within).add(5),
    "a sum of a frozen field": lambda: field(S.fixed).add(-6),
    "a number of a frozen field": lambda: field(S.fixed).set(-6),
    "no multiple": lambda: field(S.packs).add(3),
    "too many digits": lambda: field(S.price).add(Decimal(95)),
    "too many places": lambda: field(S.price).add(Decimal("0.001")),
    "a sum below a Decimal": lambda: field(S.price).add(Decimal("-4.51")),
    "a long text": lambda: field(S.note).set("long"),
    "a long list": lambda: field(S.tags).set(["a", "b", "c"]),
    "a list that becomes long": lambda: field(S.tags).append("a", "b"),
    "an element that is too short": lambda: field(S.tags).append(""),
    "a number in a model": lambda: field(S.inner.n).set(-1),
    "a sum in a model": lambda: field(S.inner.n).add(-1),
    "a value that a validator refuses": lambda: field(S.checked).set("bad"),
}
RIGHT: dict[str, Callable[[], Change]] = {
    "a sum": lambda: field(S.left).add(10),
    "a text": lambda: field(S.note).set("abc"),
    "a list": lambda: field(S.tags).set(["b"]),
    "an element": lambda: field(S.tags).append("b"),
    "a multiple": lambda: field(S.packs).add(12),
    "a Decimal": lambda: field(S.price).add(Decimal("-4.50")),
    "nothing": lambda: field(S.some).set(None),
    "a value that a validator takes": lambda: field(S.checked).set("good"),
    "a frozen field": lambda: field(S.fixed).set(6),
}


@TARGETS
@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("within", [False, True], ids=["alone", "atomic"])
def test_an_update_of_a_model_is_judged_by_the_model(
    target: type[Platform], change: Callable[[], Change], within: bool
) -> None:
    with target(stock_shop(Stock(id="1"), change, within=within)) as platform:
        platform.post("/shop/fill")
        before = platform.get("/shop").json()
        reply = platform.post("/shop")
        assert (reply.status, "InvalidValue" in reply.error) == (500, True), reply
        assert platform.get("/shop").json() == before


@TARGETS
@pytest.mark.parametrize("change", RIGHT.values(), ids=RIGHT)
def test_an_update_within_the_limits_of_a_model_is_written(
    target: type[Platform], change: Callable[[], Change]
) -> None:
    with target(stock_shop(Stock(id="1"), change, within=False)) as platform:
        platform.post("/shop/fill")
        before = platform.get("/shop").json()
        reply = platform.post("/shop")
        assert reply.status // 100 == 2, reply.error
        assert platform.get("/shop").json() != before


@TARGETS
def test_a_sum_of_a_struct_stays_a_multiple_and_a_model_inside_is_judged(
    target: type[Platform],
) -> None:
    service = Service("shop")
    changes = [field(C.inner.n).set(6)]

    @service.table("crates", key="id")
    class Crates(Table[str, Crate, Can]): ...

    @service.post("/{n}", public=True)
    def update(n: int, crates: Crates[Update]) -> int:
        change = field(C.packs).add(n) if n > 0 else field(C.inner.n).add(n)
        return (
            crates.update("1", *changes, initial=Crate("1")).packs
            if n == 6
            else crates.update("1", change).packs
        )

    with target(service) as platform:
        assert platform.post("/shop/6").status // 100 == 2
        for n in (3, -7):
            assert "InvalidValue" in platform.post(f"/shop/{n}").error
        assert platform.post("/shop/12").status // 100 == 2


class Wide(BaseModel, extra="allow"):
    id: str


@TARGETS
def test_a_further_member_of_a_model_cannot_be_the_revision(target: type[Platform]) -> None:
    service = Service("shop")

    @service.table("wide", key="id")
    class Rows(Table[str, Wide, Can]): ...

    @service.post("/", public=True)
    def put(rows: Rows[Put]) -> None:
        rows.put(Wide.model_validate({"id": "1", "oort:revision": 7}))

    with target(service) as platform:
        reply = platform.post("/shop")
        assert (reply.status, "belong to Oort" in reply.error) == (500, True), reply.error
