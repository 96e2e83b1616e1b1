"""The broker decides by the invocation's token and its function's grants, whatever the caller believes it may do."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.plans import Plans
from oort.engine.rows.encoding import decoded
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model.errors import NotGranted
from oort.model.functions import Grant, Worker
from oort.model.items import Equals, Key
from oort.model.messages import Message
from oort.model.operations import (
    CheckItem,
    ClaimEffect,
    Commit,
    DeleteItem,
    Done,
    FinishEffect,
    Found,
    GetItem,
    Happened,
    Lease,
    Mark,
    Operation,
    PublishEvent,
    PutItem,
    QueryIndex,
    Refused,
    ReleaseEffect,
    Request,
    Result,
    ScanTable,
    SendMessage,
    UpdateItem,
)
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind
from oort.runtime.operations import Operations
from tests.unit import programs
from tests.unit.engine.desk import Desk

MESSAGE = Message(id="m", name="x", body=b"{}")
PUT = PutItem("desk.notes", {"id": "1"})
EVERYTHING: list[Operation] = [
    GetItem("desk.notes", ("1",)),
    PUT,
    UpdateItem("desk.notes", ("1",), ()),
    DeleteItem("desk.notes", ("1",)),
    CheckItem("desk.notes", ("1",), Equals(("id",), "1")),
    QueryIndex("desk.notes", "by", "1"),
    ScanTable("desk.notes"),
    SendMessage("desk.jobs", MESSAGE),
    PublishEvent("desk.rung", MESSAGE),
    ClaimEffect(Lease("desk.everybody", "m", "n", "me"), 60.0),
]


def broker() -> EngineBroker:
    return Desk(DirectStore()).engine.broker


def test_what_is_granted_is_carried_out() -> None:
    one = broker()
    token = one.open("desk.ring")
    assert one.perform(Request(token, Commit((PUT, SendMessage("desk.jobs", MESSAGE))))) == Done()
    reading = one.open("desk.show")
    assert one.perform(Request(reading, GetItem("desk.notes", ("1",)))) == Found({"id": "1"})


@pytest.mark.parametrize("operation", EVERYTHING, ids=lambda one: str(one.__struct_config__.tag))
def test_a_function_without_grants_may_do_nothing(operation: Operation) -> None:
    one = broker()
    token = one.open("desk.everybody")
    for asked in (operation, Commit((operation,))):  # type: ignore[arg-type]  # reads are refused in commits, too
        result = one.perform(Request(token, asked))
        assert isinstance(result, Refused)
        assert result.code == NotGranted.code
        assert result.detail.startswith("desk.everybody may not ")


def test_one_write_that_is_not_granted_refuses_the_whole_commit() -> None:
    one = broker()
    token = one.open("desk.ring")
    result = one.perform(Request(token, Commit((PUT, DeleteItem("desk.notes", ("1",))))))
    assert result == Refused(NotGranted.code, "desk.ring may not delete on the table desk.notes.")
    assert one.perform(Request(one.open("desk.show"), GetItem("desk.notes", ("1",)))) == Found(None)


@given(st.text(max_size=40))
def test_a_token_that_was_never_given_is_good_for_nothing(token: str) -> None:
    one = broker()
    one.open("desk.show")
    result = one.perform(Request(token, GetItem("desk.notes", ("1",))))
    assert result == Refused(
        NotGranted.code, "The invocation is over; its token is no longer good."
    )


def test_a_token_ends_with_its_invocation_and_no_other_does() -> None:
    one = broker()
    first, second = one.open("desk.show"), one.open("desk.show")
    assert first != second
    one.close(first)
    one.close(first)  # twice is fine
    assert isinstance(one.perform(Request(first, GetItem("desk.notes", ("1",)))), Refused)
    assert one.perform(Request(second, GetItem("desk.notes", ("1",)))) == Found(None)


@pytest.mark.parametrize("key", [("1",), ("2",), ("",), ("1", "2"), (float("nan"),)])
@pytest.mark.parametrize("function", ["desk.show", "desk.everybody"])
def test_stored_bytes_are_read_with_the_same_rights_as_an_item(function: str, key: Key) -> None:
    engine = Desk(DirectStore()).engine
    engine.ports.tables.put(PUT)
    operation = GetItem("desk.notes", key)
    request = Request(engine.broker.open(function), operation)
    stored = engine.broker.read(request, operation)
    result = stored if isinstance(stored, Refused) else Found(decoded(stored) if stored else None)
    assert result == engine.broker.perform(request)


def test_stored_bytes_are_not_read_after_the_end_of_an_invocation() -> None:
    engine = Desk(DirectStore()).engine
    operation = GetItem("desk.notes", ("1",))
    request = Request(engine.broker.open("desk.show"), operation)
    engine.broker.close(request.token)
    assert isinstance(engine.broker.read(request, operation), Refused)


def test_tokens_that_are_drawn_together_are_different() -> None:
    one = broker()
    tokens = {one.open("desk.show") for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {32}


def test_a_function_marks_messages_for_itself_only() -> None:
    one = broker()
    token = one.open("desk.count")
    update = UpdateItem("desk.notes", ("1",), (), initial={"id": "1"})
    forged = one.perform(Request(token, Commit((update,), Mark("desk.work", "m"))))
    assert forged == Refused(NotGranted.code, "desk.count may not mark a message for desk.work.")
    assert one.perform(Request(token, Commit((update,), Mark("desk.count", "m")))) == Done()
    assert one.perform(Request(token, Commit((update,), Mark("desk.count", "m")))) == Done(
        applied=False
    )


class Interrupted(Operations):
    """Operations during which something else happens."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def perform(self, operation: Operation) -> Result:
        """Perform it, and let the other happen before its result is known."""
        result = super().perform(operation)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return result


class Paying:
    """A broker for two functions that may note effects, and one that may not."""

    def __init__(self) -> None:
        once = (Grant(Kind.EFFECT, name, ("once",)) for name in ("shop.charge", "shop.refund"))
        worker = Worker("shop.q", 10)
        functions = (
            programs.function("shop.charge", worker, next(once)),
            programs.function("shop.refund", worker, next(once)),
            programs.function("shop.other", worker),
        )
        platform = PlatformModel("shop", (ServiceModel(name="shop", functions=functions),))
        store = DirectStore()
        ports = bundle.on(store, platform=platform, clock=VirtualClock())
        self.operations = Interrupted(ports)
        self.broker = EngineBroker(
            platform,
            operations=self.operations,
            tables=ports.tables,
            plans=Plans(
                tables=ports.tables,
                queues=ports.queues,
                events=ports.events,
                transactions=ports.transactions,
            ),
            store=store,
            entropy=SeededEntropy(1),
        )

    def ask(self, function: str, operation: Operation) -> Result:
        """What an invocation of the function gets."""
        return self.broker.perform(Request(self.broker.open(function, messages={"m"}), operation))


def test_a_function_notes_effects_of_its_own_only() -> None:
    paying = Paying()
    lease = Lease("shop.charge", "m", "charge", "me")
    assert paying.ask("shop.charge", ClaimEffect(lease, 60.0)) == Done()
    for operation in (
        ClaimEffect(lease, 60.0),
        FinishEffect(lease, b"forged"),
        ReleaseEffect(lease),
    ):
        for other in ("shop.refund", "shop.other"):
            result = paying.ask(other, operation)
            assert result == Refused(
                NotGranted.code, f"{other} may not once on the effect shop.charge."
            )
    another = msgspec.structs.replace(lease, message="another")
    result = paying.ask("shop.charge", ClaimEffect(another, 60.0))
    assert result == Refused(NotGranted.code, "shop.charge is not delivering the message another.")
    assert paying.ask("shop.charge", FinishEffect(lease, b"1")) == Done()
    assert paying.ask("shop.refund", ClaimEffect(lease, 60.0)) != Happened(b"1")
    assert paying.ask("shop.charge", ClaimEffect(lease, 60.0)) == Happened(b"1")


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_a_claim_that_is_done_after_the_end_of_its_invocation_keeps_nobody_waiting(
    end: str,
) -> None:
    paying = Paying()
    lease = Lease("shop.charge", "m", "charge", "the one that was killed")
    token = paying.broker.open("shop.charge", messages={"m"})
    paying.operations.meanwhile = lambda: getattr(paying.broker, end)(token)
    paying.broker.perform(Request(token, ClaimEffect(lease, 60.0)))
    again = msgspec.structs.replace(lease, holder="the next delivery")
    assert paying.ask("shop.charge", ClaimEffect(again, 60.0)) == Done()
