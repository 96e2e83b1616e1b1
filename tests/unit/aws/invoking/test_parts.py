"""The broker inside a function refuses what the signature does not ask for, and everything when no invocation runs."""

from oort.aws.invoking.parts import LambdaBroker
from oort.model.operations import (
    CallFunction,
    ClaimEffect,
    Commit,
    Done,
    Found,
    GetItem,
    Lease,
    Mark,
    Objected,
    PutItem,
    Refused,
    Request,
    Result,
)
from oort.runtime.operations import Operations
from tests.unit.aws.lambdas import Lambda


def broker(name: str) -> LambdaBroker:
    cloud = Lambda()
    made = LambdaBroker(cloud.program.functions[name].model, operations=Operations(cloud.ports))
    made.open("token", messages={"1"})
    return made


def refused(result: Result) -> str:
    assert isinstance(result, Refused)
    return result.detail


def test_what_is_granted_is_carried_out() -> None:
    assert broker("shop.read").perform(Request("token", GetItem("shop.orders", ("a",)))) == Found(
        None
    )
    assert (
        broker("shop.work").perform(Request("token", PutItem("shop.orders", {"id": "a"}))) == Done()
    )


def test_what_is_not_granted_is_refused() -> None:
    read = broker("shop.read")
    assert "may not put" in refused(
        read.perform(Request("token", PutItem("shop.orders", {"id": "a"})))
    )
    assert "may not call" in refused(
        read.perform(Request("token", CallFunction("shop.price", b"")))
    )


def test_after_the_invocation_nothing_may_be_done() -> None:
    read = broker("shop.read")
    assert "over" in refused(read.perform(Request("another", GetItem("shop.orders", ("a",)))))
    read.close()
    for token in ("token", ""):
        assert "over" in refused(read.perform(Request(token, GetItem("shop.orders", ("a",)))))


def test_a_function_marks_messages_for_itself_only() -> None:
    work = broker("shop.work")
    assert work.perform(Request("token", Commit((), Mark("shop.work", "1")))) == Done()
    assert "may not mark" in refused(
        work.perform(Request("token", Commit((), Mark("shop.ordered", "1"))))
    )


def test_a_function_notes_effects_of_its_own_only() -> None:
    work, mine, others = (
        broker("shop.pay"),
        Lease("shop.pay", "1", "n", "me"),
        Lease("shop.work", "1", "n", "me"),
    )
    assert work.perform(Request("token", ClaimEffect(mine, 60.0))) == Done()
    assert "may not once" in refused(work.perform(Request("token", ClaimEffect(others, 60.0))))
    another = ClaimEffect(Lease("shop.pay", "2", "n", "me"), 60.0)
    assert "not delivering the message 2" in refused(work.perform(Request("token", another)))
    assert "may not once" in refused(
        broker("shop.work").perform(Request("token", ClaimEffect(others, 60.0)))
    )


def test_a_call_goes_to_whoever_answers() -> None:
    result = broker("shop.priced").perform(Request("token", CallFunction("shop.price", b"")))
    assert result == Objected(502, "CallFailed", "No function here answers shop.price.")
