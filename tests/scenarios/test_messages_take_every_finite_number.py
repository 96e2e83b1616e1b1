"""P17: the limits of numbers are those of tables; a message, an event and a call take what JSON can hold, on both targets."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from oort import Call, Can, Event, Publish, Put, Queue, Send, Service, Table, call, event
from oort.testing import Platform
from tests.scenarios.targets import IN_PROCESS, TARGETS


class Numbers(msgspec.Struct):
    id: str = "1"
    ratio: float = 0.0
    count: int = 0
    exact: Decimal = Decimal(0)
    either: int | float = 0
    anything: Any = None


@event("shop.counted", version=1, key="id")
class Counted(Event):
    id: str
    numbers: Numbers


@call("shop.ask")
class Ask(Call[Numbers, Numbers]): ...


def shop(given: Numbers, taken: list[Numbers]) -> Service:
    service = Service("shop")

    @service.table("kept", key="id")
    class Kept(Table[str, Numbers, Can]): ...

    @service.queue("work")
    class Work(Queue[Numbers, Can]): ...

    @service.worker(Work)
    def work(numbers: Numbers) -> None:
        taken.append(numbers)

    @service.on(Counted)
    def counted(message: Counted) -> None:
        taken.append(message.numbers)

    @service.answer(Ask)
    def answered(request: Numbers) -> Numbers:
        return request

    @service.post("/send", public=True)
    def send(work: Work[Send]) -> None:
        work.send(given)

    @service.post("/publish", public=True)
    def publish(out: Publish[Counted]) -> None:
        out.publish(Counted(id="1", numbers=given))

    @service.post("/call", public=True)
    def asking(ask: Ask) -> None:
        taken.append(ask(given))

    @service.post("/put", public=True)
    def put(kept: Kept[Put]) -> None:
        kept.put(given)

    return service


SENT = ("send", "publish", "call")


@IN_PROCESS
@pytest.mark.parametrize(
    "given",
    [
        Numbers(ratio=1e300, either=1e300, anything=[1e300]),
        Numbers(ratio=5e-324),
        Numbers(count=10**39 + 1, either=10**39 + 1, anything={"a": 10**39 + 1}),
        Numbers(count=10**4299),
        Numbers(exact=Decimal("1E+400")),
    ],
    ids=["a large float", "a small float", "39 digits", "4300 digits", "a large Decimal"],
)
def test_a_number_beyond_the_limits_of_tables_is_sent(
    target: type[Platform], given: Numbers
) -> None:
    taken: list[Numbers] = []
    with target(shop(given, taken), redeliver=False) as platform:
        for way in SENT:
            reply = platform.post(f"/shop/{way}")
            assert reply.status // 100 == 2, (way, reply.error)
        platform.settle()
        assert taken == [given] * len(SENT)
        assert "InvalidValue" in platform.post("/shop/put").error


WRONG: dict[str, tuple[Callable[[], Numbers], str]] = {
    "NaN": (lambda: Numbers(ratio=float("nan")), "Expected a finite number"),
    "infinity": (lambda: Numbers(either=float("inf")), "Expected a finite number"),
    "a Decimal that is NaN": (lambda: Numbers(exact=Decimal("NaN")), "Expected a finite number"),
    "an int that nobody reads": (lambda: Numbers(count=10**4300), "4300 digits"),
    "an int that is too long by its sign": (lambda: Numbers(count=-(10**4299)), "4300 digits"),
}


@TARGETS
@pytest.mark.parametrize(("make", "why"), WRONG.values(), ids=WRONG)
def test_what_json_cannot_hold_is_refused_with_the_reason(
    target: type[Platform], make: Callable[[], Numbers], why: str
) -> None:
    with target(shop(make(), [])) as platform:
        for way in SENT:
            reply = platform.post(f"/shop/{way}")
            assert (reply.status, why in reply.error) == (500, True), (way, reply.error)
            assert "got `null`" not in reply.error


@TARGETS
def test_a_large_decimal_is_out_of_the_range_of_a_table(target: type[Platform]) -> None:
    with target(shop(Numbers(exact=Decimal("1E+400")), [])) as platform:
        assert "out of range" in platform.post("/shop/put").error


@TARGETS
def test_two_classes_with_one_name_are_told_apart(target: type[Platform]) -> None:
    other = msgspec.defstruct("Numbers", [("id", str)], module="elsewhere")
    service = Service("shop")

    @service.get("/", public=True)
    def answer() -> list[Numbers]:
        return [other("1")]  # type: ignore[list-item]

    @service.get("/one", public=True)
    def one() -> Numbers:
        return other("1")  # type: ignore[return-value]

    with target(service) as platform:
        for path in ("/shop", "/shop/one"):
            error = platform.get(path).error
            assert "elsewhere.Numbers" in error, error
            assert f"{__name__}.Numbers" in error, error
