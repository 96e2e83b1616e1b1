"""What each operation needs, and that nothing else will do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model.functions import Grant
from oort.model.items import Equals, Remove
from oort.model.messages import Message
from oort.model.operations import (
    CallFunction,
    CheckItem,
    ClaimEffect,
    Commit,
    DeleteItem,
    FinishEffect,
    GetItem,
    GetItems,
    Lease,
    Mark,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    Refused,
    ReleaseEffect,
    ScanTable,
    SendMessage,
    UpdateItem,
    Write,
)
from oort.model.resources import Kind
from oort.rules import permissions
from oort.rules.permissions import Permission
from tests.unit.rules.strategies import all_operations

MESSAGE = Message(id="m", name="n", body=b"{}")
HOLDS = Equals(("a",), 1)
LEASE = Lease("f", "m", "name", "holder")
EACH: list[tuple[Operation, Permission]] = [
    (GetItem("t", ("k",)), (Kind.TABLE, "t", "get")),
    (GetItems("t", (("k",),)), (Kind.TABLE, "t", "get")),
    (PutItem("t", {}), (Kind.TABLE, "t", "put")),
    (UpdateItem("t", ("k",), (Remove(("a",)),)), (Kind.TABLE, "t", "update")),
    (DeleteItem("t", ("k",)), (Kind.TABLE, "t", "delete")),
    (CheckItem("t", ("k",), HOLDS), (Kind.TABLE, "t", "check")),
    (QueryIndex("t", "i", "p"), (Kind.TABLE, "t", "query")),
    (ScanTable("t"), (Kind.TABLE, "t", "scan")),
    (SendMessage("q", MESSAGE), (Kind.QUEUE, "q", "send")),
    (PublishEvent("e", MESSAGE), (Kind.EVENT, "e", "publish")),
    (CallFunction("c", b""), (Kind.CALL, "c", "call")),
    (ClaimEffect(LEASE, 60.0), (Kind.EFFECT, "f", "once")),
    (FinishEffect(LEASE, b"1"), (Kind.EFFECT, "f", "once")),
    (ReleaseEffect(LEASE), (Kind.EFFECT, "f", "once")),
]
EVERYTHING = frozenset(need for _, need in EACH)


@pytest.mark.parametrize(("operation", "need"), EACH)
def test_an_operation_needs_its_action_on_its_resource(
    operation: Operation, need: Permission
) -> None:
    assert permissions.needs(operation) == (need,)
    assert permissions.missing(frozenset({need}), operation) is None


@pytest.mark.parametrize(("operation", "need"), EACH)
def test_no_other_permission_will_do(operation: Operation, need: Permission) -> None:
    kind, resource, action = need
    others = (EVERYTHING - {need}) | {
        (kind, resource + "x", action),
        (kind, "*", action),
        (kind, resource, "*"),
    }
    assert permissions.missing(others, operation) == need


def test_a_commit_needs_what_each_of_its_writes_needs() -> None:
    writes: tuple[Write, ...] = (
        PutItem("t", {}),
        SendMessage("q", MESSAGE),
        DeleteItem("t", ("k",)),
    )
    commit = Commit(writes, Mark("f", "m"))
    granted = permissions.compiled(
        [Grant(Kind.TABLE, "t", ("put", "delete")), Grant(Kind.QUEUE, "q", ("send",))]
    )
    assert permissions.missing(granted, commit) is None
    assert permissions.missing(granted - {(Kind.TABLE, "t", "delete")}, commit) == (
        Kind.TABLE,
        "t",
        "delete",
    )
    assert permissions.missing(frozenset(), commit) == (Kind.TABLE, "t", "put")


def test_effects_are_noted_for_what_is_being_delivered() -> None:
    for operation in (ClaimEffect(LEASE, 60.0), FinishEffect(LEASE, b"1"), ReleaseEffect(LEASE)):
        assert permissions.astray(operation, {"m", "n"}) is None
        assert permissions.astray(operation, {"n"}) == "m"
    assert permissions.astray(GetItem("t", ("k",)), ()) is None


@pytest.mark.parametrize(
    ("operation", "messages", "detail"),
    [
        (PutItem("u", {}), {"m"}, "f may not put on the table u."),
        (Commit((PutItem("t", {}),), Mark("g", "m")), {"m"}, "f may not mark a message for g."),
        (ClaimEffect(LEASE, 60.0), {"n"}, "f is not delivering the message m."),
    ],
)
def test_a_refusal_says_what_the_function_may_not_do(
    operation: Operation, messages: set[str], detail: str
) -> None:
    refused = permissions.refusal("f", granted=EVERYTHING, messages=messages, operation=operation)
    assert refused == Refused("permission.denied", detail)


@pytest.mark.parametrize(
    "operation",
    [
        GetItem("t", ("k",)),
        Commit((PutItem("t", {}),)),
        Commit((PutItem("t", {}),), Mark("f", "m")),
        FinishEffect(LEASE, b"1"),
    ],
)
def test_what_is_granted_is_not_refused(operation: Operation) -> None:
    assert permissions.refusal("f", granted=EVERYTHING, messages={"m"}, operation=operation) is None


def test_an_empty_commit_needs_nothing() -> None:
    assert permissions.missing(frozenset(), Commit(())) is None


@given(all_operations, st.sets(st.sampled_from(sorted(EVERYTHING))))
def test_exactly_the_granted_operations_go_ahead(
    operation: Operation, granted: set[Permission]
) -> None:
    allowed = set(permissions.needs(operation)) <= granted
    assert (permissions.missing(frozenset(granted), operation) is None) == allowed
