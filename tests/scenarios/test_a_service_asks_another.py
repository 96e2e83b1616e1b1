"""Declared calls: one service asks another and waits; problems cross as what they are, errors as 502, time counts."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from oort import Call, CallFailed, CallTimedOut, Can, Problem, Put, Service, Table, atomic, call
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram, InvalidUse
from oort.testing import Platform, fake


class PaymentRequired(Problem):
    """The card was refused."""

    status = 402


class Bill(msgspec.Struct):
    """What is to be paid."""

    order: str
    cents: int


class Receipt(msgspec.Struct):
    """That it was paid."""

    order: str
    paid: int


@call("till.charge", timeout=timedelta(seconds=2), idempotent=True, raises=[PaymentRequired])
class Charge(Call[Bill, Receipt]):
    """Ask the till to charge."""


till, kiosk = Service("till"), Service("kiosk")
asked: list[int] = []


@till.table("receipts", key="order")
class Receipts(Table[str, Receipt, Can]):
    """Every receipt."""


@till.answer(Charge)
def charge(bill: Bill, receipts: Receipts[Put]) -> Receipt:
    """Charge, unless the amount means trouble."""
    asked.append(bill.cents)
    if bill.cents == 402:
        raise PaymentRequired("no money", balance=3)
    if bill.cents == 500:
        raise RuntimeError("secret: the till is broken")
    receipt = Receipt(bill.order, bill.cents)
    receipts.put(receipt)
    return receipt


@kiosk.post("/{order}/{cents}", public=True)
def pay(order: str, cents: int, charge: Charge) -> Receipt:
    """Pay for an order."""
    return charge(Bill(order, cents))


@kiosk.post("/careful/{cents}", public=True)
def careful(cents: int, charge: Charge) -> str:
    """Catch the problem by its class."""
    try:
        return str(charge(Bill("o", cents)).paid)
    except PaymentRequired as problem:
        return f"caught {problem.detail} {problem.members['balance']}"
    except CallFailed as problem:
        return f"failed {problem.status}"


@kiosk.post("/inside/{cents}", public=True)
def inside(cents: int, charge: Charge) -> str:
    """A call inside atomic() is refused."""
    with pytest.raises(InvalidUse, match="inside atomic"), atomic() as _:
        charge(Bill("o", cents))
    return "refused"


@pytest.fixture
def running() -> Iterator[Platform]:
    """Both services."""
    asked.clear()
    with Platform(till, kiosk) as platform:
        yield platform


def test_the_answer_comes_back_and_the_other_service_did_its_work(running: Platform) -> None:
    assert running.post("/kiosk/o1/300").into(Receipt) == Receipt("o1", 300)
    assert running.items(Receipts) == [Receipt("o1", 300)]


def test_a_problem_crosses_as_its_class_with_its_status_and_members(running: Platform) -> None:
    assert running.post("/kiosk/careful/402").json() == "caught no money 3"
    reply = running.post("/kiosk/o1/402")
    assert (reply.status, reply.into(dict[str, object])["detail"]) == (402, "no money")
    assert asked == [402, 402]  # a problem is an answer: it is not asked again


def test_an_error_is_a_502_without_internals_and_an_idempotent_call_is_tried_once_more(
    running: Platform,
) -> None:
    reply = running.post("/kiosk/o1/500")
    assert reply.status == 502
    assert b"secret" not in reply.body
    assert running.post("/kiosk/careful/500").json() == "failed 502"
    assert asked == [500] * 4


def test_a_call_inside_atomic_is_refused(running: Platform) -> None:
    assert running.post("/kiosk/inside/1").json() == "refused"
    assert asked == []


def test_the_trace_shows_the_call_and_the_function_behind_it(running: Platform) -> None:
    spans = {one.name: one for one in running.spans(running.post("/kiosk/o1/300").trace)}
    assert spans["till.charge"].parent == spans["call till.charge"].id
    assert spans["call till.charge"].parent == spans["kiosk.pay"].id
    assert spans["put till.receipts"].parent == spans["till.charge"].id


def test_the_caller_may_call_and_nothing_else() -> None:
    grants = {
        one.name: [(grant.kind, grant.resource) for grant in one.grants]
        for one in load([till, kiosk]).model.functions
    }
    assert grants["kiosk.pay"] == [("call", "till.charge")]
    assert grants["till.charge"] == [("table", "till.receipts")]


def test_an_answer_that_comes_too_late_is_a_time_out() -> None:
    slow, asker = Service("slow"), Service("asker")

    @call("slow.think", timeout=timedelta(seconds=1))
    class Think(Call[str, str]):
        """Takes its time."""

    @slow.answer(Think)
    def think(question: str) -> str:
        platform.advance(timedelta(seconds=2))
        return "42"

    @asker.get("/", public=True)
    def ask(think: Think) -> str:
        with pytest.raises(CallTimedOut):
            think("why?")
        return "too late"

    with Platform(slow, asker) as platform:
        assert platform.get("/asker").json() == "too late"


def test_calls_that_make_no_sense_are_mistakes() -> None:
    other = Service("other")

    @other.answer(Charge)
    def not_ours(bill: Bill) -> Receipt:
        return Receipt(bill.order, 0)

    @other.answer(int)  # type: ignore[arg-type]
    def no_call(bill: Bill) -> Receipt:
        return Receipt(bill.order, 0)

    lonely = Service("lonely")

    @call("lonely.ask")
    class Ask(Call[str, str]):
        """Nobody answers."""

    @lonely.get("/")
    def asks(ask: Ask) -> str:
        return ask("hello?")

    with pytest.raises(InvalidProgram) as refused:
        load([till, other, lonely])
    codes = {mistake.code for mistake in refused.value.mistakes}
    assert codes == {"ownership.call", "call.undeclared", "call.unanswered", "call.twice"}


def test_a_handler_that_asks_can_be_called_with_a_fake() -> None:
    asking = fake(Charge, Receipt("o1", 7))
    assert pay("o1", 300, charge=asking) == Receipt("o1", 7)
